"""Remember, recall, forget: with the real model and Qdrant's local mode in a folder."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jett.core.errors import MemoryFull, MemoryInUse, MemoryUnavailable, SecretRefused
from jett.core.ports import TextEmbedding
from jett.memory import memories as limits
from tests.memory.support import BINS, BIRTHDAY, KEY, opened, raw

pytestmark = pytest.mark.models


def test_what_was_remembered_is_found_by_its_meaning(embedding: TextEmbedding, tmp_path: Path) -> None:
    """And survives the end of the process that remembered it."""
    with opened(embedding, tmp_path / "memory") as memories:
        for text in (BIRTHDAY, KEY, BINS):
            memories.remember(text, "voice")
    with opened(embedding, tmp_path / "memory") as memories:
        assert [one.text for one in memories.recall("my sister")] == [BIRTHDAY]
        assert memories.recall("Where did I put the key?")[0].text == KEY
        assert memories.recall("trash", least=0)[0].text == BINS
        assert memories.recall("the stock market") == []


def test_the_newest_come_first_and_pages_go_on_where_they_ended(embedding: TextEmbedding, tmp_path: Path) -> None:
    with opened(embedding, tmp_path / "memory") as memories:
        for number in range(7):
            memories.remember(f"locker {number} is empty", "dashboard")
        first = memories.newest(3)
        second = memories.newest(3, first.next or "")
        last = memories.newest(3, second.next or "")
    texts = [one.text for page in (first, second, last) for one in page.memories]
    assert texts == [f"locker {number} is empty" for number in reversed(range(7))]
    assert (len(last.memories), last.next) == (1, None)


def test_what_another_jett_has_is_read_beside_it_as_that_one_reads_it(embedding: TextEmbedding, tmp_path: Path) -> None:
    """At once after each change, to the same scores; and changed by that one only."""
    folder = tmp_path / "memory"
    with opened(embedding, folder) as owner, opened(embedding, folder, beside=True) as passing:
        owner.load()
        assert passing.newest().memories == passing.recall("my sister") == []
        for text in (BIRTHDAY, KEY, BINS):
            owner.remember(text, "voice")
            assert passing.newest().memories == owner.newest().memories
        mine, theirs = passing.recall("trash", least=-1), owner.recall("trash", least=-1)
        assert [one.text for one in mine] == [one.text for one in theirs]
        assert [one.score for one in mine] == pytest.approx([one.score for one in theirs], abs=1e-5)
        owner.forget(mine[0].id)
        assert len(passing.newest().memories) == 2
        for change in (lambda: passing.remember(BINS, "terminal"), lambda: passing.forget(theirs[1].id)):
            with pytest.raises(MemoryInUse, match=r"which alone may change it now; tell that one"):
                change()
        assert len(owner.newest().memories) == 2


def test_files_that_are_no_database_are_told_beside_another_jett(embedding: TextEmbedding, tmp_path: Path) -> None:
    folder = tmp_path / "memory"
    with opened(embedding, folder) as owner, opened(embedding, folder, beside=True) as passing:
        owner.remember(KEY, "voice")
        (storage,) = folder.rglob("storage.sqlite")
        storage.write_bytes(b"no database" * 100)
        with pytest.raises(MemoryUnavailable, match=r"could not be read beside .*; try again"):
            passing.newest()


def test_the_same_words_again_are_kept_once(embedding: TextEmbedding, tmp_path: Path) -> None:
    """As of the last time."""
    with opened(embedding, tmp_path / "memory") as memories:
        first = memories.remember(BIRTHDAY, "voice")
        again = memories.remember(BIRTHDAY.upper(), "terminal")
        assert memories.count() == 1
        assert memories.newest().memories == [again]
        assert again.at > first.at


def test_what_is_forgotten_is_in_no_file_any_more(embedding: TextEmbedding, tmp_path: Path) -> None:
    """Neither its words nor its vector; what else was remembered stays."""
    with opened(embedding, tmp_path / "memory") as memories:
        gone = memories.remember(BIRTHDAY, "voice")
        memories.remember(KEY, "voice")
        assert BIRTHDAY.encode() in raw(tmp_path)
        assert gone.id.encode() in raw(tmp_path)
        assert memories.forget(gone.id)
        assert not memories.forget(gone.id)
        assert b"sister" not in raw(tmp_path)
        assert gone.id.encode() not in raw(tmp_path)
        assert KEY.encode() in raw(tmp_path)
        assert memories.forget_all() == 1
        assert b"flower" not in raw(tmp_path)
        assert memories.forget_all() == 0


def test_a_deletion_that_was_cut_off_is_finished_when_the_folder_is_opened(
    embedding: TextEmbedding, tmp_path: Path
) -> None:
    """The row is gone and its bytes are not, as when the process dies between the two."""
    with opened(embedding, tmp_path / "memory") as memories:
        for number in range(20):
            memories.remember(f"shelf {number} has books", "voice")
        memories.remember(BIRTHDAY, "voice")
    (file,) = tmp_path.rglob("*.sqlite")
    database = sqlite3.connect(file)
    database.execute("PRAGMA secure_delete = OFF")
    with database:
        database.execute("DELETE FROM points WHERE instr(point, CAST('sister' AS BLOB))")
    database.close()
    assert b"sister" in raw(tmp_path)
    with opened(embedding, tmp_path / "memory") as memories:
        assert memories.count() == 20
        assert b"sister" not in raw(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "the wifi password is hunter2",
        "my password is correct horse battery staple",
        "the PIN of my card is one two three four",
        "my key is sk-proj-4f8Jq2mZ7xVb1Nc9Lw3Rt6Yp0Ks5Hd",
        "the token is [redacted]",
    ],
)
def test_a_secret_is_never_stored(embedding: TextEmbedding, tmp_path: Path, text: str) -> None:
    """Not a byte of it is written, and the error does not repeat it."""
    with opened(embedding, tmp_path / "memory") as memories:
        memories.remember(KEY, "voice")
        with pytest.raises(SecretRefused) as refused:
            memories.remember(text, "voice")
        assert text not in str(refused.value)
        assert memories.count() == 1
        assert text.encode() not in raw(tmp_path)


def test_where_a_password_is_written_may_be_remembered(embedding: TextEmbedding, tmp_path: Path) -> None:
    """Only a statement that gives one is refused."""
    with opened(embedding, tmp_path / "memory") as memories:
        memories.remember("the passwords are in the blue book", "voice")
        assert memories.recall("passwords")[0].text == "the passwords are in the blue book"


def test_a_full_memory_says_so_and_forgets_nothing(
    embedding: TextEmbedding, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MOST_MEMORIES", 2)
    with opened(embedding, tmp_path / "memory") as memories:
        memories.remember(KEY, "voice")
        memories.remember(BINS, "voice")
        with pytest.raises(MemoryFull, match="2 things are remembered"):
            memories.remember(BIRTHDAY, "voice")
        memories.remember(KEY, "voice")
        assert memories.count() == 2


def test_a_second_one_on_the_same_folder_is_told_and_may_when_the_first_has_ended(
    embedding: TextEmbedding, tmp_path: Path
) -> None:
    """As `jett talk` beside `jett serve`: another process, since a lock is a process's."""
    folder = tmp_path / "memory"
    script = (
        "import sys; from filelock import FileLock; lock = FileLock(sys.argv[1]); lock.acquire(timeout=0);"
        "print('has it', flush=True); sys.stdin.read()"
    )
    folder.mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", script, str(folder / "jett.lock")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"has it\n"
        with opened(embedding, folder) as memories:
            with pytest.raises(MemoryUnavailable, match=r"in use by another Jett.*memory\.url"):
                memories.remember(KEY, "voice")
            other.communicate()
            memories.remember(KEY, "voice")
            assert memories.count() == 1


