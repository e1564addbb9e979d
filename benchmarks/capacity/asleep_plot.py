"""The picture of the asleep benchmark: processor time over a night, and how soon each call was heard."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

from benchmarks.latency.waking import Call
from benchmarks.targets import ASLEEP

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from benchmarks.capacity.asleep import Slept

_EVERY_S = 5


def draw(slept: Slept | None, calls: Sequence[Call], path: Path) -> None:
    """Write a PNG with a panel for each half that was measured."""
    plt.style.use("dark_background")
    halves = [half for half in (slept, calls) if half]
    figure, panels = plt.subplots(1, len(halves), figsize=(6.5 * len(halves), 4.5), layout="constrained", squeeze=False)
    axes = iter(panels[0])
    if slept is not None:
        _cost(next(axes), slept)
    if calls:
        _calls(next(axes), calls)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def _cost(axes: Axes, slept: Slept) -> None:
    seen = slept.samples[::_EVERY_S]
    at_s = np.array([sample.at_s for sample in seen])
    used_s = np.array([sample.used_s for sample in seen])
    axes.stairs(100 * np.diff(used_s) / np.diff(at_s), at_s, linewidth=2)
    talk_from_s = slept.samples[-1].at_s - slept.talk_s
    axes.axvline(talk_from_s, color="grey", linestyle=":")
    axes.text(talk_from_s, axes.get_ylim()[1], " talk", va="top", color="grey")
    _limits(axes, "asleep_core_percent")
    axes.set_xlabel("seconds asleep; a quiet room first")
    axes.set_ylabel("% of one core")


def _calls(axes: Axes, calls: Sequence[Call]) -> None:
    heard = sorted(call.ms for call in calls if call.ms is not None)
    axes.bar(range(len(heard)), heard)
    _limits(axes, "wake_to_listening_p95_ms")
    axes.set_xlabel(f"{len(heard)} calls of {len(calls)}, by how soon they were heard")
    axes.set_ylabel("ms from the end of the name until Jett listens")


def _limits(axes: Axes, key: str) -> None:
    target = next(target for target in ASLEEP if target.key == key)
    axes.axhline(target.must, color="tab:red", label=f"must {target.must:g}")
    axes.axhline(target.aim, color="tab:green", label=f"aim {target.aim:g}")
    axes.legend()
