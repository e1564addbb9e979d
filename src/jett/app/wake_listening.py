"""A recording or a microphone through the wake word, frame by frame: scores, and where it would wake.

Called by `jett wake test` and `meter`, the dashboard's meter and the benchmark.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from jett.app.wake import WakeWords
from jett.core.audio import SAMPLE_RATE_HZ, Samples, silence
from jett.session.wake_frames import WakeFrames
from jett.turns.wake import WakeRule, WakeSpotter, Woken

AFTER_S = 0.5
"""Of quiet after a recording: a head is sure only some frames after the phrase, and a microphone would go on."""


@dataclass(frozen=True, slots=True)
class Scored:
    """One frame."""

    end_s: float
    """From the start of the sound."""
    scores: tuple[float, ...]
    """One a name."""
    woken: Woken | None


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

    def hear(self, block: Samples) -> Iterator[Scored]:
        """The frames that `block` completes. Raises EngineError."""
        for end_s, scores in self._frames.hear(block):
            yield Scored(end_s, scores, self._spotter.hear(scores, end_s))


def scored(words: WakeWords, blocks: Iterable[Samples]) -> list[Scored]:
    """A whole recording, and half a second of quiet after it. Raises EngineError, and what `blocks` raises."""
    listener = WakeListener(words)
    frames = [frame for block in blocks for frame in listener.hear(block)]
    return [*frames, *listener.hear(silence(round(AFTER_S * SAMPLE_RATE_HZ)))]
