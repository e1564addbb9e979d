"""Time as an argument: spans are measured on a monotonic clock, turns on the audio clock (samples ÷ rate)."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Seconds since an arbitrary start, never going back."""

    def now_s(self) -> float: ...


class MonotonicClock:
    """The machine's monotonic clock."""

    def now_s(self) -> float:
        return time.monotonic()


class FakeClock:
    """A clock that a test moves."""

    def __init__(self, at_s: float = 0.0) -> None:
        self.at_s = at_s

    def now_s(self) -> float:
        return self.at_s

    def advance(self, by_s: float) -> None:
        self.at_s += by_s
