"""What was deleted is gone: from lists, from the search, from the bytes of the files; and recordings with it."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from jett.history import Archive
from jett.history.ageing import SCRUB_AGAIN_S, TIDY_EVERY_S, Ageing
from jett.history.kept import KeptConversation, KeptTurn
from jett.history.recorder import Recorder
from jett.history.sqlite import FILE, SqliteDatabase
from jett.history.writing import write_turns
from tests.history.support import HANG_LIMIT_S, count, report, say, sqlite_database

SECRET = "xylophonist"
TABLES = ("conversations", "turns", "spans", "tool_calls", "guard_decisions", "recordings")
DAY_MS = 24 * 3600 * 1000


@pytest.fixture
def in_a_file(tmp_path: Path) -> Archive:
    return Archive(sqlite_database(tmp_path))


def file_bytes(archive: Archive) -> bytes:
    """Of the database and everything beside it, lower case."""
    database = archive.database
    assert isinstance(database, SqliteDatabase)
    return b"".join(path.read_bytes() for path in sorted(database.file.parent.iterdir())).lower()


def spoken(archive: Archive, among: int = 300) -> list[int]:
    """Many turns, the one in the middle with the secret in it."""
    said = [(f"Turn number {at}", "It is so.") for at in range(among)]
    said[among // 2] = (f"I play the {SECRET}", f"So you are a {SECRET}")
    return say(archive, *said)


def test_the_file_is_its_owner_s_alone(in_a_file: Archive) -> None:
    """And what lies beside it."""
    say(in_a_file, ("Hello.", "Hello."))
    database = in_a_file.database
    assert isinstance(database, SqliteDatabase)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in database.file.parent.iterdir()}
    assert {"history.sqlite", "history.sqlite-wal"} <= modes.keys()
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(database.file.parent.stat().st_mode) == 0o700
    in_a_file.close()


def test_the_words_of_a_deleted_turn_are_in_no_byte_of_the_files(in_a_file: Archive) -> None:
    ids = spoken(in_a_file)
    assert SECRET.encode() in file_bytes(in_a_file)
    gone = in_a_file.delete_turn(ids[150])
    assert (gone.turns, gone.conversations, gone.traces) == (1, 0, "")
    assert SECRET.encode() not in file_bytes(in_a_file)
    assert SECRET[:8].encode() not in file_bytes(in_a_file)
    assert len(in_a_file.turns("number*", None, 200).rows) == 200
    in_a_file.close()


def test_the_words_of_a_deleted_conversation_are_in_no_byte_of_the_files(in_a_file: Archive) -> None:
    say(in_a_file, ("Stay.", "Yes."))
    spoken(in_a_file)
    newest, oldest = in_a_file.conversations().rows
    gone = in_a_file.delete_conversation(newest.id)
    assert (gone.turns, gone.conversations, gone.traces) == (300, 1, "")
    assert SECRET.encode() not in file_bytes(in_a_file)
    assert b"turn number" not in file_bytes(in_a_file)
    assert in_a_file.conversations().rows == [oldest]
    in_a_file.close()


def test_when_everything_is_deleted_not_a_word_is_left(in_a_file: Archive) -> None:
    spoken(in_a_file)
    size = len(file_bytes(in_a_file))
    gone = in_a_file.delete_everything()
    assert (gone.turns, gone.conversations, gone.traces) == (300, 1, "")
    left = file_bytes(in_a_file)
    for word in (SECRET, SECRET[:8], "turn number", "it is so", "voice/owner"):
        assert word.encode() not in left
    assert len(left) < size / 2
    in_a_file.close()


def test_a_reader_delays_the_end_of_the_traces_and_that_is_said(
    in_a_file: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jett.history.sqlite._TRIES_TO_CUT_OFF", 1)
    ids = spoken(in_a_file)
    with in_a_file.database.read() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM turns").scalar()
        gone = in_a_file.delete_turn(ids[150])
    assert "is being read" in gone.traces
    assert in_a_file.turn(ids[150]) is None
    in_a_file.delete_turn(ids[0])
    assert SECRET.encode() not in file_bytes(in_a_file)
    in_a_file.close()


def test_a_reader_is_waited_for_by_the_tries_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not for as long as a lock is in each of them: fifty times five seconds."""
    monkeypatch.setattr("jett.history.sqlite._TRIES_TO_CUT_OFF", 3)
    archive = Archive(SqliteDatabase(tmp_path / "kept" / FILE, busy_s=600))
    spoken(archive)
    told: list[str] = []
    with archive.database.read() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM turns").scalar()
        deleting = threading.Thread(target=lambda: told.append(archive.delete_everything().traces), daemon=True)
        deleting.start()
        deleting.join(HANG_LIMIT_S)
        assert len(told) == 1
    assert "is being read" in told[0]
    archive.close()


def test_a_deleted_turn_is_found_nowhere(archive: Archive) -> None:
    first, second = say(archive, ("Play the xylophone.", "Now."), ("And the drum.", "Now."))
    assert archive.delete_turn(first).turns == 1
    assert archive.turn(first) is None
    assert archive.turns("xylophone").rows == []
    assert [row.id for row in archive.turns("now").rows] == [second]
    assert archive.conversations().rows[0].first_words == "And the drum."
    assert archive.delete_turn(first).turns == 0
    assert archive.delete_turn(second).conversations == 1
    assert [count(archive.database, table) for table in TABLES] == [0] * 6


