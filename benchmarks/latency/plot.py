"""The picture of the latency benchmark: how each clip's time was spent, and both ways side by side."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

from benchmarks.latency.scenes import ClipResult
from jett.core.events import STAGES

_COLOURS = ("#164e63", "#0e7490", "#0891b2", "#06b6d4", "#67e8f9", "#cffafe")


def draw(results: list[ClipResult], path: Path) -> None:
    """Write a PNG: median waterfall above, distribution of both ways below."""
    plt.style.use("dark_background")
    figure, (top, bottom) = plt.subplots(2, 1, figsize=(9, 6), layout="constrained")
    _waterfall(top, results)
    _distribution(bottom, results)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def _waterfall(axes: plt.Axes, results: list[ClipResult]) -> None:
    answered = [r for r in results if r.stages_ms]
    marks = {
        stage: float(np.median([r.stages_ms[stage] for r in answered if stage in r.stages_ms])) for stage in STAGES[1:]
    }
    ordered = sorted(marks.items(), key=lambda item: item[1])
    previous = 0.0
    for row, (stage, at_ms) in enumerate(ordered):
        axes.barh(row, at_ms - previous, left=previous, color=_COLOURS[row % len(_COLOURS)])
        axes.text(at_ms + 5, row, f"{stage} {at_ms:.0f} ms", va="center", fontsize=9)
        previous = at_ms
    axes.set_yticks([])
    axes.invert_yaxis()
    axes.set_xlim(0, previous * 1.3 + 1)
    axes.set_xlabel("ms after the end of speech (medians)")
    axes.set_title("Where a turn's time goes")


def _distribution(axes: plt.Axes, results: list[ClipResult]) -> None:
    ways = {
        "Jett": [r.ttfa_ms for r in results if r.ttfa_ms is not None],
        "original loop": [r.original_ms for r in results if r.original_ms is not None],
    }
    for (name, values), colour in zip(ways.items(), ("#22d3ee", "#94a3b8"), strict=True):
        if values:
            shares = np.arange(1, len(values) + 1) / len(values) * 100
            axes.step(sorted(values), shares, where="post", label=name, color=colour, linewidth=2)
    axes.set_xscale("log")
    axes.set_xlabel("time to first audio from the true end of speech, ms")
    axes.set_ylabel("% of clips")
    axes.grid(alpha=0.2)
    axes.legend()
