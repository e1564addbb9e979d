"""The newest turns' times, kept in memory: what `/api/latency` shows where no history is kept. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime

from jett.core.events import SessionEvent, TurnReport
from jett.history.latency import Latency, TurnTimes, latency_of

MOST_TURNS = 500


class RecentTurns:
    """An observer of any number of conversations."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._turns: deque[TurnTimes] = deque(maxlen=MOST_TURNS)
        self._count = 0

    def __call__(self, event: SessionEvent) -> None:
        if isinstance(event, TurnReport):
            self._count += 1
            at_ms = round(self._now().timestamp() * 1000)
            self._turns.append(TurnTimes(self._count, at_ms, event.ttfa_ms, event.stages_ms))

    def latest(self, last: int) -> Latency:
        """The newest `last` turns, oldest first."""
        return latency_of(list(self._turns)[-last:])
