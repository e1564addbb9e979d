"""Which clips a training asks for: so many of each kind by each engine, for training and for the evaluation apart.

Every engine says calls, near phrases and other speech: an engine that only called, or never did, would be known by its
sound (benchmarks/LOG.md, "Wake words: what is around a near phrase").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from jett.training.lines import Cast, Engine, Kind, Line, lines

Counts = dict[Engine, int]

_NEAREST = 40
"""Of near phrases, nearest first: said twice as often as the others."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything."""

    phrase: Counts
    near: Counts
    other: Counts
    test_phrase: Counts
    test_near: Counts
    test_other: Counts
    call_scenes: Counts
    """Calls that are made of the spoken ones."""
    near_scenes: Counts
    """Near phrases in the place of a call."""
    looks: dict[Kind, Counts]
    """Scenes that a trained look learns from."""
    steps: int
    members: int
    """Networks whose logits the head averages."""
    look_steps: int
    """Of each network of a look."""


FULL = Size(
    phrase={"piper": 250, "kokoro": 500, "espeak": 800},
    near={"espeak": 900, "piper": 300, "kokoro": 560},
    other={"espeak": 2000, "piper": 200, "kokoro": 100},
    test_phrase={"kokoro": 80},
    test_near={"espeak": 240, "kokoro": 240},
    test_other={"espeak": 1500},
    call_scenes={"kokoro": 3000, "piper": 1200, "espeak": 1200},
    near_scenes={"kokoro": 2000, "piper": 1200, "espeak": 1800},
    looks={
        "phrase": {"kokoro": 1700, "piper": 500, "espeak": 900},
        "near": {"kokoro": 2000, "piper": 900, "espeak": 1500},
        "other": {"kokoro": 100, "piper": 200, "espeak": 1300},
    },
    steps=1000,
    members=2,
    look_steps=600,
)
QUICK = Size(
    phrase={"piper": 80, "kokoro": 60, "espeak": 80},
    near={"espeak": 300, "piper": 60, "kokoro": 30},
    other={"espeak": 500, "piper": 30},
    test_phrase={"kokoro": 16},
    test_near={"espeak": 40, "kokoro": 16},
    test_other={"espeak": 150},
    call_scenes={"kokoro": 500, "piper": 300, "espeak": 200},
    near_scenes={"kokoro": 120, "piper": 120, "espeak": 300},
    looks={
        "phrase": {"kokoro": 240, "piper": 120, "espeak": 120},
        "near": {"kokoro": 120, "piper": 120, "espeak": 300},
        "other": {"piper": 30, "espeak": 300},
    },
    steps=500,
    members=1,
    look_steps=300,
)


@dataclass(frozen=True, slots=True)
class Texts:
    """What is said."""

    phrase: str
    near: Sequence[str]
    other: Sequence[str]


def training_lines(texts: Texts, size: Size, cast: Cast, seed: int) -> list[Line]:
    """What heads are trained on; the first lines are the same whatever the counts."""
    part = cast.part(held_out=False)
    near = [text for text in texts.near if not is_kept_back(text)]
    return [
        *_of("phrase", [texts.phrase], size.phrase, part, seed, blends=0.5),
        *_of("near", [*near, *near[:_NEAREST]], size.near, part, seed, blends=0.5),
        *_of("other", texts.other, size.other, part, seed, blends=0.5),
    ]


def is_kept_back(near: str) -> bool:
    """Whether this near phrase, one of five, is only judged by: no training hears it by any voice."""
    return crc32(near.encode()) % 5 == 4


def judging_lines(texts: Texts, size: Size, cast: Cast, seed: int) -> list[Line]:
    """What heads are judged by: voices that the training never heard, none of them blended."""
    part = cast.part(held_out=True)
    return [
        *_of("phrase", [texts.phrase], size.test_phrase, part, seed + 1),
        *_of("near", texts.near, size.test_near, part, seed + 1),
        *_of("other", texts.other, size.test_other, part, seed + 1),
    ]


def _of(kind: Kind, texts: Sequence[str], counts: Counts, cast: Cast, seed: int, blends: float = 0.0) -> list[Line]:
    found: list[Line] = []
    for engine, count in counts.items():
        rng = np.random.default_rng([seed, crc32(f"{kind} {engine}".encode())])
        found += lines(kind, texts, {engine: count}, cast, rng, blends)
    return found
