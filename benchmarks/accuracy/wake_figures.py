"""From scores to figures: misses, false alarms an hour, near phrases accepted, by threshold and by pack.

Called by `benchmarks.accuracy.wake`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from benchmarks.accuracy.wake_plot import Point
from benchmarks.report import Figures
from jett.app.wake import WakeWords
from jett.core.audio import SAMPLE_RATE_HZ
from jett.training.plan import is_kept_back
from jett.turns.wake import WakeRule, WakeSpotter

THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
CURVE = tuple(1 / (1 + math.exp(-logit / 2)) for logit in range(-12, 15))


@dataclass(frozen=True)
class Heard:
    """One clip."""

    file: str
    pack: str
    seconds: float
    is_call: bool
    scores: tuple[float, ...]
    """Frame by frame."""
    confirmed: int = 0
    """How often it would wake, second look included where the head wants one."""
    trained_on: bool = False
    """Whether the recording is of those that every head is trained on (`training.real_speech`)."""


@dataclass(frozen=True)
class Counted:
    """At one threshold."""

    threshold: float
    calls: int
    misses: int
    hours: float
    false_alarms: int

    @property
    def miss_percent(self) -> float | None:
        return round(100 * self.misses / self.calls, 2) if self.calls else None

    @property
    def false_alarms_per_hour(self) -> float | None:
        return round(self.false_alarms / self.hours, 3) if self.hours else None


def calls_in(one: Heard, rule: WakeRule, words: WakeWords) -> list[float]:
    """When the head alone would wake, in seconds."""
    spotter = WakeSpotter([rule], refractory_s=words.refractory_s)
    frame_s = words.detector.frame_samples / SAMPLE_RATE_HZ
    ends = (n * frame_s for n in range(1, len(one.scores) + 1))
    return [end for end, score in zip(ends, one.scores, strict=True) if spotter.hear((score,), end) is not None]


def counted(heard: list[Heard], rule: WakeRule, words: WakeWords) -> Counted:
    calls = [one for one in heard if one.is_call]
    others = [one for one in heard if not one.is_call]
    return Counted(
        threshold=rule.threshold,
        calls=len(calls),
        misses=sum(not calls_in(one, rule, words) for one in calls),
        hours=sum(one.seconds for one in others) / 3600,
        false_alarms=sum(len(calls_in(one, rule, words)) for one in others),
    )


def in_use(heard: list[Heard]) -> Counted:
    """As a conversation counts."""
    calls, others = ([one for one in heard if one.is_call is which] for which in (True, False))
    return Counted(
        threshold=0.0,
        calls=len(calls),
        misses=sum(not one.confirmed for one in calls),
        hours=sum(one.seconds for one in others) / 3600,
        false_alarms=sum(one.confirmed for one in others),
    )


def spoken_figures(heard: list[Heard], words: WakeWords) -> Figures:
    """Of --spoken; empty without."""

    def share(pack: str, passed: Callable[[Heard], bool], some: Sequence[Heard] = heard) -> float | None:
        found = [passed(one) for one in some if one.pack.startswith(pack)]
        return round(100 * sum(found) / len(found), 2) if found else None

    def alone(one: Heard) -> bool:
        return bool(calls_in(one, words.strict_rules[0], words))

    def woken(one: Heard) -> bool:
        return one.confirmed > 0

    found: Figures = {}
    for condition in ("clean", "noisy"):
        for engine, key in (("kokoro", ""), ("espeak", "_espeak"), ("", "_all")):
            pack = f"spoken {condition} {engine}"
            found[f"spoken_miss_percent_{condition}{key}"] = share(pack, lambda one: not woken(one))
            found[f"spoken_miss_percent_{condition}{key}_alone"] = share(pack, lambda one: not alone(one))
    for engine, key in (("", ""), ("kokoro", "_kokoro"), ("espeak", "_espeak")):
        found[f"near_accepted_percent{key}"] = share(f"spoken near {engine}", woken)
        found[f"near_accepted_percent{key}_alone"] = share(f"spoken near {engine}", alone)
    found["near_accepted_percent_unheard"] = share(
        "spoken near", woken, [one for one in heard if is_kept_back(one.file)]
    )
    return {key: value for key, value in found.items() if value is not None}


def summary(heard: list[Heard], words: WakeWords, rule: WakeRule, phrase: str) -> Figures:
    """The flat figures of recordings and readings. `rule`: when a sound is looked at, or taken for a call."""
    found, alone, first = in_use(heard), counted(heard, words.strict_rules[0], words), counted(heard, rule, words)
    unseen = in_use([one for one in heard if not one.trained_on])
    return {
        "head": rule.name,
        "phrase": phrase,
        "threshold": round(rule.threshold, 4),
        "patience": rule.patience,
        "looks_per_hour": first.false_alarms_per_hour if words.looks else 0.0,
        "calls": found.calls,
        "misses": found.misses,
        "miss_percent": found.miss_percent,
        "negative_hours": round(found.hours, 3),
        "false_alarms": found.false_alarms,
        "false_alarms_per_hour": found.false_alarms_per_hour,
        "unseen_negative_hours": round(unseen.hours, 3),
        "unseen_false_alarms": unseen.false_alarms,
        "threshold_alone": round(alone.threshold, 4),
        "miss_percent_alone": alone.miss_percent,
        "false_alarms_per_hour_alone": alone.false_alarms_per_hour,
    }


def kinds_of_calls(heard: list[Heard], spoken: list[Heard]) -> dict[str, list[Heard]]:
    """What the picture tells apart."""
    found = {
        "people": [one for one in heard if one.is_call],
        "new voices, clean": [one for one in spoken if one.pack == "spoken clean kokoro"],
        "new voices, 10 dB of noise in a room": [one for one in spoken if one.pack == "spoken noisy kokoro"],
    }
    return {kind: calls for kind, calls in found.items() if calls}


def points_in_use(heard: list[Heard], spoken: list[Heard], words: WakeWords) -> dict[str, Point]:
    """Of each kind, where a second look is taken."""
    alarms = in_use([one for one in heard if not one.is_call]).false_alarms_per_hour or 0.0
    kinds = kinds_of_calls(heard, spoken) if words.looks else {}
    return {kind: Point(0.0, alarms, in_use(calls).miss_percent or 0.0) for kind, calls in kinds.items()}


def curves(heard: list[Heard], spoken: list[Heard], words: WakeWords) -> dict[str, list[Point]]:
    """Misses against false alarms by threshold, one line a kind of call."""
    others = [one for one in heard if not one.is_call]
    rules = [replace(words.strict_rules[0], threshold=at) for at in (*CURVE, words.strict_rules[0].threshold)]
    alarms = {rule.threshold: counted(others, rule, words).false_alarms_per_hour or 0.0 for rule in rules}
    return {
        kind: [
            Point(rule.threshold, alarms[rule.threshold], counted(calls, rule, words).miss_percent or 0.0)
            for rule in rules
        ]
        for kind, calls in kinds_of_calls(heard, spoken).items()
    }


def by_threshold(heard: list[Heard], words: WakeWords) -> list[Counted]:
    """The same at other thresholds."""
    return [counted(heard, replace(words.strict_rules[0], threshold=threshold), words) for threshold in THRESHOLDS]


def by_pack(heard: list[Heard]) -> list[list[object]]:
    """Where the false alarms are: pack, hours, alarms."""
    packs_of = dict.fromkeys(one.pack for one in heard if not one.is_call)
    found = {pack: in_use([one for one in heard if one.pack == pack and not one.is_call]) for pack in packs_of}
    return [[pack, round(each.hours, 3), each.false_alarms] for pack, each in found.items()]
