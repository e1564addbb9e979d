"""Deletes rows and recordings. Their words leave the search's index and the files with `Database.scrub`. Blocking.

Many rows go in small batches, so that a writer never waits longer than for one of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Select, delete, func, select

from jett.history.database import Database
from jett.history.ids import EPOCH_MS
from jett.history.kept import Gone
from jett.history.schema import conversations, recordings, turns
from jett.history.sound_files import is_recording

BATCH = 200


def delete_turn(database: Database, id: int) -> Gone:
    """One turn, and its conversation where it was the last of it. Raises HistoryError."""
    return _delete(database, select(turns.c.id).where(turns.c.id == id))


def delete_conversation(database: Database, id: int) -> Gone:
    """With all its turns. Raises HistoryError."""
    gone, of_it = Gone(), select(turns.c.id).where(turns.c.conversation_id == id)
    while (more := _delete(database, of_it)).turns:
        gone = _sum(gone, more)
    with database.write() as connection:  # one that never had a turn
        rest = connection.execute(delete(conversations).where(conversations.c.id == id)).rowcount
    return _sum(gone, Gone(rest))


def delete_batch_before(database: Database, before_ms: int) -> int:
    """Some turns that ended before then, oldest first; how many. Raises HistoryError."""
    return _delete(database, select(turns.c.id).where(turns.c.id < first_id_at(before_ms))).turns


def delete_everything(database: Database) -> Gone:
    """Every row and every recording. Raises HistoryError."""
    with database.read() as connection:
        sessions = connection.execute(select(func.count()).select_from(conversations)).scalar_one()
        count = connection.execute(select(func.count()).select_from(turns)).scalar_one()
        files = list(connection.execute(select(recordings.c.path)).scalars())
    database.empty()
    _unlink(files)
    return Gone(sessions, count)


def first_id_at(at_ms: int) -> int:
    """Turns that ended before have smaller numbers, which saves an index on their time."""
    return max(0, at_ms - EPOCH_MS) << 12


def _delete(database: Database, chosen: Select[Any]) -> Gone:
    """The oldest of the chosen, in one transaction; conversations that are left without a turn go too."""
    with database.write() as connection:
        ids = list(connection.execute(chosen.order_by(turns.c.id).limit(BATCH)).scalars())
        if not ids:
            return Gone()
        files = list(connection.execute(select(recordings.c.path).where(recordings.c.turn_id.in_(ids))).scalars())
        theirs = select(turns.c.conversation_id).where(turns.c.id.in_(ids)).distinct()
        of = list(connection.execute(theirs).scalars())
        connection.execute(delete(turns).where(turns.c.id.in_(ids)))
        empty = _delete_empty(connection, of)
    _unlink(files)
    return Gone(empty, len(ids))


def _delete_empty(connection: Connection, ids: Sequence[int]) -> int:
    left = select(turns.c.conversation_id).where(turns.c.conversation_id.in_(ids))
    empty = delete(conversations).where(conversations.c.id.in_(ids), conversations.c.id.not_in(left))
    return connection.execute(empty).rowcount


def _unlink(files: Sequence[str]) -> None:
    """A recording that cannot be deleted must not bring its words back; it is left to the owner, as is any other
    file."""
    for file in filter(is_recording, files):
        with suppress(OSError):
            Path(file).unlink(missing_ok=True)


def _sum(one: Gone, other: Gone) -> Gone:
    return Gone(one.conversations + other.conversations, one.turns + other.turns)
