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
"""Of quiet after a recording: a head is sure only some frames after the phrase, and a microphone would go on. Twice as
much where calls are looked at again."""
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
    """A whole recording, and a little quiet after it; `look` is taken at each call that wants one.

    Raises EngineError, and what `blocks` raises.
    """
    listener, ring = WakeListener(words), AudioRing(_RING_S)
    frames: list[Scored] = []
    waiting: list[tuple[int, Look]] = []
    quiet = [silence(round(AFTER_S * SAMPLE_RATE_HZ))]
    for block in chain(blocks, quiet, quiet if look is not None else ()):
        for piece in np.array_split(block, max(1, math.ceil(block.size / SAMPLE_RATE_HZ))):
            ring.write(piece)
            begin = len(frames)
            frames += listener.hear(piece)
            if look is None:
                continue
            waiting += [
                (n, Look(each.woken.name, each.woken.at_s))
                for n, each in enumerate(frames[begin:], begin)
                if each.woken is not None and look.wants(each.woken.name)
            ]
            while waiting and waiting[0][1].is_due(ring):
                at, due = waiting.pop(0)
                if look.holds(due.name, due.sound(ring)):
                    continue
                if (again := look.again(due)) is not None:
                    waiting.insert(0, (at, again))
                else:
                    frames[at] = replace(frames[at], found=False)
                    listener.forgive()
    for at, _ in waiting:  # sure in the last of the quiet: nobody called there
        frames[at] = replace(frames[at], found=False)
    return frames
