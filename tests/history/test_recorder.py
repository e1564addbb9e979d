"""Turns into the database and out again, and what becomes of them while it cannot be written: real troubles."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from jett.core.events import PartialHeard, ReplyWithdrawn, StateChanged
from jett.history import Archive, Recorder
from jett.history.database import Database
from jett.history.kept import kept_turn
from jett.history.sqlite import FILE, SqliteDatabase
from tests.deploy.support import cannot_be_tested
from tests.history.support import HANG_LIMIT_S, count, postgres_database, report, sqlite_database
from tests.ops.postgres_server import PostgresServer


class Meanwhile:
    """A recorder that tries again soon, and turns that it is given."""

    def __init__(self, database: Database, *, most_waiting: int = 1000) -> None:
        self.database = database
        self.recorder = Recorder(database, most_waiting=most_waiting, first_retry_s=0.05)
        self.recording = self.recorder.begin("local", "voice/owner")
        self.ids: list[int] = []

    def say(self, transcript: str = "Hello.") -> None:
        id = self.recording.observe(report(len(self.ids) + 1, transcript))
        assert id is not None
        self.ids.append(id)

    def until_trouble(self) -> str:
        recorder = self.recorder
        with recorder._changed:
            assert recorder._changed.wait_for(lambda: recorder._trouble, HANG_LIMIT_S)
        return recorder.trouble

    def all_there(self) -> bool:
        """Once it works again."""
        assert self.recorder.written(HANG_LIMIT_S), self.recorder.trouble
        archive = Archive(self.database)
        return [row.id for row in archive.turns("", None, 200).rows] == self.ids[::-1]


@contextmanager
def meanwhile(database: Database, *, most_waiting: int = 1000) -> Iterator[Meanwhile]:
    made = Meanwhile(database, most_waiting=most_waiting)
    try:
        yield made
    finally:
        made.recorder.close()
        database.close()


def test_a_turn_is_read_as_it_was_told(archive: Archive) -> None:
    recording = archive.recorder.begin("local", "voice/owner")
    id = recording.observe(report())
    assert id is not None
    assert recording.turn_id == id
    assert archive.recorder.written(HANG_LIMIT_S)
    assert archive.turn(id) == kept_turn(report(), id, recording.conversation_id, 0)


def test_what_no_database_can_hold_is_left_out(archive: Archive) -> None:
    recording = archive.recorder.begin("local", "voice/owner")
    id = recording.observe(report(1, "a\0b \ud800 c"))
    assert id is not None
    assert archive.recorder.written(HANG_LIMIT_S)
    found = archive.turn(id)
    assert found is not None
    assert found.transcript == "ab ? c"


def test_nothing_but_a_finished_turn_is_written(archive: Archive) -> None:
    recording = archive.recorder.begin("local", "voice/owner")
    withdrawn = ReplyWithdrawn(1, 0, "It is", 0.1, 0.2, 0.3)
    for event in (StateChanged("hearing"), PartialHeard(1, "Is n8n"), withdrawn):
        assert recording.observe(event) is None
    recording.end()
    assert archive.recorder.written(HANG_LIMIT_S)
    assert archive.conversations().rows == []


def test_conversations_at_once_are_kept_apart_and_end_once(archive: Archive) -> None:
    one, other = (archive.recorder.begin(source, "dashboard/owner") for source in ("browser", "realtime"))
    for at in range(1, 4):
        one.observe(report(at, "One."))
        other.observe(report(at, "Other."))
    one.end()
    one.end()
    assert archive.recorder.written(HANG_LIMIT_S)
    newest, oldest = archive.conversations().rows
    assert (oldest.first_words, oldest.turns, oldest.source) == ("One.", 3, "browser")
    assert (newest.first_words, newest.turns, newest.source) == ("Other.", 3, "realtime")
    assert oldest.ended_ms is not None
    assert newest.ended_ms is None


def test_a_turn_that_is_written_again_is_there_once(archive: Archive) -> None:
    """The answer to the first time was lost."""
    recording = archive.recorder.begin("local", "voice/owner")
    recording.observe(report())
    assert archive.recorder.written(HANG_LIMIT_S)
    from jett.history.writing import write_turns

    (row,) = archive.conversations().rows
    turns = archive.turns_of(row.id).rows
    write_turns(archive.database, turns, [row])
    assert archive.turns_of(row.id).rows == turns
    assert count(archive.database, "spans") == 2
    assert len(archive.turns("n8n").rows) == 1


def test_when_the_queue_is_full_the_oldest_goes_and_is_counted(database: Database) -> None:
    with meanwhile(database, most_waiting=10) as jett:
        with jett.recorder._writing:
            for _ in range(25):
                jett.say()
        assert jett.recorder.written(HANG_LIMIT_S)
        assert 5 <= jett.recorder.dropped <= 15  # the thread may have taken some in hand before
        jett.ids = jett.ids[jett.recorder.dropped :] if jett.recorder.dropped == 15 else jett.ids
        assert count(database, "turns") == 25 - jett.recorder.dropped
        assert Archive(database).turns().rows[0].id == jett.ids[-1]


def test_a_row_that_is_refused_takes_no_other_with_it(database: Database) -> None:
    with meanwhile(database) as jett:
        with jett.recorder._writing:
            jett.say()
            jett.recording.observe(report(2**70))  # no database has such a number
            jett.say()
        assert jett.all_there()
        assert jett.recorder.dropped == 1


def test_a_lost_server_is_told_once_and_nothing_is_lost(server: PostgresServer) -> None:
    with meanwhile(postgres_database(server)) as jett:
        jett.say("Before.")
        assert jett.recorder.written(HANG_LIMIT_S)
        server.kill()
        try:
            jett.say("Meanwhile.")
            jett.say("Meanwhile.")
            assert jett.until_trouble().startswith("history: the history database 127.0.0.1")
            assert jett.recorder.news()
            assert jett.recorder.news() == ""
        finally:
            server.start()
        jett.say("After.")
        assert jett.all_there()
        assert jett.recorder.trouble == ""


def test_a_locked_file_is_told_and_written_when_it_is_free(tmp_path: Path) -> None:
    with meanwhile(sqlite_database(tmp_path)) as jett:
        jett.say("Before.")
        assert jett.recorder.written(HANG_LIMIT_S)
        with closing(sqlite3.connect(tmp_path / "kept" / FILE)) as other:
            other.execute("BEGIN IMMEDIATE")
            jett.say("Meanwhile.")
            assert "stayed locked" in jett.until_trouble()
        assert jett.all_there()


def test_a_file_that_somebody_deleted_is_begun_anew(tmp_path: Path) -> None:
    """Instead of writing into what nobody can see any more."""
    with meanwhile(sqlite_database(tmp_path)) as jett:
        jett.say("Before.")
        assert jett.recorder.written(HANG_LIMIT_S)
        for path in (tmp_path / "kept").iterdir():
            path.unlink()
        jett.ids.clear()
        jett.say("After.")
        assert jett.all_there()


@pytest.mark.parametrize(("damage", "told"), [(b"no database " * 500, "is no database"), (None, "cannot be opened")])
def test_a_damaged_file_is_told_and_a_new_one_takes_what_waited(
    tmp_path: Path, damage: bytes | None, told: str
) -> None:
    """Once its owner has moved it away."""
    place = tmp_path / "kept" / FILE
    place.parent.mkdir()
    if damage is None:
        place.mkdir()
    else:
        place.write_bytes(damage)
    with meanwhile(sqlite_database(tmp_path)) as jett:
        jett.say()
        assert told in jett.until_trouble() or damage is None
        jett.say()
        place.rename(tmp_path / "damaged")
        assert jett.all_there()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 512 KiB."""
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(place)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        cannot_be_tested(f"a small disk needs root on Linux: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_is_told_and_written_when_there_is_room_again(small_disk: Path) -> None:
    with meanwhile(SqliteDatabase(small_disk / FILE)) as jett:
        jett.say("Before.")
        assert jett.recorder.written(HANG_LIMIT_S)
        filler = small_disk / "filler"
        with pytest.raises(OSError, match="No space left"):
            filler.write_bytes(bytes(1024 * 1024))
        jett.say("Meanwhile. " * 2000)
        assert "has no room left" in jett.until_trouble()
        filler.unlink()
        assert jett.all_there()


def test_a_disk_that_may_only_be_read_is_told_and_written_later(small_disk: Path) -> None:
    with meanwhile(SqliteDatabase(small_disk / FILE)) as jett:
        jett.say("Before.")
        assert jett.recorder.written(HANG_LIMIT_S)
        jett.database.close()
        remount = ["mount", "-o", "remount,ro", str(small_disk)]
        subprocess.run(remount, check=True)
        jett.say("Meanwhile.")
        assert "history.dir" in jett.until_trouble()
        subprocess.run([*remount[:2], "remount,rw", str(small_disk)], check=True)
        assert jett.all_there()


def test_what_waits_is_written_when_jett_ends(database: Database) -> None:
    recorder = Recorder(database)
    recording = recorder.begin("local", "voice/owner")
    for at in range(250):
        recording.observe(report(at))
    recording.end()
    assert recorder.close(HANG_LIMIT_S) == 0
    assert count(database, "turns") == 250
