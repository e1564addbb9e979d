"""The newest turns' times, kept in memory: what `/api/latency` shows where no history is kept. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime

import numpy as np

from jett.core.events import SessionEvent, TurnReport
from jett.server.rest.shapes import Latency, Percentiles, StageTimes

MOST_TURNS = 500


class RecentTurns:
    """An observer of any number of conversations."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._turns: deque[StageTimes] = deque(maxlen=MOST_TURNS)
        self._count = 0

    def __call__(self, event: SessionEvent) -> None:
        if isinstance(event, TurnReport):
            self._count += 1
            self._turns.append(
                StageTimes(turn_id=self._count, at=self._now(), ttfa_ms=event.ttfa_ms, stages_ms=event.stages_ms)
            )

    async def latest(self, last: int) -> Latency:
        """The newest `last` turns, oldest first."""
        return latency_of(list(self._turns)[-last:])


def latency_of(turns: Sequence[StageTimes]) -> Latency:
    """The turns, with the percentiles of the whole wait (`ttfa`) and of each stage."""
    values: dict[str, list[float]] = {"ttfa": [turn.ttfa_ms for turn in turns if turn.ttfa_ms is not None]}
    for turn in turns:
        for stage, at_ms in turn.stages_ms.items():
            values.setdefault(stage, []).append(at_ms)
    return Latency(turns=list(turns), percentiles={name: _percentiles(each) for name, each in values.items()})


def _percentiles(values: Sequence[float]) -> Percentiles:
    if not values:
        return Percentiles(count=0, p50_ms=None, p95_ms=None)
    p50, p95 = np.percentile(values, [50, 95])
    return Percentiles(count=len(values), p50_ms=round(float(p50), 1), p95_ms=round(float(p95), 1))
