"""One record of the audit log: its fields, its canonical bytes, its hash. Pure; files are in `audit_files`.

A line is JSON with sorted keys and no spaces, ASCII only; `hash` is SHA-256 over that serialisation of everything
else, `previous` is the hash of the record before, and 64 zeros before the first. Nobody keeps a key: who can write
the folder can write a whole new chain, which only the anchor tells from the old one.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

NO_HASH = "0" * 64
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Kind(StrEnum):
    """What a record tells of."""

    REQUEST = "request"
    CONFIRMATION = "confirmation"
    INTENT = "intent"
    OUTCOME = "outcome"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Head:
    """The newest record of a chain: its number and hash."""

    seq: int = 0
    hash: str = NO_HASH


@dataclass(frozen=True, slots=True)
class Entry:
    """What a caller has to say; number, time and hashes come with the writing. `detail` is free text, without secrets.

    `verdict` is allow, confirm or deny of a request; yes, no and their like of a confirmation; done, failed or unknown
    of an outcome.
    """

    kind: Kind
    operation: str = ""
    identity: str = ""
    verb: str = ""
    target: str = ""
    verdict: str = ""
    rule: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """One line. `time` is UTC with milliseconds; `torn` names the file that holds a half line found before this one."""

    seq: int
    time: str
    kind: str
    operation: str
    identity: str
    verb: str
    target: str
    verdict: str
    rule: str
    detail: str
    torn: str
    previous: str
    hash: str

    @property
    def head(self) -> Head:
        """The chain's head, if this is its newest record."""
        return Head(self.seq, self.hash)

    @property
    def at_ms(self) -> int:
        """Milliseconds since 1970. Raises ValueError for a time that is none."""
        return ms_of(datetime.fromisoformat(self.time))

    def line(self) -> bytes:
        """The bytes in the file, with their line end."""
        return _canonical(asdict(self)) + b"\n"

    def expected_hash(self) -> str:
        """What `hash` must be."""
        return hashlib.sha256(_canonical({k: v for k, v in asdict(self).items() if k != "hash"})).hexdigest()


FIELDS = tuple(field.name for field in fields(Record))


def sealed(entry: Entry, after: Head, now: datetime, torn: str = "") -> Record:
    """The record of an entry that follows `after`. Raises ValueError if `now` has no time zone."""
    texts = {key: str(value) for key, value in asdict(entry).items()}
    record = Record(seq=after.seq + 1, time=time_text(now), **texts, torn=torn, previous=after.hash, hash="")
    return replace(record, hash=record.expected_hash())


def parse_record(line: bytes) -> Record:
    """The record of a line without its end. Raises ValueError unless the bytes are exactly what would be written."""
    try:
        found = json.loads(line)
    except RecursionError as error:
        raise ValueError("not a record") from error
    if not isinstance(found, dict) or set(found) != set(FIELDS):
        raise ValueError("not a record")
    if type(found["seq"]) is not int or not all(type(v) is str for k, v in found.items() if k != "seq"):
        raise ValueError("a field of another type")
    record = Record(**found)
    if record.line() != line + b"\n":
        raise ValueError("not written as it would be")
    return record


def time_text(now: datetime) -> str:
    """ISO 8601 in UTC with milliseconds and Z. Raises ValueError without a time zone."""
    if now.tzinfo is None:
        raise ValueError("audit: the time needs a time zone; use datetime.now(UTC)")
    return now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def ms_of(now: datetime) -> int:
    """Milliseconds since 1970, rounded down."""
    return (now - _EPOCH) // timedelta(milliseconds=1)


def at_of(at_ms: int) -> datetime:
    """The time so many milliseconds after 1970 began."""
    return _EPOCH + timedelta(milliseconds=at_ms)


def _canonical(content: dict[str, object]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")
