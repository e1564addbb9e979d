"""A recording or a microphone through the wake word, frame by frame: scores, and where it would wake.

Called by `jett wake test` and `meter`, the dashboard's meter and the benchmark.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from jett.app.wake import WakeWords
from jett.core.audio import SAMPLE_RATE_HZ, Samples, silence
from jett.session.audio_ring import AudioRing
from jett.session.second_look import Look, SecondLook
from jett.session.wake_frames import WakeFrames
from jett.turns.wake import WakeRule, WakeSpotter, Woken

AFTER_S = 0.5
"""Of quiet after a recording: a head is sure only some frames after the phrase, and a microphone would go on."""
_RING_S = 4.0


@dataclass(frozen=True, slots=True)
class Scored:
    """One frame."""

    end_s: float
    """From the start of the sound."""
    scores: tuple[float, ...]
    """One a name."""
    woken: Woken | None
    found: bool = True
    """Of what woke: whether a second look found the name, where one was taken."""


class WakeListener:
    """One stream of sound, in blocks of any size."""

    def __init__(self, words: WakeWords) -> None:
        self._frames = WakeFrames(words.detector.another())
        self._spotter = words.spotter()
        self._refractory_s = words.refractory_s

    @property
    def rules(self) -> tuple[WakeRule, ...]:
        """When each name counts as called, now."""
        return self._spotter.rules

    def go_by(self, rules: Sequence[WakeRule]) -> None:
        """Other thresholds from the next frame on, one rule a name."""
        self._spotter = WakeSpotter(rules, refractory_s=self._refractory_s)

    def forgive(self) -> None:
        """What woke last was no call."""
        self._spotter.forgive()

    def hear(self, block: Samples) -> Iterator[Scored]:
        """The frames that `block` completes. Raises EngineError."""
        for end_s, scores in self._frames.hear(block):
            yield Scored(end_s, scores, self._spotter.hear(scores, end_s))


def scored(words: WakeWords, blocks: Iterable[Samples], look: SecondLook | None = None) -> list[Scored]:
    """A whole recording, and half a second of quiet after it; `look` is taken at each call that wants one.

    Raises EngineError, and what `blocks` raises.
    """
    listener, ring = WakeListener(words), AudioRing(_RING_S)
    frames: list[Scored] = []
    waiting: list[tuple[int, Look]] = []
    for block in chain(blocks, [silence(round(AFTER_S * SAMPLE_RATE_HZ))]):
        for piece in np.array_split(block, max(1, math.ceil(block.size / SAMPLE_RATE_HZ))):
            ring.write(piece)
            begin = len(frames)
            frames += listener.hear(piece)
            if look is not None:
                waiting += [
                    (n, Look(each.woken.name, each.woken.at_s))
                    for n, each in enumerate(frames[begin:], begin)
                    if each.woken is not None and look.wants(each.woken.name)
                ]
                while waiting and ring.end_s >= waiting[0][1].until_s:
                    at, due = waiting.pop(0)
                    found = look.holds(due.name, due.sound(ring))
                    if not found and (again := look.again(due)) is not None:
                        waiting.insert(0, (at, again))
                        continue
                    frames[at] = replace(frames[at], found=found)
                    if not found:
                        listener.forgive()
    return frames
