"""Lists, searches and single turns out of the database: one page at a time, by the primary key. Blocking.

A page is asked for by the row that it comes after, never by a number of rows to skip, so that the last page costs no
more than the first and a turn that is added meanwhile shifts nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    Connection,
    Row,
    Select,
    Table,
    bindparam,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)

from jett.core.events import Decided, StageSpan, ToolUsed
from jett.history.database import Database
from jett.history.ids import cursor_of, row_of
from jett.history.kept import KeptConversation, KeptTurn, TurnInList
from jett.history.schema import conversations, guard_decisions, recordings, spans, tool_calls, turns
from jett.history.words import Query, excerpt, parsed

PAGE = 50
MOST_A_PAGE = 200
_T = TypeVar("_T", KeptConversation, KeptTurn, TurnInList)
_LINE = [turns.c[name] for name in TurnInList.__slots__ if name != "excerpt"]


@dataclass(frozen=True, slots=True)
class Page(Generic[_T]):
    """Some rows, and the cursor of the page after them; None at the end."""

    rows: list[_T]
    next: str | None


def list_conversations(database: Database, before: str | None = None, most: int = PAGE) -> Page[KeptConversation]:
    """Newest first. Raises HistoryError."""
    chosen = _conversations().where(conversations.c.id < row_of(before))
    with database.read() as connection:
        found = connection.execute(chosen.order_by(conversations.c.id.desc()).limit(_bounded(most) + 1)).all()
    return _page([KeptConversation(*row) for row in found], most)


def conversation(database: Database, id: int) -> KeptConversation | None:
    """None where it is not there. Raises HistoryError."""
    with database.read() as connection:
        found = connection.execute(_conversations().where(conversations.c.id == id)).first()
    return KeptConversation(*found) if found is not None else None


def turns_of(database: Database, id: int, after: str | None = None, most: int = PAGE) -> Page[KeptTurn]:
    """A conversation's turns, oldest first; `after` is a page's `next`. Raises HistoryError."""
    chosen = select(turns).where(turns.c.conversation_id == id)
    chosen = chosen.where(turns.c.id > (row_of(after) if after is not None else -1))
    with database.read() as connection:
        found = connection.execute(chosen.order_by(turns.c.id).limit(_bounded(most) + 1)).all()
        whole = whole_turns(connection, found)
    return _page(whole, most)


def turn(database: Database, id: int) -> KeptTurn | None:
    """None where it is not there. Raises HistoryError."""
    with database.read() as connection:
        found = whole_turns(connection, connection.execute(select(turns).where(turns.c.id == id)).all())
    return found[0] if found else None


def list_turns(database: Database, query: str = "", before: str | None = None, most: int = PAGE) -> Page[TurnInList]:
    """Newest first: all, or those in which `query` is found (`words`); a query without a word in it finds none.

    Raises HistoryError.
    """
    terms, most, below = parsed(query), _bounded(most), row_of(before)
    with database.read() as connection:
        if not query.strip():
            chosen = select(*_LINE).where(turns.c.id < below)
            found: Sequence[Row[Any]] = connection.execute(chosen.order_by(turns.c.id.desc()).limit(most + 1)).all()
        else:
            ids = database.find(connection, terms, below, most + 1) if terms else []
            found = connection.execute(select(*_LINE).where(turns.c.id.in_(ids)).order_by(turns.c.id.desc())).all()
    return _page([_line(row, terms) for row in found], most)


def latest(database: Database, last: int) -> list[KeptTurn]:
    """The newest turns, oldest first, without their parts. Raises HistoryError."""
    chosen = select(turns).order_by(turns.c.id.desc()).limit(_bounded(last))
    with database.read() as connection:
        found = connection.execute(chosen).all()
    return [_turn(row) for row in reversed(found)]


def whole_turns(connection: Connection, rows: Sequence[Row[Any]]) -> list[KeptTurn]:
    """Turns with all their parts, which one query finds: each would be a way to a server and back."""
    found: dict[tuple[str, int], list[Any]] = {}
    ids = [row.id for row in rows]
    if ids:
        for table, turn_id, _, *values in connection.execute(_PARTS, {"ids": ids}):
            found.setdefault((table, turn_id), []).append(_part(table, values))
    return [
        _turn(row, **{name: tuple(found.get((table.name, row.id), ())) for name, (table, _) in _KINDS.items()})
        for row in rows
    ]


_KINDS: dict[str, tuple[Table, Callable[..., Any]]] = {
    "spans": (spans, StageSpan),
    "tool_calls": (tool_calls, ToolUsed),
    "guard": (guard_decisions, Decided),
    "recordings": (recordings, str),
}
_MAKE = {table.name: (make, [column.name for column in list(table.columns)[2:]]) for table, make in _KINDS.values()}
_COLUMNS = {column.name: column.type for table, _ in _KINDS.values() for column in list(table.columns)[2:]}


def _all_parts() -> Select[Any]:
    """The rows of every kind, under the columns of all of them."""
    kinds = []
    for table, _ in _KINDS.values():
        cells = [(table.c[name] if name in table.c else cast(null(), of)).label(name) for name, of in _COLUMNS.items()]
        chosen = select(literal(table.name).label("kind"), table.c.turn_id, table.c.position, *cells)
        kinds.append(chosen.where(table.c.turn_id.in_(bindparam("ids", expanding=True))))
    parts = union_all(*kinds).subquery()
    return select(parts).order_by(parts.c.turn_id, parts.c.kind, parts.c.position)


_PARTS = _all_parts()


def _part(table: str, values: list[Any]) -> Any:
    make, names = _MAKE[table]
    given = dict(zip(_COLUMNS, values, strict=True))
    return make(*(given[name] for name in names))


def _turn(row: Row[Any], **parts: Any) -> KeptTurn:
    values = {name: getattr(row, name) for name in row._fields if name != "tools"}
    values |= {"stages_ms": json.loads(row.stages_ms), "engines": json.loads(row.engines)}
    return KeptTurn(**values, **parts)


def _line(row: Row[Any], terms: Query) -> TurnInList:
    values = row._asdict()
    return TurnInList(**values, excerpt=excerpt(terms, row.transcript, row.reply) if terms else "")


def _conversations() -> Select[Any]:
    """With what is counted anew each time, so that it is right whatever was deleted."""
    of_it = turns.c.conversation_id == conversations.c.id
    count = select(func.count()).select_from(turns).where(of_it).scalar_subquery()
    first = select(turns.c.transcript).where(of_it).order_by(turns.c.id).limit(1).scalar_subquery()
    return select(conversations, count, func.coalesce(first, ""))


def _bounded(most: int) -> int:
    return max(1, min(most, MOST_A_PAGE))


def _page(rows: list[_T], most: int) -> Page[_T]:
    """One row more than wanted was asked for: whether there is a page after this one."""
    kept = rows[: _bounded(most)]
    return Page(kept, cursor_of(kept[-1].id) if len(rows) > len(kept) else None)
