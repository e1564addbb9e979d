"""Which clips a training asks for: so many of each kind by each engine, for training and for the evaluation apart.

Calls are spoken by natural voices alone: eSpeak's formants among them made heads worse on people (benchmarks/LOG.md,
"Wake words: the recipe"). For what must not wake they are as good as any, and cost nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from jett.training.lines import Cast, Engine, Kind, Line, lines

Counts = dict[Engine, int]


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything."""

    phrase: Counts
    near: Counts
    other: Counts
    test_phrase: Counts
    test_near: Counts
    test_other: Counts
    call_scenes: int
    """Calls that are made of the spoken ones."""
    steps: int
    members: int
    """Networks whose logits the head averages."""


FULL = Size(
    phrase={"piper": 250, "kokoro": 280},
    near={"espeak": 900, "piper": 250, "kokoro": 150},
    other={"espeak": 2000, "piper": 200},
    test_phrase={"kokoro": 40},
    test_near={"espeak": 200, "kokoro": 40},
    test_other={"espeak": 1500},
    call_scenes=3600,
    steps=700,
    members=2,
)
QUICK = Size(
    phrase={"piper": 100, "kokoro": 40},
    near={"espeak": 400, "piper": 60},
    other={"espeak": 500, "piper": 30},
    test_phrase={"kokoro": 16},
    test_near={"espeak": 80},
    test_other={"espeak": 150},
    call_scenes=1000,
    steps=500,
    members=1,
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
    return [
        *_of("phrase", [texts.phrase], size.phrase, part, seed, blends=0.5),
        *_of("near", texts.near, size.near, part, seed, blends=0.5),
        *_of("other", texts.other, size.other, part, seed, blends=0.5),
    ]


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
