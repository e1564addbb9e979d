"""From scores to figures: misses, false alarms an hour, near phrases accepted, by threshold and by pack.

Called by `benchmarks.accuracy.wake`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from benchmarks.accuracy.wake_plot import Point
from benchmarks.report import Figures
from jett.app.wake import WakeWords
from jett.core.audio import SAMPLE_RATE_HZ
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
    named: bool | None = None
    """Whether the transcript holds the name: the second look, taken where the head was sure; None where it was not."""
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


def calls_in(one: Heard, rule: WakeRule, words: WakeWords) -> int:
    """How often it would wake."""
    spotter = WakeSpotter([rule], refractory_s=words.refractory_s)
    frame_s = words.detector.frame_samples / SAMPLE_RATE_HZ
    return sum(spotter.hear((score,), n * frame_s) is not None for n, score in enumerate(one.scores, 1))


def counted(heard: list[Heard], rule: WakeRule, words: WakeWords) -> Counted:
    calls = [one for one in heard if one.is_call]
    others = [one for one in heard if not one.is_call]
    return Counted(
        threshold=rule.threshold,
        calls=len(calls),
        misses=sum(calls_in(one, rule, words) == 0 for one in calls),
        hours=sum(one.seconds for one in others) / 3600,
        false_alarms=sum(calls_in(one, rule, words) for one in others),
    )


def spoken_figures(heard: list[Heard], words: WakeWords) -> Figures:
    """Of --spoken; empty without."""

    def share(pack: str, passed: Callable[[Heard], bool]) -> float | None:
        found = [passed(one) for one in heard if one.pack.startswith(pack)]
        return round(100 * sum(found) / len(found), 2) if found else None

    def woken(one: Heard) -> bool:
        return calls_in(one, words.rules[0], words) > 0

    def missed(one: Heard) -> bool:
        return not woken(one)

    def named(one: Heard) -> bool:
        return one.named is True

    found: Figures = {}
    for condition in ("clean", "noisy"):
        found[f"spoken_miss_percent_{condition}"] = share(f"spoken {condition} kokoro", missed)
        found[f"spoken_miss_percent_{condition}_espeak"] = share(f"spoken {condition} espeak", missed)
        found[f"both_looks_miss_percent_{condition}"] = share(f"spoken {condition} kokoro", lambda one: not named(one))
    for engine, key in (("", ""), ("kokoro", "_kokoro"), ("espeak", "_espeak")):
        found[f"near_accepted_percent{key}"] = share(f"spoken near {engine}", woken)
        found[f"both_looks_near_accepted_percent{key}"] = share(f"spoken near {engine}", named)
    return {key: value for key, value in found.items() if value is not None}


def summary(heard: list[Heard], words: WakeWords, phrase: str) -> Figures:
    """The flat figures of recordings and readings."""
    found = counted(heard, words.rules[0], words)
    unseen = counted([one for one in heard if not one.trained_on], words.rules[0], words)
    return {
        "head": words.rules[0].name,
        "phrase": phrase,
        "threshold": round(found.threshold, 4),
        "patience": words.rules[0].patience,
        "calls": found.calls,
        "misses": found.misses,
        "miss_percent": found.miss_percent,
        "negative_hours": round(found.hours, 3),
        "false_alarms": found.false_alarms,
        "false_alarms_per_hour": found.false_alarms_per_hour,
        "unseen_negative_hours": round(unseen.hours, 3),
        "unseen_false_alarms": unseen.false_alarms,
    }


def curves(heard: list[Heard], spoken: list[Heard], words: WakeWords) -> dict[str, list[Point]]:
    """Misses against false alarms by threshold, one line a kind of call."""
    kinds = {
        "people": [one for one in heard if one.is_call],
        "new voices, clean": [one for one in spoken if one.pack == "spoken clean kokoro"],
        "new voices, 10 dB of noise in a room": [one for one in spoken if one.pack == "spoken noisy kokoro"],
    }
    others = [one for one in heard if not one.is_call]
    rules = [replace(words.rules[0], threshold=at) for at in (*CURVE, words.rules[0].threshold)]
    alarms = {rule.threshold: counted(others, rule, words).false_alarms_per_hour or 0.0 for rule in rules}
    return {
        kind: [
            Point(rule.threshold, alarms[rule.threshold], counted(calls, rule, words).miss_percent or 0.0)
            for rule in rules
        ]
        for kind, calls in kinds.items()
        if calls
    }


def by_threshold(heard: list[Heard], words: WakeWords) -> list[Counted]:
    """The same at other thresholds."""
    return [counted(heard, replace(words.rules[0], threshold=threshold), words) for threshold in THRESHOLDS]


def by_pack(heard: list[Heard], words: WakeWords) -> list[list[object]]:
    """Where the false alarms are: pack, hours, alarms."""
    packs_of = dict.fromkeys(one.pack for one in heard if not one.is_call)
    found = {pack: counted([one for one in heard if one.pack == pack], words.rules[0], words) for pack in packs_of}
    return [[pack, round(each.hours, 3), each.false_alarms] for pack, each in found.items()]
