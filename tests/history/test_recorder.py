"""Turns into the database and out again; what becomes of them while it cannot be written."""

from __future__ import annotations

from jett.history import Archive
from jett.history.kept import kept_turn
from tests.history.support import HANG_LIMIT_S, report


def test_a_turn_is_read_as_it_was_told(archive: Archive) -> None:
    recording = archive.recorder.begin("local", "voice/owner")
    id = recording.observe(report())
    assert id is not None
    assert recording.turn_id == id
    assert archive.recorder.written(HANG_LIMIT_S)
    assert archive.turn(id) == kept_turn(report(), id, recording.conversation_id, 0)
