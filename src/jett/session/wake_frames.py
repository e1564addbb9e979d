"""Sound in blocks of any size, as frames that a wake word detector has scored: for whoever listens for a name."""

from __future__ import annotations

from collections.abc import Iterator

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

    @property
    def missing_samples(self) -> int:
        """So many more complete a frame."""
        return self._detector.frame_samples - self._held.size

    def hear(self, block: Samples) -> Iterator[tuple[float, tuple[float, ...]]]:
        """Of each frame that `block` (16 kHz) completes, its end in seconds from the start, and a score a name.

        A frame is scored when it is asked for. Raises EngineError.
        """
        size = self._detector.frame_samples
        self._held = np.concatenate([self._held, block])
        while self._held.size >= size:
            frame, self._held = self._held[:size], self._held[size:]
            self._heard_samples += size
            yield self._heard_samples / SAMPLE_RATE_HZ, self._detector.scores(frame)
