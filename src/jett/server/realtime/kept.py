"""Sound that waits for a client's `input_audio_buffer.commit`: the newest, however small the pieces it came in.

Blocks of a second are filled, so that a million appends of one sample cost what one of a million does.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from jett.core.audio import SAMPLE_RATE_HZ, Samples, silence

_BLOCK = SAMPLE_RATE_HZ


class KeptSound:
    """16 kHz, at most `most` samples and a block more."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._full: deque[Samples] = deque()
        self._size = 0
        """Of all that is kept."""
        self._block, self._filled = silence(0), 0

    def append(self, samples: Samples) -> None:
        """At the end; the oldest goes when it is too much."""
        self._size += samples.size
        while samples.size:
            if self._filled == self._block.size:
                self._begin_block()
            part = samples[: self._block.size - self._filled]
            self._block[self._filled : self._filled + part.size] = part
            self._filled += part.size
            samples = samples[part.size :]
        while self._size - _BLOCK >= self._most and self._full:
            self._size -= self._full.popleft().size

    def take(self) -> Samples:
        """All of it, and begin anew."""
        kept = [*self._full, self._block[: self._filled]]
        self.clear()
        return np.concatenate(kept)

    def clear(self) -> None:
        """None of it counts."""
        self._full.clear()
        self._size, self._block, self._filled = 0, silence(0), 0

    def _begin_block(self) -> None:
        if self._filled:
            self._full.append(self._block)
        self._block, self._filled = silence(_BLOCK), 0
