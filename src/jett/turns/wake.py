"""From scores to "somebody called": threshold, patience, and a while in which one call is not taken for two. Pure.

    score      ..▁▃█████▅▁............▂████▃..
    threshold  ----------------------------
    woken          ^ patience 2          ^
                   |-- refractory --|

A name wakes once for each time its score rises: it must have fallen below the threshold before it wakes again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_STRETCH = 6.0
"""Sensitivity 0 to 1 moves the threshold's odds by e^6, half of it to each side: 0.5 becomes 0.95 or 0.05."""
_LEAST, _MOST = 0.01, 0.999


@dataclass(frozen=True, slots=True)
class WakeRule:
    """When one name has been called."""

    name: str
    threshold: float = 0.5
    """Score, 0 to 1, from which a frame counts."""
    patience: int = 1
    """Frames in a row that must count."""


@dataclass(frozen=True, slots=True)
class Woken:
    """A name was called."""

    name: str
    at_s: float
    """Audio time at the end of the frame that made it sure; the phrase ended a little before."""
    score: float


def threshold_for(threshold: float, sensitivity: float) -> float:
    """A head's own `threshold` made lower by a `sensitivity` (0 to 1) above 0.5, and higher by one below."""
    own = min(max(threshold, _LEAST), _MOST)
    if sensitivity == 0.5:
        return own
    logit = math.log(own / (1 - own)) + (0.5 - sensitivity) * _STRETCH
    return min(max(1 / (1 + math.exp(-logit)), min(own, _LEAST)), max(own, _MOST))


class WakeSpotter:
    """Feed each frame's scores to `hear`."""

    def __init__(self, rules: Sequence[WakeRule], *, refractory_s: float = 2.0) -> None:
        """`rules` in the order of the detector's names. No name wakes within `refractory_s` of one that did."""
        self.rules = tuple(rules)
        self._refractory_s = refractory_s
        self.reset()

    @property
    def at_once(self) -> int:
        """So many of the next frames may be heard together: only the last of them could be the one that makes sure.

        A name that needs two frames in a row, of which none was heard yet, is not called in the next one. Measured in
        benchmarks/LOG.md, "Asleep".
        """
        needed = (rule.patience - run for rule, run in zip(self.rules, self._runs, strict=True))
        return max(1, min(needed, default=1))

    def reset(self) -> None:
        """Forget what was heard."""
        self._runs = [0] * len(self.rules)
        self._spent = [False] * len(self.rules)
        self._deaf_until_s = -math.inf

    def forgive(self) -> None:
        """What woke last was no call: the next one counts at once, though not the same rise of a score."""
        self._deaf_until_s = -math.inf

    def hear(self, scores: Sequence[float], at_s: float) -> Woken | None:
        """Who was called by `at_s` (audio time), the end of the frame with `scores`; of several the surest."""
        called: list[Woken] = []
        for n, (rule, score) in enumerate(zip(self.rules, scores, strict=True)):
            self._runs[n] = self._runs[n] + 1 if score >= rule.threshold else 0
            self._spent[n] = self._spent[n] and self._runs[n] > 0
            if self._runs[n] >= rule.patience and not self._spent[n]:
                called.append(Woken(rule.name, at_s, score))
        if not called or at_s < self._deaf_until_s:
            return None
        # All that sound alike now are the same call.
        self._spent = [run > 0 for run in self._runs]
        self._deaf_until_s = at_s + self._refractory_s
        return max(called, key=lambda woken: woken.score)
