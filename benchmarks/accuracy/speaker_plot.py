"""The picture of the speaker benchmark: wrongly rejected against wrongly accepted (DET), one line a condition."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from statistics import NormalDist

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

from benchmarks.accuracy.speaker_trials import Scores

_TICKS = (0.001, 0.01, 0.05, 0.2, 0.5)
_LEAST = 0.0003


def draw(conditions: Mapping[str, tuple[Scores, Scores]], threshold: float, path: Path) -> None:
    """Write a PNG. `conditions`: scores of the same speaker, and of others; dots are the shipped threshold."""
    plt.style.use("dark_background")
    figure, axes = plt.subplots(figsize=(6.5, 6), layout="constrained")
    for name, (same, others) in conditions.items():
        thresholds = np.unique(np.concatenate((same, others)))
        (line,) = axes.plot(_accepted(others, thresholds), _rejected(same, thresholds), label=name, linewidth=2)
        at = np.array([threshold])
        axes.plot(_accepted(others, at), _rejected(same, at), "o", color=line.get_color())
    ticks = [NormalDist().inv_cdf(tick) for tick in _TICKS]
    labels = [f"{100 * tick:g}" for tick in _TICKS]
    axes.set_xticks(ticks, labels)
    axes.set_yticks(ticks, labels)
    axes.set_xlabel("others wrongly accepted, %")
    axes.set_ylabel("the same speaker wrongly rejected, %")
    axes.grid(alpha=0.2)
    axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def _accepted(others: Scores, thresholds: Scores) -> list[float]:
    return _probit(1 - np.searchsorted(np.sort(others), thresholds) / others.size)


def _rejected(same: Scores, thresholds: Scores) -> list[float]:
    return _probit(np.searchsorted(np.sort(same), thresholds) / same.size)


def _probit(shares: Scores) -> list[float]:
    """On the scale of a DET plot, on which normal scores give straight lines."""
    return [NormalDist().inv_cdf(float(np.clip(share, _LEAST, 1 - _LEAST))) for share in shares]
