"""The whole history as JSON lines, and back: for the owner's own programs, and to move it from one database to another.

    {"jett": "history", "version": 1}
    {"conversation": {"id": …, "source": …, …}}      oldest first, all of them
    {"turn": {"id": …, "conversation_id": …, …}}     oldest first

Read in pages by id: memory does not grow, and no transaction stays open while a slow client reads. Turns that are added
meanwhile are not part of it. Blocking.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from jett.core.errors import HistoryError
from jett.core.events import Decided, StageSpan, ToolUsed
from jett.history.database import Database
from jett.history.kept import KeptConversation, KeptTurn, storable
from jett.history.reading import whole_turns
from jett.history.schema import conversations, turns
from jett.history.sound_files import is_recording_below
from jett.history.writing import write_turns

VERSION = 1
_PAGE = 200
_COUNTED_ANEW = ("turns", "first_words")


def exported(database: Database) -> Iterator[str]:
    """One line after another, each with its newline. Raises HistoryError."""
    with database.read() as connection:
        until = connection.execute(select(func.max(turns.c.id))).scalar() or 0
    yield _line("jett", "history", version=VERSION)
    for conversation in _conversations(database):
        kept = {name: value for name, value in asdict(conversation).items() if name not in _COUNTED_ANEW}
        yield _line("conversation", kept)
    for turn in _turns(database, until):
        yield _line("turn", asdict(turn))


def bring_in(database: Database, lines: Iterable[str], recordings_dir: Path | None) -> int:
    """Take in what was exported; what is there already stays as it is. How many turns were read.

    Raises HistoryError with the number of a line that is not understood, or that names a file which is no recording
    below `recordings_dir`: it would go with its turn. What came well before that line is in.
    """
    of: dict[int, KeptConversation] = {}
    waiting: list[KeptTurn] = []
    count = 0
    for number, line in enumerate(lines, 1):
        read = _read(line, number)
        if isinstance(read, KeptConversation):
            of[read.id] = read
        elif read is not None:
            _check_recordings(read, number, recordings_dir)
            waiting.append(read)
            count += 1
        if max(len(waiting), len(of)) >= _PAGE:
            write_turns(database, waiting, of.values(), touch=False)
            of, waiting = {}, []
    write_turns(database, waiting, of.values(), touch=False)
    return count


def _conversations(database: Database) -> Iterator[KeptConversation]:
    last = -1
    while True:
        chosen = select(conversations).where(conversations.c.id > last).order_by(conversations.c.id).limit(_PAGE)
        with database.read() as connection:
            found = [KeptConversation(*row) for row in connection.execute(chosen)]
        yield from found
        if len(found) < _PAGE:
            return
        last = found[-1].id


def _turns(database: Database, until: int) -> Iterator[KeptTurn]:
    last = -1
    while True:
        chosen = select(turns).where(turns.c.id > last, turns.c.id <= until).order_by(turns.c.id).limit(_PAGE)
        with database.read() as connection:
            found = whole_turns(connection, connection.execute(chosen).all())
        yield from found
        if len(found) < _PAGE:
            return
        last = found[-1].id


def _line(kind: str, what: object, **more: object) -> str:
    return json.dumps({kind: what, **more}, ensure_ascii=False) + "\n"


def _read(line: str, number: int) -> KeptConversation | KeptTurn | None:
    """None of the first line, and of empty ones."""
    if not line.strip():
        return None
    try:
        row = json.loads(line)
        if row.get("jett") == "history" and row["version"] <= VERSION:
            return None
        if "conversation" in row:
            return KeptConversation(**_clean(row["conversation"]))
        return _turn(_clean(row["turn"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise HistoryError(
            f"history: line {number} is no line of an exported history (version {VERSION}); give a file that "
            "`jett history export` of this Jett or an older one has written"
        ) from None


def _check_recordings(turn: KeptTurn, number: int, folder: Path | None) -> None:
    for path in turn.recordings:
        if not is_recording_below(path, folder):
            raise HistoryError(
                f"history: line {number} names {path!r}, which is no recording below {str(folder)!r}; set "
                'privacy.recordings_dir to the folder of your recordings, or put "recordings": [] into that line'
            )


def _turn(row: dict[str, Any]) -> KeptTurn:
    row["spans"] = tuple(StageSpan(**part) for part in row["spans"])
    row["tool_calls"] = tuple(ToolUsed(**part) for part in row["tool_calls"])
    row["guard"] = tuple(Decided(**part) for part in row["guard"])
    row["recordings"] = tuple(row["recordings"])
    if not all(isinstance(path, str) for path in row["recordings"]):
        raise TypeError
    return KeptTurn(**row)


def _clean(row: Any) -> Any:
    """Texts as they can be stored, however deep."""
    if isinstance(row, str):
        return storable(row)
    if isinstance(row, dict):
        return {key: _clean(value) for key, value in row.items()}
    return [_clean(each) for each in row] if isinstance(row, list) else row
