"""Reads an audit log: its last records, all of it for export, what was begun and never ended. Changes nothing."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import astuple
from typing import Literal

from jett.core.errors import AuditError
from jett.guard.audit import AuditLog
from jett.guard.audit_files import lines_from, segment_numbers, segment_path
from jett.guard.audit_record import FIELDS, Kind, Record, parse_record

# A spreadsheet takes a cell that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def tail(log: AuditLog, count: int) -> list[Record]:
    """The last records, oldest first; a half line at the end is left out. Raises AuditError."""
    found: list[Record] = []
    with log.locked():
        for number in reversed(segment_numbers(log.folder)):
            if len(found) >= count:
                break
            found = [*_records(log, number), *found]
    return found[-count:] if count > 0 else []


def page(log: AuditLog, count: int, before: int | None = None) -> list[Record]:
    """At most `count` records, newest first, of those numbered below `before`. Reads one or two segments, whatever
    the log's length, and parses what it returns. Raises AuditError.
    """
    found: list[Record] = []
    with log.locked():
        for number in reversed(segment_numbers(log.folder)):
            if len(found) >= count:
                break
            found += _below(log, number, before, count - len(found))
    return found


def records(log: AuditLog) -> Iterator[Record]:
    """All records, oldest first, a segment at a time; the lock is held while a segment is read. Raises AuditError."""
    with log.locked():
        numbers = segment_numbers(log.folder)
    for number in numbers:
        with log.locked():
            found = _records(log, number)
        yield from found


def export(log: AuditLog, form: Literal["jsonl", "csv"]) -> Iterator[str]:
    """The log as text, line by line with line ends: as it is, or as a table with a heading. Raises AuditError."""
    if form == "csv":
        yield _row(FIELDS)
    for record in records(log):
        yield record.line().decode("ascii") if form == "jsonl" else _row(astuple(record))


def unfinished(log: AuditLog) -> list[Record]:
    """Intents without an outcome: what was going on when a process was killed. Raises AuditError."""
    begun: dict[str, Record] = {}
    for record in records(log):
        if record.kind == Kind.INTENT:
            begun[record.operation] = record
        elif record.kind == Kind.OUTCOME:
            begun.pop(record.operation, None)
    return list(begun.values())


def _records(log: AuditLog, number: int) -> list[Record]:
    path = segment_path(log.folder, number)
    try:
        return [parse_record(line) for line in lines_from(path)[0]]
    except ValueError as error:
        raise AuditError(f"audit: {path.name} holds what is no record; run `jett audit verify`") from error


def _below(log: AuditLog, number: int, before: int | None, count: int) -> list[Record]:
    """The newest of one segment below that number. In a log that nobody touched the numbers have no gap, so the place
    is counted and not searched; where the count does not hold, every line is looked at.
    """
    path = segment_path(log.folder, number)
    with path.open("rb") as file:
        first = file.readline()
    if not first.endswith(b"\n"):  # a half line alone
        return []
    try:
        begin = parse_record(first[:-1]).seq
        if before is not None and begin >= before:
            return []
        lines, _ = lines_from(path)
        end = len(lines) if before is None else min(len(lines), before - begin)
        if parse_record(lines[end - 1]).seq != begin + end - 1:
            return [one for one in reversed(_records(log, number)) if before is None or one.seq < before][:count]
        return [parse_record(line) for line in reversed(lines[max(0, end - count) : end])]
    except ValueError as error:
        raise AuditError(f"audit: {path.name} holds what is no record; run `jett audit verify`") from error


def _row(values: tuple[object, ...]) -> str:
    text = io.StringIO()
    cells = [f"'{value}" if str(value).startswith(_FORMULA) else value for value in values]
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()
