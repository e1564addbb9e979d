"""A container's log while it is written: whole lines out of the engine's blocks, without what must not be seen, and
no more of them than anybody can read. Pure but for the redaction's time; called by `operations`.

    block ─► frames (stdout and stderr apart) ─► lines ─► at most so many a second, the rest counted ─► redacted ─► cut

A line is redacted alone, and a private key that goes over several lines from its first to its last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from jett.guard import redact
from jett.ops.plain_text import plain

LONGEST_LINE_BYTES = 8_192
"""A line is shown to here; the rest is left out."""
REST = " [the rest of the line is left out]"
_KEPT_BYTES = 2 * LONGEST_LINE_BYTES
"""Of a line, so that it is redacted before it is cut: half a secret looks like nothing."""
_UNSEEN_BYTES = 1_024
"""The end of what was kept is cut as well, and never shown."""
MOST_A_SECOND = 500
_MOST_BYTES_A_SECOND = 4_000_000
_HEADER_BYTES = 8
_LONGEST_KEY_LINES = 200
_HIDDEN = "[redacted]"


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines that were logged, and how many more were left out before them since there were too many."""

    lines: tuple[str, ...]
    dropped: int = 0


class LineSplitter:
    """Lines out of blocks that are cut anywhere. A container without a TTY has an 8-byte header before each piece."""

    def __init__(self) -> None:
        self._raw = b""
        self._framed: bool | None = None
        self._stream, self._left_bytes = 0, 0
        self._parts: dict[int, bytes] = {}
        self._skipping: set[int] = set()
        """Streams whose line was given already, and goes on."""

    def feed(self, block: bytes) -> list[bytes]:
        """The lines that `block` completes, without their ends and, if they are very long, without their rest."""
        self._raw += block
        if self._framed is None:
            may_be = self._raw[:1] in (b"\x00", b"\x01", b"\x02")
            if may_be and len(self._raw) < _HEADER_BYTES:
                return []
            self._framed = may_be and self._raw[1:4] == b"\x00\x00\x00"
        if not self._framed:
            return self._lines(0, self._taken(len(self._raw)))
        return [line for stream, piece in self._pieces() for line in self._lines(stream, piece)]

    def _pieces(self) -> Iterable[tuple[int, bytes]]:
        while self._left_bytes or len(self._raw) >= _HEADER_BYTES:
            if not self._left_bytes:
                header = self._taken(_HEADER_BYTES)
                self._stream, self._left_bytes = header[0], int.from_bytes(header[4:], "big")
            piece = self._taken(self._left_bytes)
            self._left_bytes -= len(piece)
            yield self._stream, piece
            if self._left_bytes:
                return

    def _taken(self, count: int) -> bytes:
        piece, self._raw = self._raw[:count], self._raw[count:]
        return piece

    def _lines(self, stream: int, piece: bytes) -> list[bytes]:
        *whole, rest = (self._parts.get(stream, b"") + piece).split(b"\n")
        if stream in self._skipping and whole:
            self._skipping.discard(stream)
            del whole[0]
        if stream in self._skipping:
            rest = b""
        elif len(rest) >= _KEPT_BYTES:
            self._skipping.add(stream)
            whole, rest = [*whole, rest], b""
        self._parts[stream] = rest
        return [line[:_KEPT_BYTES] for line in whole]


@dataclass(frozen=True, slots=True)
class Passed:
    """What a Valve let through."""

    lines: tuple[bytes, ...]
    dropped: int


class Valve:
    """Lets so many lines of each second through, the oldest of it, and counts the rest."""

    def __init__(self, now_s: Callable[[], float], most: int = MOST_A_SECOND) -> None:
        self._now_s = now_s
        self._most = most
        self._since_s = now_s()
        self._passed = 0
        self._dropped = 0

    def pass_on(self, lines: list[bytes]) -> Passed:
        """Those that may pass, and what was dropped since the last that did."""
        if self._now_s() - self._since_s >= 1.0:
            self._since_s, self._passed = self._now_s(), 0
        dropped = self._dropped
        passed = lines[: self._most - self._passed]
        self._passed += len(passed)
        over = len(lines) - len(passed)
        self._dropped = over if passed else dropped + over
        return Passed(tuple(passed), dropped if passed else 0)

    def rest_s(self, block_bytes: int) -> float:
        """How long to wait after a block of that size: a flood is not even read faster than this."""
        return block_bytes / _MOST_BYTES_A_SECOND if self._passed >= self._most else 0.0


class LineRedactor:
    """Redacts one line after another; what is between the ends of a private key is not shown at all."""

    def __init__(self) -> None:
        self._in_key = 0

    def readable(self, passed: Passed) -> Lines:
        """As text, without secrets and without what would command a terminal. Takes its time."""
        return Lines(tuple(_cut(self._redacted(_text(line)), len(line)) for line in passed.lines), passed.dropped)

    def _redacted(self, line: str) -> str:
        if self._in_key:
            ends = "-----END" in line
            self._in_key = 0 if ends else self._in_key - 1
            return _HIDDEN
        if "-----BEGIN" in line and "PRIVATE KEY" in line and "-----END" not in line:
            self._in_key = _LONGEST_KEY_LINES
        return redact(line)


def _text(line: bytes) -> str:
    """What may be read of it, as far in from the left as it was."""
    text = line.decode("utf-8", "replace")
    indent = text[: len(text) - len(text.lstrip(" \t"))]
    return indent + plain(text).replace("\n", " ")


def _cut(redacted: str, was_bytes: int) -> str:
    """As much of it as is shown, `was_bytes` being the length of the line that was kept."""
    if was_bytes <= LONGEST_LINE_BYTES:
        return redacted
    raw = redacted.encode("utf-8")
    unseen = _UNSEEN_BYTES if was_bytes >= _KEPT_BYTES else 0
    return raw[: max(0, min(LONGEST_LINE_BYTES, len(raw) - unseen))].decode("utf-8", "ignore") + REST
