"""How good a head is: misses, false alarms an hour by threshold, and the threshold that follows from them. Pure.

A recording is a list of logits, one a frame of 80 ms; it is called where `patience` of them in a row reach the
threshold, as in use (`turns.wake`). Two calls within two seconds are one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Logits = NDArray[np.float32]

FRAME_S = 0.08
REFRACTORY_S = 2.0
PATIENCE = 2
_MARGIN = 0.05
"""In logits, above the highest peak that must not wake."""
NEAR_ACCEPTED = 0.02
NEVER = -1.0
_LOOK_THRESHOLDS = (0.01, 0.98)
"""What `turns.wake.threshold_for` leaves as it is."""
LEAST_THRESHOLD, MOST_THRESHOLD = 0.3, 0.995


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Recordings that no training saw, as logits."""

    calls_clean: Sequence[Logits]
    calls_noisy: Sequence[Logits]
    near: Sequence[Logits]
    others: Sequence[Logits]
    """Where nobody calls."""

    @property
    def hours(self) -> float:
        """Of `others`."""
        return sum(len(each) for each in self.others) * FRAME_S / 3600


@dataclass(frozen=True, slots=True)
class Figures:
    """At one threshold."""

    threshold: float
    miss_percent_clean: float
    miss_percent_noisy: float
    near_accepted_percent: float
    false_alarms: int
    false_alarms_per_hour: float


@dataclass(frozen=True, slots=True)
class InUse:
    """How a head and a trained look do together, of scenes that no training saw."""

    threshold: float
    """Of the look."""
    miss_percent_clean: float
    miss_percent_noisy: float
    near_accepted_percent: float
    """At thresholds chosen without them."""


def in_use(clean: Sequence[float], noisy: Sequence[float], near: Sequence[float]) -> InUse:
    """At the threshold that lets `NEAR_ACCEPTED` of the near phrases pass, within reason where there are few.

    Each scene is the best score that its looks reached, 0 to 1, or NEVER where none was taken. How many near phrases
    pass is told of each half at the threshold of the other: at the one they set it would be what was asked for.
    """
    threshold = _passed_by_few(near)
    halves = near[::2], near[1::2]
    thresholds = _passed_by_few(halves[1]), _passed_by_few(halves[0])
    accepted = [each >= limit for half, limit in zip(halves, thresholds, strict=True) for each in half]

    def share(passed: Sequence[bool]) -> float:
        return round(100 * sum(passed) / len(passed), 2) if passed else 0.0

    return InUse(
        threshold=threshold,
        miss_percent_clean=share([each < threshold for each in clean]),
        miss_percent_noisy=share([each < threshold for each in noisy]),
        near_accepted_percent=share(accepted),
    )


def _passed_by_few(near: Sequence[float]) -> float:
    allowed = int(NEAR_ACCEPTED * len(near))
    strictest = sorted(near, reverse=True)[allowed] if near else 0.0
    return round(float(np.clip(strictest + 1e-5, *_LOOK_THRESHOLDS)), 5)


def held(logits: Logits, patience: int = PATIENCE) -> Logits:
    """For each run of `patience` frames the least of them: what the run as a whole reaches."""
    if len(logits) < patience:
        return logits[:0]
    least: Logits = np.min([logits[n : len(logits) - patience + 1 + n] for n in range(patience)], axis=0)
    return least


def peaks(logits: Logits, patience: int = PATIENCE) -> list[float]:
    """The highest of `held`, and the next ones that are not within the refractory time of a higher one."""
    run = held(logits, patience)
    apart = round(REFRACTORY_S / FRAME_S)
    free = np.ones(len(run), dtype=np.bool_)
    found: list[float] = []
    for at in np.argsort(-run, kind="stable").tolist():
        if free[at]:
            found.append(float(run[at]))
            free[max(0, at - apart) : at + apart + 1] = False
    return found


def threshold_for(rate_per_hour: float, others: Sequence[Logits], patience: int = PATIENCE) -> float:
    """The threshold (0 to 1) at which `others` would wake at most so often; a little more where they are short.

    In fewer hours than it takes for one alarm at that rate there is none. To carry the tail of the peaks on to rarer
    ones asked for more than any call reaches (benchmarks/LOG.md, "Wake words: the recipe").
    """
    hours = sum(len(each) for each in others) * FRAME_S / 3600
    tops = sorted((peak for each in others for peak in peaks(each, patience)), reverse=True)
    if not tops:
        return 0.5
    allowed = min(len(tops) - 1, int(rate_per_hour * hours))
    threshold = 1 / (1 + math.exp(-(tops[allowed] + _MARGIN)))
    return min(max(threshold, LEAST_THRESHOLD), MOST_THRESHOLD)


def figures(found: Evaluation, threshold: float, patience: int = PATIENCE) -> Figures:
    """Misses and false alarms at `threshold`."""
    logit = math.log(threshold / (1 - threshold))
    alarms = sum(peak >= logit for each in found.others for peak in peaks(each, patience))
    return Figures(
        threshold=round(threshold, 4),
        miss_percent_clean=_percent(found.calls_clean, logit, patience, below=True),
        miss_percent_noisy=_percent(found.calls_noisy, logit, patience, below=True),
        near_accepted_percent=_percent(found.near, logit, patience, below=False),
        false_alarms=int(alarms),
        false_alarms_per_hour=round(alarms / found.hours, 3) if found.hours else 0.0,
    )


def det(found: Evaluation, patience: int = PATIENCE, points: int = 25) -> list[Figures]:
    """Figures at thresholds evenly apart in logits: the curve of misses against false alarms."""
    return [figures(found, float(1 / (1 + np.exp(-logit))), patience) for logit in np.linspace(-6, 6, points)]


def _percent(recordings: Sequence[Logits], logit: float, patience: int, *, below: bool) -> float:
    if not recordings:
        return 0.0
    called = [bool((held(each, patience) >= logit).any()) for each in recordings]
    return round(100 * sum(each != below for each in called) / len(called), 2)
