"""The newest turns for `/api/latency`: from the history, which knows those before this start, or else from memory."""

from __future__ import annotations

from datetime import UTC, datetime

import anyio.to_thread

from jett.core.errors import HistoryError
from jett.history import Archive
from jett.history.latency import Latency as KeptLatency
from jett.server.rest.recent import RecentTurns
from jett.server.rest.shapes.status import Latency, Percentiles, StageTimes


class LatencyDesk:
    """The port of `rest.status`."""

    def __init__(self, archive: Archive | None, recent: RecentTurns) -> None:
        self._archive = archive
        self._recent = recent

    async def latest(self, last: int) -> Latency:
        """The newest `last` turns, oldest first. A history out of reach is told elsewhere."""
        if self._archive is None:
            return _shape(self._recent.latest(last))
        try:
            return _shape(await anyio.to_thread.run_sync(self._archive.latency, last))
        except HistoryError:
            return _shape(self._recent.latest(last))


def _shape(kept: KeptLatency) -> Latency:
    turns = [
        StageTimes(
            turn_id=turn.turn_id,
            at=datetime.fromtimestamp(turn.at_ms / 1000, UTC),
            ttfa_ms=turn.ttfa_ms,
            stages_ms=turn.stages_ms,
        )
        for turn in kept.turns
    ]
    spreads = {
        name: Percentiles(count=each.count, p50_ms=each.p50_ms, p95_ms=each.p95_ms)
        for name, each in kept.percentiles.items()
    }
    return Latency(turns=turns, percentiles=spreads)
