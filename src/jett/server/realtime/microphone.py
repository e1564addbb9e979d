"""What a client sends, as a microphone: a queue that drops its oldest sound and counts it. On the event loop alone."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator

import anyio
import numpy as np
from anyio.lowlevel import checkpoint

from jett.core.audio import SAMPLE_RATE_HZ, Samples

MOST_SAMPLES = 120 * SAMPLE_RATE_HZ
"""As much as the ring holds: what a burst brings beyond it would be forgotten there."""
_PIECE = SAMPLE_RATE_HZ // 10
"""100 ms: after each, others have their turn, since a burst may be minutes long."""


class NetworkMicrophone:
    """Port Microphone; it ends when its task is cancelled."""

    def __init__(self) -> None:
        self.dropped_samples = 0
        self._queue: deque[Samples] = deque()
        self._queued = 0
        self._filled = anyio.Event()

    def put(self, samples: Samples) -> None:
        """More sound, 16 kHz."""
        for start in range(0, samples.size, _PIECE):
            piece = samples[start : start + _PIECE]
            self._queued += piece.size
            if self._queue and self._queue[-1].size + piece.size <= _PIECE:
                piece = np.concatenate((self._queue.pop(), piece))
            self._queue.append(piece)
        while self._queued > MOST_SAMPLES:
            oldest = self._queue.popleft()
            self._queued -= oldest.size
            self.dropped_samples += oldest.size
        if self._queue:
            self._filled.set()

    def clear(self) -> None:
        """What waits does not count."""
        self._queue.clear()
        self._queued = 0

    async def chunks(self) -> AsyncGenerator[Samples, None]:
        while True:
            if not self._queue:
                self._filled = anyio.Event()
                await self._filled.wait()
            while self._queue:
                piece = self._queue.popleft()
                self._queued -= piece.size
                yield piece
                await checkpoint()
