"""The Microphone port on a sound device: any rate and channels in, 16 kHz mono chunks out. Not for files (`files.py`).

The audio thread gathers, resamples and queues; the event loop takes. Nobody waits for anybody: a full queue drops its
oldest.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable
from functools import partial

import anyio
import numpy as np

from jett.audio.resample import LiveResampler
from jett.audio.streams import Stream, open_capture
from jett.audio.watch import DeviceWatch, OnState
from jett.core.audio import SAMPLE_RATE_HZ, Samples, silence

PERIOD_MS = 20
QUEUE_SAMPLES = 2 * SAMPLE_RATE_HZ
"""What an event loop that hangs may miss before audio is lost: 2 s."""


class ChunkQueue:
    """Bounded between two threads: when it is full the oldest chunks go, and are counted."""

    def __init__(self, limit_samples: int = QUEUE_SAMPLES) -> None:
        self.dropped_samples = 0
        self._limit_samples = limit_samples
        self._held_samples = 0
        self._chunks: deque[Samples] = deque()
        self._lock = threading.Lock()

    def put(self, chunk: Samples) -> None:
        with self._lock:
            self._chunks.append(chunk)
            self._held_samples += chunk.size
            while self._held_samples > self._limit_samples and len(self._chunks) > 1:
                oldest = self._chunks.popleft()
                self._held_samples -= oldest.size
                self.dropped_samples += oldest.size

    def take(self) -> Samples | None:
        """The oldest chunk, or None."""
        with self._lock:
            if not self._chunks:
                return None
            chunk = self._chunks.popleft()
            self._held_samples -= chunk.size
            return chunk


class Gatherer:
    """One stream of blocks at any rate, as chunks of at least `least_samples` at 16 kHz; each is resampled in one go.

    `least_samples` may be set on any thread, all else is called on the stream's own.
    """

    def __init__(self) -> None:
        self.least_samples = 0
        self._blocks: list[Samples] = []
        self._held_samples = 0
        self._rate_hz = SAMPLE_RATE_HZ
        self._resampler: LiveResampler | None = None

    def push(self, block: Samples, rate_hz: int) -> Samples:
        """What is to be handed over now: everything so far, or nothing."""
        if self._resampler is None:
            self._rate_hz, self._resampler = rate_hz, LiveResampler(rate_hz, SAMPLE_RATE_HZ)
        self._blocks.append(block)
        self._held_samples += block.size
        too_little = self._held_samples * SAMPLE_RATE_HZ < self.least_samples * self._rate_hz
        return silence(0) if too_little else self._resampled()

    def end(self) -> Samples:
        """What was held back, before a stream of perhaps another rate."""
        rest = self._resampled()
        self._resampler = None
        return rest

    def _resampled(self) -> Samples:
        if self._resampler is None or not self._blocks:
            return silence(0)
        block = self._blocks[0] if len(self._blocks) == 1 else np.concatenate(self._blocks)
        self._blocks, self._held_samples = [], 0
        return self._resampler.push(block)


class DeviceMicrophone:
    """Microphone `name` (None: the default one), reopened when it comes back after it was unplugged."""

    def __init__(
        self,
        name: str | None = None,
        *,
        on_state: OnState | None = None,
        period_ms: int = PERIOD_MS,
        queue_samples: int = QUEUE_SAMPLES,
    ) -> None:
        self._name = name
        self._period_ms = period_ms
        self._queue = ChunkQueue(queue_samples)
        self._watch = DeviceWatch(self._open, on_state)
        self._gatherer = Gatherer()
        self._wake: Callable[[], None] = _nobody

    @property
    def dropped_samples(self) -> int:
        """Samples (16 kHz) lost because nobody took them in time."""
        return self._queue.dropped_samples

    @dropped_samples.setter
    def dropped_samples(self, value: int) -> None:
        self._queue.dropped_samples = value

    def gather(self, n_samples: int) -> None:
        """Chunks of at least `n_samples` (16 kHz); with 0, from the next period on, each as soon as it is there."""
        self._gatherer.least_samples = n_samples

    async def chunks(self) -> AsyncGenerator[Samples, None]:
        """16 kHz mono chunks of about one period, for ever; the device is open until this is closed.

        While the device is lost nothing comes. Raises AudioError when there is no such device at the start.
        """
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        self._wake = partial(_set_soon, loop, ready)
        self._gatherer = Gatherer()
        try:
            await anyio.to_thread.run_sync(self._watch.start)
            while True:
                ready.clear()
                while (chunk := self._queue.take()) is not None:
                    yield chunk
                await ready.wait()
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._watch.stop)
            self._wake = _nobody

    def _open(self) -> Stream:
        self._hand_over(self._gatherer.end())  # the stream of before has ended, and its thread
        return open_capture(self._name, period_ms=self._period_ms, on_block=self._captured)

    def _captured(self, block: Samples, rate_hz: int) -> None:
        self._watch.heard()
        self._hand_over(self._gatherer.push(block, rate_hz))

    def _hand_over(self, chunk: Samples) -> None:
        if chunk.size:
            self._queue.put(chunk)
            self._wake()


def _set_soon(loop: asyncio.AbstractEventLoop, ready: asyncio.Event) -> None:
    loop.call_soon_threadsafe(ready.set)


def _nobody() -> None:
    """Nobody listens."""
