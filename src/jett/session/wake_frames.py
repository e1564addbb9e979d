"""Sound in blocks of any size, as frames that a wake word detector has scored: for whoever listens for a name."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from jett.core.audio import SAMPLE_RATE_HZ, Samples, silence
from jett.core.ports import WakeWordDetector


class WakeFrames:
    """One stream of sound, through a detector that is its own."""

    def __init__(self, detector: WakeWordDetector) -> None:
        self._detector = detector
        self._held = silence(0)
        self._heard_samples = 0
        detector.reset()

    def missing_samples(self, frames: int = 1) -> int:
        """So many more complete so many frames."""
        return max(1, frames * self._detector.frame_samples - self._held.size)

    def hear(self, block: Samples, at_once: Callable[[], int] = lambda: 1) -> Iterator[tuple[float, tuple[float, ...]]]:
        """Of each frame that `block` (16 kHz) completes, its end in seconds from the start, and a score a name.

        Frames are scored when they are asked for, `at_once` so many together: with fewer it waits for more sound.
        Raises EngineError.
        """
        size = self._detector.frame_samples
        self._held = np.concatenate([self._held, block])
        while self._held.size >= (together := size * at_once()):
            frames, self._held = self._held[:together], self._held[together:]
            for scores in self._detector.several(frames):
                self._heard_samples += size
                yield self._heard_samples / SAMPLE_RATE_HZ, scores
