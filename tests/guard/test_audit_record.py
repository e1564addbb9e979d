"""One record's bytes: what is written is fixed to the letter, since hashes of years hang on it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest

from jett.guard.audit_record import NO_HASH, Entry, Head, Kind, parse_record, sealed, time_text

WHEN = datetime(2026, 11, 24, 12, 0, 0, 5_999, tzinfo=UTC)
LINE = (
    b'{"detail":"caf\\u00e9","hash":"%s","identity":"voice/owner","kind":"request","operation":"op","previous":"%s",'
    b'"rule":"","seq":1,"target":"n8n","time":"2026-11-24T12:00:00.005Z","torn":"","verb":"restart","verdict":"confirm"}\n'
)
HASH = b"bc59ef39fa684f050679c68d621bc632ee742eac76cf274b11dfa099be3f0809"


def test_a_record_is_written_to_the_letter() -> None:
    """Names in order, no blanks, nothing but ASCII: another version must read and hash it alike."""
    entry = Entry(Kind.REQUEST, "op", "voice/owner", "restart", "n8n", "confirm", detail="café")
    record = sealed(entry, Head(), WHEN)
    assert record.line() == LINE % (HASH, NO_HASH.encode())
    assert parse_record(record.line()[:-1]) == record
    assert record.head == Head(1, HASH.decode())


@pytest.fixture
def in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("in_tokyo")
def test_a_time_is_utc_wherever_the_machine_and_the_caller_are() -> None:
    """Of whatever zone it was given in."""
    assert time_text(WHEN.astimezone(timezone(timedelta(hours=-5)))) == "2026-11-24T12:00:00.005Z"


def test_a_time_without_a_zone_says_what_to_give() -> None:
    """The whole sentence."""
    with pytest.raises(ValueError, match=r"^audit: the time needs a time zone; use datetime\.now\(UTC\)$"):
        time_text(datetime(2026, 1, 1))  # noqa: DTZ001


BROKEN: list[tuple[str, bytes, str]] = [
    ("far too deep", b"[" * 100_000, "not a record"),
    ("a list", b"[]", "not a record"),
    ("a field less", b'{"seq":1}', "not a record"),
    ("a number as text", LINE[:-1].replace(b'"seq":1', b'"seq":"1"'), "a field of another type"),
    ("a text as number", LINE[:-1].replace(b'"torn":""', b'"torn":0'), "a field of another type"),
    ("a blank", LINE[:-1].replace(b'"seq":1', b'"seq": 1'), "not written as it would be"),
]


@pytest.mark.parametrize(("name", "line", "reason"), BROKEN, ids=[name for name, _, _ in BROKEN])
def test_what_is_not_exactly_a_record_is_none(name: str, line: bytes, reason: str) -> None:
    """And why."""
    with pytest.raises(ValueError, match=f"^{reason}$"):
        parse_record(line)