def test_everything_of_everything_is_gone(archive: Archive) -> None:
    say(archive, *[("One.", "Two.")] * 3)
    gone = archive.delete_everything()
    assert (gone.turns, gone.conversations) == (3, 1)
    assert [count(archive.database, table) for table in (*TABLES, "turn_words")] == [0] * 7
    kept = say(archive, ("Anew.", "Yes."))
    assert [row.id for row in archive.turns("anew").rows] == kept


def test_recordings_go_with_their_turns(archive: Archive, tmp_path: Path) -> None:
    files = [tmp_path / f"20261124-160500-250000-{at:03}-said.wav" for at in range(3)]
    recording = archive.recorder.begin("local", "voice/owner")
    ids = []
    for file in files:
        file.write_bytes(b"sound")
        ids.append(recording.observe(report()))
        recording.sound([str(file)])
    assert archive.recorder.written(HANG_LIMIT_S)
    assert ids[0] is not None
    found = archive.turn(ids[0])
    assert found is not None
    assert found.recordings == (str(files[0]),)
    archive.delete_turn(ids[0])
    assert [file.exists() for file in files] == [False, True, True]
    files[1].unlink()  # somebody was faster
    archive.delete_everything()
    assert not any(file.exists() for file in files)


@pytest.mark.parametrize("name", ["id_ed25519", "notes.wav", "1-said.wav", "20261124-160500-250000-001-said.wav.key"])
def test_no_file_but_a_recording_goes_with_a_turn(archive: Archive, tmp_path: Path, name: str) -> None:
    """Whatever the database says: others may write it."""
    victim = tmp_path / name
    victim.write_bytes(b"mine")
    recording = archive.recorder.begin("local", "voice/owner")
    ids = [recording.observe(report()), recording.observe(report(2))]
    recording.sound([str(victim)])
    assert archive.recorder.written(HANG_LIMIT_S)
    assert ids[0] is not None
    assert archive.delete_turn(ids[0]).turns == 1
    assert archive.delete_everything().turns == 1
    assert victim.read_bytes() == b"mine"


def test_what_waits_to_be_written_is_deleted_too(archive: Archive) -> None:
    """Also where it was taken in hand already."""
    kept, forgotten = archive.recorder.begin("local", "voice/owner"), archive.recorder.begin("local", "voice/owner")
    with archive.recorder._writing:
        id = kept.observe(report(1, "Stay."))
        forgotten.observe(report(1, "Go."))
        gone = archive.delete_conversation(forgotten.conversation_id)
        assert gone.turns == 0
    assert archive.recorder.written(HANG_LIMIT_S)
    assert [row.id for row in archive.turns().rows] == [id]


def test_old_turns_go_by_themselves_and_new_ones_stay(archive: Archive) -> None:
    """More than one batch of them."""
    recorder = Recorder(archive.database, days=90)
    now_ms = recorder.now_ms()
    old = Recorder(archive.database, now_ms=lambda: now_ms - 91 * DAY_MS).ids
    aged = [_turn(old.next(), 1) for _ in range(450)]
    write_turns(archive.database, aged, [KeptConversation(1, "local", "voice/owner", 0)])
    recording = recorder.begin("local", "voice/owner")
    id = recording.observe(report())
    recorder.begin("local", "voice/owner")
    assert recorder.tidied(HANG_LIMIT_S)
    assert [row.id for row in archive.turns().rows] == [id]
    assert count(archive.database, "conversations") == 1
    recorder.close()


def test_what_goes_by_age_leaves_no_byte_behind_as_soon_as_nobody_reads_the_file(
    in_a_file: Archive, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It says why words are still there, and comes again until they are not; whoever keeps words elsewhere is told."""
    monkeypatch.setattr("jett.history.sqlite._TRIES_TO_CUT_OFF", 1)
    spoken(in_a_file)
    told: list[str] = []
    ageing = Ageing(in_a_file.database, 90)
    ageing.on_gone = lambda: told.append("gone")
    later_ms = in_a_file.recorder.now_ms() + 91 * DAY_MS
    with in_a_file.database.read() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM turns").scalar()
        waits_s = [ageing.some(later_ms) for _ in range(4)]
        assert "is being read" in ageing.traces
        assert SECRET.encode() in file_bytes(in_a_file)
    assert waits_s == [0.0, 0.0, SCRUB_AGAIN_S, SCRUB_AGAIN_S]
    assert told == ["gone", "gone"]
    assert [record.message for record in caplog.records] == [ageing.traces]
    assert (ageing.some(later_ms), ageing.traces) == (TIDY_EVERY_S, "")
    assert SECRET.encode() not in file_bytes(in_a_file)
    in_a_file.close()


def test_nothing_goes_by_itself_where_the_owner_keeps_all(archive: Archive) -> None:
    write_turns(archive.database, [_turn(7, 1)], [KeptConversation(1, "local", "voice/owner", 0)])
    recorder = Recorder(archive.database, days=0)
    recorder.tidy()
    assert recorder.tidied(HANG_LIMIT_S)
    assert archive.turn(7) is not None
    recorder.close()


def _turn(id: int, conversation_id: int) -> KeptTurn:
    return KeptTurn(id, conversation_id, 1, 0, "Once upon a time.", "Yes.", "", interrupted=False)
