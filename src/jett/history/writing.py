"""Rows into the database: many turns in one transaction. Writing the same turn again does nothing. Called by the
recorder.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Table, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from jett.history.database import Database
from jett.history.kept import KeptConversation, KeptTurn
from jett.history.schema import conversations, guard_decisions, recordings, spans, tool_calls, turns

Row = dict[str, Any]
_ROWS_A_STATEMENT = 500
"""PostgreSQL takes 32,767 values in one statement."""


def write_turns(
    database: Database, kept: Sequence[KeptTurn], of: Iterable[KeptConversation], *, touch: bool = True
) -> None:
    """The turns, and the conversations that they are of. Raises HistoryError, RowRefused; then nothing was written.

    A conversation that is there already is left as it is, but for the end that it may have got meanwhile (`touch`).
    """
    with database.write() as connection:
        _insert(connection, conversations, [_conversation_row(each) for each in of])
        if touch:
            end_conversations(connection, {each.id: each.ended_ms for each in of if each.ended_ms is not None})
        fresh = _without_those_there(connection, kept)
        _insert(connection, turns, [_turn_row(turn) for turn in fresh])
        database.index_words(connection, [(turn.id, turn.transcript, turn.reply) for turn in fresh])
        for table, rows in _rows_of_parts(fresh).items():
            _insert(connection, table, rows)


def add_recordings(database: Database, turn_id: int, paths: Sequence[str]) -> None:
    """Note files with the sound of a turn, unless it was deleted meanwhile. Raises HistoryError."""
    with database.write() as connection:
        if connection.execute(select(turns.c.id).where(turns.c.id == turn_id)).first() is not None:
            rows = [{"turn_id": turn_id, "position": at, "path": path} for at, path in enumerate(paths)]
            _insert(connection, recordings, rows)


def end_conversations(connection: Connection, ends_ms: dict[int, int]) -> None:
    """Note when they ended."""
    if ends_ms:
        ended = update(conversations).where(conversations.c.id == bindparam("its_id"))
        rows = [{"its_id": id, "ended_ms": ms} for id, ms in ends_ms.items()]
        connection.execute(ended, rows)


def _without_those_there(connection: Connection, kept: Sequence[KeptTurn]) -> list[KeptTurn]:
    """An answer may have been lost, and the same turns come again."""
    ids = [turn.id for turn in kept]
    there = set(connection.execute(select(turns.c.id).where(turns.c.id.in_(ids))).scalars())
    return [turn for turn in {turn.id: turn for turn in kept}.values() if turn.id not in there]


def _rows_of_parts(kept: Sequence[KeptTurn]) -> dict[Table, list[Row]]:
    rows: dict[Table, list[Row]] = {spans: [], tool_calls: [], guard_decisions: [], recordings: []}
    for turn in kept:
        rows[spans] += _numbered(turn, map(asdict, turn.spans))
        rows[tool_calls] += _numbered(turn, map(asdict, turn.tool_calls))
        rows[guard_decisions] += _numbered(turn, map(asdict, turn.guard))
        rows[recordings] += _numbered(turn, ({"path": path} for path in turn.recordings))
    return rows


def _numbered(turn: KeptTurn, parts: Iterable[Row]) -> list[Row]:
    return [{"turn_id": turn.id, "position": at} | part for at, part in enumerate(parts)]


def _insert(connection: Connection, table: Table, rows: list[Row]) -> None:
    """One statement for many rows where each would be a way to a server and back."""
    if connection.dialect.name != "postgresql":
        if rows:
            connection.execute(sqlite.insert(table).on_conflict_do_nothing(), rows)
        return
    for at in range(0, len(rows), _ROWS_A_STATEMENT):
        some = rows[at : at + _ROWS_A_STATEMENT]
        connection.execute(postgresql.insert(table).values(some).on_conflict_do_nothing())


def _conversation_row(kept: KeptConversation) -> Row:
    return {
        "id": kept.id,
        "source": kept.source,
        "identity": kept.identity,
        "started_ms": kept.started_ms,
        "ended_ms": kept.ended_ms,
    }


def _turn_row(turn: KeptTurn) -> Row:
    parts = ("spans", "tool_calls", "guard", "recordings")
    row = {name: getattr(turn, name) for name in turn.__slots__ if name not in parts}
    stages, engines = json.dumps(turn.stages_ms), json.dumps(turn.engines)
    return row | {"stages_ms": stages, "engines": engines, "tools": len(turn.tool_calls)}
