"""The audit log: what was asked, decided, confirmed, begun and done, in a chain of hashes. Blocking; many processes.

    append ─► lock ─► read what other processes wrote ─► one write ─► fsync ─► anchors ─► unlock

A record is on disk when `append` returns, or AuditError is raised and whatever it was about must not happen. A kill at
any moment leaves a chain that verifies: a half line at the very end is set aside by the next writer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from jett.core.errors import AuditError
from jett.guard.audit_anchor import Anchor
from jett.guard.audit_files import add_line, lines_from, segment_numbers, segment_path, set_aside
from jett.guard.audit_keeping import Keeping
from jett.guard.audit_record import Entry, Head, Record, parse_record, sealed
from jett.guard.files import make_private_folder
from jett.guard.rate_limit import WINDOW_MS
from jett.guard.redaction import redact

SEGMENT_BYTES = 1_048_576
LOCK_TIMEOUT_S = 10.0
MAX_DETAIL_CHARS = 1000
MAX_READ_CHARS = 20_000


class Writer:
    """The log while it is locked: `seen` are the records that this AuditLog had not seen before, oldest first."""

    def __init__(self, log: AuditLog, seen: list[Record]) -> None:
        self._log = log
        self.seen = seen

    def append(self, entry: Entry, now: datetime) -> Record:
        """As AuditLog.append, under the lock that is held."""
        return self._log._write(entry, now)


class AuditLog:
    """The log of one folder, and the places that know its newest record."""

    def __init__(
        self,
        folder: Path,
        *,
        anchors: Sequence[Anchor] = (),
        segment_bytes: int = SEGMENT_BYTES,
        redacted: Callable[[str], str] = redact,
        lock_timeout_s: float = LOCK_TIMEOUT_S,
    ) -> None:
        """Touches nothing yet. `segment_bytes` is the size at which the next segment begins."""
        self.folder = folder
        self.anchors = tuple(anchors)
        self._keepings = tuple(Keeping(anchor) for anchor in anchors)
        self._segment_bytes = segment_bytes
        self._redacted = redacted
        self._lock_timeout_s = lock_timeout_s
        self._segment = 0  # 0 until the files were first read
        self._offset = 0
        self._head = Head()
        self._torn = ""
        self._threads = threading.Lock()  # FileLock alone would make threads poll

    @property
    def anchor_warning(self) -> str:
        """Why an anchor is not kept up, which, and from which record on; empty when all are. A line for each."""
        return "\n".join(filter(None, (keeping.warning for keeping in self._keepings)))

    def close(self) -> None:
        """Gives the anchors a bounded time to keep what they were given, and lets go of them. Write nothing after."""
        for anchor in self.anchors:
            anchor.close()
        if self._segment:  # one that answered late is compared now
            with suppress(AuditError), self.writing():
                self._compare_anchors()

    def append(self, entry: Entry, now: datetime) -> Record:
        """Writes one record; it is on disk when this returns. Raises AuditError, and then nothing may be done."""
        with self.writing() as writer:
            return writer.append(entry, now)

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """The lock between processes, for a decision and its record to be one step. Raises AuditError."""
        with self.locked():
            yield Writer(self, self._catch_up())

    @contextmanager
    def locked(self) -> Iterator[None]:
        """The lock alone, for a reader. OSError inside becomes AuditError."""
        try:
            make_private_folder(self.folder)
            lock = FileLock(self.folder / "audit.lock", timeout=self._lock_timeout_s, mode=0o600, poll_interval=0.005)
            with self._threads, lock:
                yield
        except Timeout as error:
            raise AuditError(
                f"audit: {self.folder} is locked for more than {self._lock_timeout_s} s; end the process that holds it"
            ) from error
        except OSError as error:
            raise AuditError(
                f"audit: {self.folder} cannot be used ({error}); make room, or correct its mode"
            ) from error

    def _write(self, entry: Entry, now: datetime) -> Record:
        entry = replace(
            entry,
            identity=self._redacted(entry.identity),
            target=self._redacted(entry.target),
            detail=self._redacted(entry.detail[:MAX_READ_CHARS])[:MAX_DETAIL_CHARS],
        )
        record = sealed(entry, self._head, now, self._torn)
        line = record.line()
        segment, offset = self._segment, self._offset
        if offset and offset + len(line) > self._segment_bytes:
            segment, offset = segment + 1, 0
        # Only now is it true: what could not be written is looked for, or written by others, where it would have gone.
        add_line(segment_path(self.folder, segment), line)
        self._segment, self._offset = segment, offset + len(line)
        self._head, self._torn = record.head, ""
        for keeping in self._keepings:
            keeping.keep(record.head, self._holds)
        return record

    def _catch_up(self) -> list[Record]:
        """Reads what was added since the last time; the first time, at least what a rate limit needs to know."""
        before = self._segment, self._offset, self._head
        try:
            return self._read_all_on()
        except OSError:  # what it has read reaches nobody, so it is read again
            self._segment, self._offset, self._head = before
            raise

    def _read_all_on(self) -> list[Record]:
        first_time = self._segment == 0
        if first_time:
            self._segment = self._first_to_read()
        seen: list[Record] = []
        while True:
            seen += self._read_on(trust_first=first_time and not seen)
            if not segment_path(self.folder, self._segment + 1).exists():
                break
            self._segment, self._offset = self._segment + 1, 0
        if first_time:
            self._compare_anchors()
        return seen

    def _read_on(self, *, trust_first: bool) -> list[Record]:
        path = segment_path(self.folder, self._segment)
        size = path.stat().st_size if path.exists() else 0
        if size < self._offset:
            raise self._changed(path)
        if size == 0:
            return []
        lines, torn = lines_from(path, self._offset)
        if torn:
            self._torn = set_aside(path, torn)
        seen: list[Record] = []
        for line in lines:
            record = self._follows(path, line, trusted=trust_first and not seen and self._segment > 1)
            self._head = record.head
            self._offset += len(line) + 1
            seen.append(record)
        return seen

    def _follows(self, path: Path, line: bytes, *, trusted: bool) -> Record:
        try:
            record = parse_record(line)
        except ValueError as error:
            raise self._changed(path) from error
        continues = trusted or (record.seq, record.previous) == (self._head.seq + 1, self._head.hash)
        if not continues or record.hash != record.expected_hash():
            raise self._changed(path)
        return record

    def _first_to_read(self) -> int:
        """The segment to begin with, so that at least the last minute is read."""
        numbers = segment_numbers(self.folder)
        if numbers != list(range(1, len(numbers) + 1)):
            raise self._changed(segment_path(self.folder, numbers[-1]))
        newest_ms = 0
        for number in reversed(numbers):
            lines, _ = lines_from(segment_path(self.folder, number))
            if not lines:
                continue
            try:
                newest_ms = newest_ms or parse_record(lines[-1]).at_ms
                if parse_record(lines[0]).at_ms < newest_ms - WINDOW_MS:
                    return number
            except ValueError as error:
                raise self._changed(segment_path(self.folder, number)) from error
        return 1

    def _compare_anchors(self) -> None:
        for keeping in self._keepings:
            keeping.compare(self._holds)

    def _holds(self, known: Head) -> bool:
        """Whether the log holds the record that an anchor knows; the files are read only if it is not the newest."""
        if known.seq >= self._head.seq:
            return known == self._head
        paths = (segment_path(self.folder, number) for number in reversed(segment_numbers(self.folder)))
        return any(_is(line, known) for path in paths for line in lines_from(path)[0])

    def _changed(self, path: Path) -> AuditError:
        self._segment, self._offset, self._head = 0, 0, Head()
        return AuditError(
            f"audit: {path.name} was changed by something else; `jett audit verify` says how; "
            "nothing is done until it is put back, or a new log is begun (docs/failures.md)"
        )


def _is(line: bytes, known: Head) -> bool:
    if known.hash.encode(errors="replace") not in line:  # most are not, and parsing takes long
        return False
    try:
        return parse_record(line).head == known
    except ValueError:
        return False
