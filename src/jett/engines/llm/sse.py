"""Server-sent events out of bytes as they arrive (WHATWG HTML, 9.2.6), as far as chat servers use them.

Pure: no I/O. Only the `data` field counts; comments (keep-alive pings) and other fields are skipped. Called by
`openai_chat`.
"""

from __future__ import annotations

LONGEST_LINE_BYTES = 1_000_000
"""A line without an end is a broken or hostile server; one token's event has a few hundred bytes."""


class LineTooLongError(ValueError):
    """A line grew past LONGEST_LINE_BYTES."""


class LineSplitter:
    """Whole lines out of chunks cut anywhere; `\\n` and `\\r\\n` end a line."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that `chunk` completes, without their ends. Raises LineTooLongError."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) > LONGEST_LINE_BYTES:
            raise LineTooLongError
        return [line.removesuffix(b"\r") for line in lines]

    def finish(self) -> list[bytes]:
        """A last line that nothing ended."""
        rest, self._rest = self._rest, b""
        return [rest] if rest else []


def data_of(line: bytes) -> bytes | None:
    """What follows `data:` in a line of an event stream; None for anything else.

    An event of several data lines is legal but no chat server sends one: JSON is written on one line.
    """
    if not line.startswith(b"data:"):
        return None
    return line[5:].removeprefix(b" ")
