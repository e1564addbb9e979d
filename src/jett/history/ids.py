"""Numbers of conversations and turns, made here and at once, and the cursors of pages made of them. Pure but for a
clock.

    id = milliseconds since 2025 (41 bits) · 4096 + a counter (12 bits)

Made here, since a live event names its turn before any database has seen it, and the event loop waits for none.
Sorted by time, so that the newest come first by the primary key alone. 53 bits in all, which a browser's numbers hold
exactly, until 2094. The counter starts at random each millisecond: two processes would have to finish a turn in the
same millisecond and draw the same of 4096 numbers. A row is written once under its number, so writing it again after
a lost answer does nothing.
"""

from __future__ import annotations

import base64
import secrets
import threading
import time
from collections.abc import Callable

from jett.core.errors import HistoryError

EPOCH_MS = 1_735_689_600_000
"""2025-01-01T00:00:00Z."""
MOST = (1 << 53) - 1
_COUNTER_BITS = 12
_STARTS = 1 << (_COUNTER_BITS - 1)
"""A counter starts in the lower half, so that there is room for 2048 more in the same millisecond."""


class NoPlace(HistoryError):
    """A cursor that was not given out."""


def _wall_clock_ms() -> int:
    return time.time_ns() // 1_000_000


class Ids:
    """Numbers that only grow, also when the clock is set back. Safe in threads."""

    def __init__(self, now_ms: Callable[[], int] = _wall_clock_ms) -> None:
        self._now_ms = now_ms
        self._last = 0
        self._lock = threading.Lock()

    def next(self) -> int:
        """Greater than every one before it."""
        with self._lock:
            fresh = (max(0, self._now_ms() - EPOCH_MS) << _COUNTER_BITS) + secrets.randbelow(_STARTS)
            same_ms = fresh >> _COUNTER_BITS <= self._last >> _COUNTER_BITS
            self._last = self._last + 1 if same_ms else fresh
            return self._last


def cursor_of(last: int) -> str:
    """What is given back for the page after the row `last`."""
    return base64.urlsafe_b64encode(last.to_bytes(7, "big")).decode().rstrip("=")


def row_of(cursor: str | None) -> int:
    """The row that a cursor stands for: rows before it are meant, all of them where it is None.

    Raises NoPlace for anything that was not given out.
    """
    if cursor is None:
        return MOST
    try:
        number = int.from_bytes(base64.b64decode(f"{cursor}==", altchars=b"-_", validate=True), "big")
    except ValueError:
        number = -1
    if not 0 <= number <= MOST or cursor_of(number) != cursor:
        raise NoPlace("history: that is no place in a list; give `before` as a page's `next` had it, or leave it out")
    return number
