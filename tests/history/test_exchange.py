"""Exported and taken in again: the same history, in either database, without growing memory."""

from __future__ import annotations

import json
import tracemalloc
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jett.core.errors import HistoryError
from jett.core.events import Decided, StageSpan, ToolUsed
from jett.history import Archive
from jett.history.ids import MOST
from jett.history.kept import KeptConversation, KeptTurn, storable
from jett.history.writing import write_turns
from tests.history.support import emptied, postgres_database, report, say, sqlite_database
from tests.ops.postgres_server import PostgresServer

_TEXT = st.text(max_size=30).map(storable)
_MS = st.floats(-1e6, 1e6)
_TURN = st.builds(
    KeptTurn,
    st.integers(0, MOST),
    st.integers(0, 5),
    st.integers(0, 1000),
    st.integers(0, 2**45),
    _TEXT,
    _TEXT,
    _TEXT,
    st.booleans(),
    withdrawn=st.integers(0, 9),
    reason=_TEXT,
    error=_TEXT,
    ttfa_ms=st.none() | _MS,
    stages_ms=st.dictionaries(_TEXT, _MS, max_size=3),
    engines=st.dictionaries(_TEXT, _TEXT, max_size=3),
    spans=st.lists(st.builds(StageSpan, _TEXT, _MS, _MS), max_size=3).map(tuple),
    tool_calls=st.lists(st.builds(ToolUsed, _TEXT, _TEXT, _TEXT, _MS, _MS, st.booleans()), max_size=2).map(tuple),
    guard=st.lists(st.builds(Decided, *[_TEXT] * 6), max_size=2).map(tuple),
    recordings=st.just(()),
    woken_by=st.none() | st.sampled_from(["hey_jett", "key", "request", "announcement"]),
)


@given(st.lists(_TURN, max_size=8, unique_by=lambda turn: turn.id))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
def test_what_is_exported_is_taken_in_as_it_was(archive: Archive, turns: list[KeptTurn]) -> None:
    archive.delete_everything()
    of = [KeptConversation(id, "local", "voice/owner", id) for id in {turn.conversation_id for turn in turns}]
    write_turns(archive.database, turns, of)
    lines = list(archive.export())
    archive.delete_everything()
    assert archive.bring_in(lines) == len(turns)
    assert list(archive.export()) == lines
    assert [archive.turn(turn.id) for turn in turns] == turns
    assert archive.bring_in(lines) == len(turns)  # again: nothing changes
    assert list(archive.export()) == lines


def test_a_history_moves_from_a_file_to_a_server_and_back(tmp_path: Path, server: PostgresServer) -> None:
    in_file, on_server = Archive(sqlite_database(tmp_path / "one")), Archive(postgres_database(server))
    back = Archive(sqlite_database(tmp_path / "two"))
    say(in_file, *[(f"Turn {at}", "Über Müller.") for at in range(450)])
    lines = list(in_file.export())
    assert len(lines) == 452
    assert on_server.bring_in(lines) == 450
    assert back.bring_in(on_server.export()) == 450
    assert list(back.export()) == lines
    assert len(on_server.turns("muller", None, 200).rows) == len(back.turns("muller", None, 200).rows) == 200
    for archive in (in_file, on_server, back):
        archive.close()
    emptied(server)


def test_an_export_takes_no_more_memory_for_more_turns(tmp_path: Path) -> None:
    archive = Archive(sqlite_database(tmp_path))
    for _ in range(2):
        say(archive, *[("word " * 200, "word " * 200)] * 900)
    lines = archive.export()
    list(islice(lines, 250))
    tracemalloc.start()
    size = sum(len(line) for line in lines)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    archive.close()
    assert size > 5_000_000
    assert peak < size * 0.7


def test_turns_that_come_while_it_is_exported_are_not_part_of_it(archive: Archive) -> None:
    say(archive, ("One.", "1"))
    lines = archive.export()
    first = next(lines)
    say(archive, ("Two.", "2"))
    rest = "".join(lines)
    assert first == '{"jett": "history", "version": 1}\n'
    assert "One." in rest
    assert "Two." not in rest


@pytest.mark.parametrize(
    "line", ["no json", "{}", "[]", '{"turn": {}}', '{"turn": 1}', '{"jett": "history", "version": 2}', "null"]
)
def test_a_line_that_is_not_understood_is_named_and_not_repeated(archive: Archive, line: str) -> None:
    say(archive, ("One.", "1"))
    lines = [*archive.export(), line]
    with pytest.raises(HistoryError, match=rf"line {len(lines)} is no line of an exported history") as raised:
        archive.bring_in(lines)
    assert report().transcript not in str(raised.value)


def _lines_with(*recordings: object) -> list[str]:
    conversation = {"id": 1 << 12, "source": "local", "identity": "voice/owner", "started_ms": 1}
    turn = asdict(KeptTurn(2 << 12, 1 << 12, 1, 1, "Hello.", "Yes.", "Yes.", interrupted=False))
    lines = [{"jett": "history", "version": 1}, {"conversation": conversation}, {"turn": turn}]
    turn["recordings"] = recordings
    return [json.dumps(line) for line in lines]


_RECORDING = "20261124-160500-250000-001-said.wav"


@pytest.mark.parametrize(
    "path",
    [
        "elsewhere/id_ed25519",
        f"elsewhere/{_RECORDING}",
        "recordings/notes.txt",
        f"recordings/../elsewhere/{_RECORDING}",
        f"recordings/link/{_RECORDING}",
        f"recordings/{_RECORDING}/../../elsewhere/id_ed25519",
        f"recordings-of-mine/{_RECORDING}",
        "",
    ],
)
def test_a_line_that_names_another_file_than_a_recording_is_refused(tmp_path: Path, path: str) -> None:
    """It would be deleted with its turn."""
    for folder in ("elsewhere", "recordings", "recordings-of-mine"):
        (tmp_path / folder).mkdir()
    (tmp_path / "recordings" / "link").symlink_to(tmp_path / "elsewhere")
    archive = Archive(sqlite_database(tmp_path), recordings_dir=tmp_path / "recordings")
    with pytest.raises(HistoryError, match=r"line 3 names .* is no recording below .*; set privacy\.recordings_dir"):
        archive.bring_in(_lines_with(str(tmp_path / path)))
    assert archive.turns().rows == []
    archive.close()


@pytest.mark.parametrize("path", [_RECORDING, f"./{_RECORDING}", 7, None, ["a"], "nul\0"])
def test_a_recording_without_a_place_is_refused(tmp_path: Path, path: object) -> None:
    archive = Archive(sqlite_database(tmp_path), recordings_dir=tmp_path)
    with pytest.raises(HistoryError, match="line 3"):
        archive.bring_in(_lines_with(path))
    archive.close()


def test_recordings_are_taken_in_and_go_with_their_turn(tmp_path: Path) -> None:
    """Also those in a folder of the folder, and where the folder is behind a link."""
    real, folder = tmp_path / "real", tmp_path / "recordings"
    (real / "old").mkdir(parents=True)
    folder.symlink_to(real)
    files = [folder / _RECORDING, folder / "old" / _RECORDING]
    for file in files:
        file.write_bytes(b"sound")
    archive = Archive(sqlite_database(tmp_path), recordings_dir=folder)
    assert archive.bring_in(_lines_with(*map(str, files))) == 1
    assert archive.delete_turn(2 << 12).turns == 1
    assert not any(file.exists() for file in files)
    archive.close()
