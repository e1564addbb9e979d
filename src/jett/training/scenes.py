"""Scenes: a few seconds around one call of the phrase, or a stretch in which nobody calls.

call      ....other speech....|phrase|..command or quiet..      windows end up to a quarter second after the phrase
          <------ 2 s ------------->|
stretch   clip...clip..clip.....clip                            no window of it is a call
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from jett.training.augment import RATE_HZ, Harm, Signal, harmed, speech_edges, stretched

FRAME = 1280
WINDOW = 25 * FRAME
"""Samples that 16 embeddings are made of."""
CALL_WINDOWS = 4
"""Windows of one call: the first ends at about the phrase's end, each other 80 ms later."""
_EARLY, _LATE = -480, 1280
"""Where the first window may end, from the phrase's end, in samples."""
ENDS_AT = WINDOW - (_EARLY + _LATE) // 2
"""Where the phrase of a `call` ends, in samples, give or take 50 ms."""


@dataclass(frozen=True, slots=True)
class Sounds:
    """What scenes are made of."""

    noises: Sequence[Signal] = ()
    rooms: Sequence[Signal] = ()
    speech: Sequence[Signal] = ()
    """Before and after a call; must not hold the phrase."""


def call(phrase: Signal, sounds: Sounds, harm: Harm, rng: np.random.Generator, after: int = CALL_WINDOWS - 1) -> Signal:
    """A scene of `WINDOW + after * FRAME` samples with one call in it."""
    start, end = speech_edges(phrase)
    said = stretched(phrase[start:end], 1 + harm.stretch * rng.uniform(-1, 1))
    scene = np.zeros(WINDOW + after * FRAME, dtype=np.float32)
    last = WINDOW - int(rng.integers(_EARLY, _LATE))
    first = max(0, last - said.size)
    scene[first:last] += said[-(last - first) :]
    if sounds.speech and rng.random() < 0.3:
        gap = int(rng.uniform(0.05, 0.6) * RATE_HZ)
        _put(scene[: max(0, first - gap)], _pick(sounds.speech, said, rng), at_end=True)
    if sounds.speech and rng.random() < 0.4:
        gap = int(rng.uniform(0.0, 0.2) * RATE_HZ)
        _put(scene[last + gap :], _pick(sounds.speech, said, rng), at_end=False)
    return harmed(scene, harm, rng, sounds.noises, sounds.rooms)


def stretch(
    clips: Sequence[Signal], sounds: Sounds, harm: Harm, rng: np.random.Generator, ahead_s: float = 1.2
) -> Signal:
    """`clips` one after another with pauses, after `ahead_s` of quiet so that the first is in whole windows."""
    parts = [np.zeros(round(ahead_s * RATE_HZ), dtype=np.float32)]
    for clip in clips:
        parts += [
            stretched(clip, 1 + harm.stretch * rng.uniform(-1, 1)),
            np.zeros(round(rng.uniform(0.02, 0.7) * RATE_HZ), dtype=np.float32),
        ]
    parts.append(np.zeros(round(0.4 * RATE_HZ), dtype=np.float32))
    return harmed(np.concatenate(parts), harm, rng, sounds.noises, sounds.rooms)


def babble(speech: Sequence[Signal], rng: np.random.Generator, count: int = 12, seconds: float = 8.0) -> list[Signal]:
    """Noises of three to six people who talk at once."""
    found = []
    for _ in range(count if speech else 0):
        room = np.zeros(round(seconds * RATE_HZ), dtype=np.float32)
        for _ in range(int(rng.integers(3, 7))):
            clips = [speech[int(n)] for n in rng.integers(len(speech), size=6)]
            voice = np.concatenate([np.zeros(int(rng.integers(RATE_HZ)), dtype=np.float32), *clips])[: room.size]
            room[: voice.size] += voice
        found.append(room)
    return found


def _pick(speech: Sequence[Signal], said: Signal, rng: np.random.Generator) -> Signal:
    """One, about as loud as what was `said`."""
    clip = speech[int(rng.integers(len(speech)))]
    loud, own = float(np.abs(said).max(initial=0.0)), float(np.abs(clip).max(initial=1e-4))
    return clip * np.float32(loud / own * rng.uniform(0.6, 1.2))


def _put(place: Signal, clip: Signal, *, at_end: bool) -> None:
    """As much of `clip` as fits into `place`: its end, or its beginning."""
    size = min(place.size, clip.size)
    if size and at_end:
        place[-size:] += clip[-size:]
    elif size:
        place[:size] += clip[:size]
