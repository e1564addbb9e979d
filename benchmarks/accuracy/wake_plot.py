"""The picture of the wake word benchmark: calls missed against false alarms an hour, one line a kind of call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple


class Point(NamedTuple):
    """At one threshold."""

    threshold: float
    alarms_per_hour: float
    missed_percent: float


def draw_det(curves: Mapping[str, Sequence[Point]], threshold: float, in_use: Mapping[str, Point], path: Path) -> None:
    """Write a PNG; lines are of the head alone, dots at its own `threshold`, stars `in_use` with a second look."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    rates = [point.alarms_per_hour for line in curves.values() for point in line if point.alarms_per_hour > 0]
    least = min(rates, default=1.0) / 2
    """Where nothing alarmed, on a scale that has no zero."""
    plt.style.use("dark_background")
    figure, axes = plt.subplots(figsize=(7, 5), layout="constrained")
    for (name, line), colour in zip(curves.items(), ("#22d3ee", "#a3e635", "#f59e0b", "#f472b6"), strict=False):
        ordered = sorted(line)
        at = [max(point.alarms_per_hour, least) for point in ordered]
        axes.plot(at, [point.missed_percent for point in ordered], label=name, color=colour, linewidth=2)
        shipped = next(point for point in line if point.threshold == threshold)
        axes.plot(max(shipped.alarms_per_hour, least), shipped.missed_percent, "o", color=colour)
        if name in in_use:
            used = in_use[name]
            axes.plot(max(used.alarms_per_hour, least), used.missed_percent, "*", color=colour, markersize=14)
    axes.set_xscale("log")
    axes.set_xlabel("false alarms an hour (leftmost: none)")
    axes.set_ylabel("calls missed, %")
    stars = "; stars: in use, with the second look" if in_use else ""
    axes.set_title(f"the head alone, dots at its threshold {threshold:.2f}{stars}", fontsize=10)
    axes.grid(alpha=0.2)
    axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130)
    plt.close(figure)