def test_a_folder_that_cannot_be_made_is_named_with_the_reason(embedding: TextEmbedding, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with (
        opened(embedding, tmp_path / "file" / "memory") as memories,
        pytest.raises(MemoryUnavailable, match=r"cannot be used .*correct memory\.dir"),
    ):
        memories.remember(KEY, "voice")


def test_a_damaged_file_is_told_without_its_content(embedding: TextEmbedding, tmp_path: Path) -> None:
    with opened(embedding, tmp_path / "memory") as memories:
        memories.remember(KEY, "voice")
    (file,) = tmp_path.rglob("*.sqlite")
    file.write_bytes(b"this is no database, " * 100)
    with (
        opened(embedding, tmp_path / "memory") as memories,
        pytest.raises(MemoryUnavailable, match="DatabaseError"),
    ):
        memories.count()


def test_nothing_is_at_hand_before_it_is_loaded(embedding: TextEmbedding, tmp_path: Path) -> None:
    """A speculative look waits for nothing."""
    with opened(embedding, tmp_path / "memory") as memories:
        assert not memories.exists
        assert memories.at_hand("my sister") is None
        memories.load()
        assert memories.exists
        assert memories.at_hand("my sister") == []
        memories.remember(BIRTHDAY, "voice")
        assert [one.text for one in memories.at_hand("my sister") or []] == [BIRTHDAY]


def test_many_threads_remember_all_they_were_told(embedding: TextEmbedding, tmp_path: Path) -> None:
    """The dashboard, the conversation and others at once."""
    with opened(embedding, tmp_path / "memory") as memories, ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: memories.remember(f"shelf {number} has books", "voice"), range(40)))
        assert memories.count() == 40
