"""How long the newest turns took, stage by stage: for the dashboard's latency page. Blocking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jett.history.database import Database
from jett.history.reading import latest


@dataclass(frozen=True, slots=True)
class TurnTimes:
    """One turn's stages, milliseconds from the true end of speech."""

    turn_id: int
    at_ms: int
    ttfa_ms: float | None
    stages_ms: dict[str, float]


@dataclass(frozen=True, slots=True)
class Spread:
    """Of the turns that have the value."""

    count: int
    p50_ms: float | None
    p95_ms: float | None


@dataclass(frozen=True, slots=True)
class Latency:
    """The newest turns, oldest first, and the spread of `ttfa` and of each stage by name."""

    turns: list[TurnTimes]
    percentiles: dict[str, Spread]


def latest_latency(database: Database, last: int = 40) -> Latency:
    """Of the newest `last` turns, 200 at most. Raises HistoryError."""
    found = [TurnTimes(turn.id, turn.at_ms, turn.ttfa_ms, turn.stages_ms) for turn in latest(database, last)]
    return latency_of(found)


def latency_of(found: list[TurnTimes]) -> Latency:
    """With the spread of the whole wait and of each stage. Pure."""
    values: dict[str, list[float]] = {"ttfa": [turn.ttfa_ms for turn in found if turn.ttfa_ms is not None]}
    for turn in found:
        for stage, ms in turn.stages_ms.items():
            values.setdefault(stage, []).append(ms)
    return Latency(found, {name: _spread(sorted(these)) for name, these in values.items()})


def _spread(ordered: Sequence[float]) -> Spread:
    return Spread(len(ordered), _percentile(ordered, 0.5), _percentile(ordered, 0.95))


def _percentile(ordered: Sequence[float], share: float) -> float | None:
    """Between the two nearest, as numpy has it."""
    if not ordered:
        return None
    at = (len(ordered) - 1) * share
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return round(ordered[low] + (ordered[high] - ordered[low]) * (at - low), 1)
