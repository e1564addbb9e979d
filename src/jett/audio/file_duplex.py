"""A recording in place of a person: one Microphone and Speaker, fed and heard at the pace of real time.

```
time     0 ms      20        40        60
heard    |chunk 0 >|chunk 1 >|chunk 2 >|      a chunk is delivered when its last sample would have been recorded
played   |(silence)|render 0 |render 1 |      and what is rendered then sounds from that moment on
```
So sample i of the input and sample j of `output` lie at i / 16000 and j / rate_hz seconds on one timeline, and the
difference of two positions is a latency. Called by `jett talk --input`, the benchmarks and the tests.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Protocol

import anyio
import anyio.lowlevel
import numpy as np

from jett.audio.files import HeldFile, Source, stream_audio
from jett.audio.recording import Recording
from jett.audio.simulated_room import EchoPath
from jett.core.audio import SAMPLE_RATE_HZ, Samples, silence
from jett.core.clock import Clock, MonotonicClock
from jett.core.errors import AudioError
from jett.core.ports import Render

TICK_SAMPLES = SAMPLE_RATE_HZ // 50
"""20 ms of 16 kHz."""


class Pace(Protocol):
    """When a tick may happen."""

    late_ticks: int
    """Ticks more than one tick behind."""
    worst_lag_s: float

    async def until(self, at_s: float) -> None:
        """Return `at_s` seconds after the first call's zero, or at once when that has passed."""


class RealTime:
    """By a clock, from one instant: a late tick is followed at once by the next, so lag does not add up."""

    def __init__(self, clock: Clock | None = None, sleep: Callable[[float], Awaitable[None]] = anyio.sleep) -> None:
        self.late_ticks = 0
        self.worst_lag_s = 0.0
        self._clock = clock or MonotonicClock()
        self._sleep = sleep
        self._start_s: float | None = None

    async def until(self, at_s: float) -> None:
        now_s = self._clock.now_s()
        if self._start_s is None:
            self._start_s = now_s
        wait_s = self._start_s + at_s - now_s
        self._note_lag(-wait_s)
        await self._sleep(max(0.0, wait_s))

    def _note_lag(self, lag_s: float) -> None:
        self.worst_lag_s = max(self.worst_lag_s, lag_s)
        self.late_ticks += lag_s > TICK_SAMPLES / SAMPLE_RATE_HZ


class AsFastAsPossible:
    """No clock at all, for tests of pure logic: other tasks run between two ticks, time does not."""

    late_ticks = 0
    worst_lag_s = 0.0

    async def until(self, at_s: float) -> None:
        await anyio.lowlevel.checkpoint()


class FileDuplex:
    """`source` (16 kHz samples, or a file of any kind) as a microphone, then silence until `finish`; and a speaker.

    `chunks` may be iterated once. An exception of `render` ends it, unlike on a device: a test must see it.
    """

    latency_s = 0.0

    def __init__(
        self,
        source: Samples | Source,
        *,
        rate_hz: int = 24_000,
        echo: EchoPath | None = None,
        pace: Pace | None = None,
        noise_lsb: int = 0,
    ) -> None:
        if echo is not None and echo.rate_hz != rate_hz:
            raise AudioError(f"audio: an echo path for {echo.rate_hz} Hz, need {rate_hz} Hz; give both one rate")
        self.rate_hz = rate_hz
        self.dropped_samples = 0
        self.pace: Pace = pace or RealTime()
        self.recording = Recording(rate_hz)
        self._source = _Source(source, noise_lsb)
        self._echo = echo
        self._render: Render | None = None
        self._finished = False
        self._gather_samples = 0
        self._rests = False

    async def chunks(self) -> AsyncGenerator[Samples, None]:
        """20 ms of input after another at its pace, then silence until `finish`. Raises AudioError for a bad file.

        With `gather` several of them at once; where nothing is played meanwhile, as after `rest`, they are one tick.
        """
        tick = 0
        gathered: list[Samples] = []
        self._play(0, silence(self._due_samples(0)))
        while not (self._finished and self._source.ended):
            due = range(tick + 1, tick + 1 + self._ticks_at_once())
            tick = due[-1]
            await self.pace.until(tick * TICK_SAMPLES / SAMPLE_RATE_HZ)
            if self._finished and self._source.ended:
                break
            chunk = self._source.take(len(due) * TICK_SAMPLES)
            gathered.append(chunk if self._echo is None else self._echo.hear(chunk))
            self._play(tick, self._pull(sum(map(self._due_samples, due))))
            if sum(piece.size for piece in gathered) >= self._gather_samples:
                heard, gathered = gathered[0] if len(gathered) == 1 else np.concatenate(gathered), []
                yield heard
        if gathered:
            yield np.concatenate(gathered)

    def gather(self, n_samples: int) -> None:
        """Chunks of at least `n_samples` from the next tick on, whole ticks each."""
        self._gather_samples = n_samples

    def rest(self) -> None:
        """Pull nothing, and play silence, until `rouse`."""
        self._rests = True

    def rouse(self) -> None:
        """Pull from the next tick on."""
        self._rests = False

    def _ticks_at_once(self) -> int:
        """A simulated room is computed tick by tick, and so is what is played."""
        return max(1, -(-self._gather_samples // TICK_SAMPLES)) if self._rests and self._echo is None else 1

    def start(self, render: Render) -> None:
        """Pull from `render` at each tick, once `chunks` runs. Raises AudioError when it plays already."""
        if self._render is not None:
            raise AudioError("audio: the speaker plays already, allowed once; stop it first")
        self._render = render

    def stop(self) -> None:
        """Play silence from here on; safe to call twice."""
        self._render = None

    def finish(self) -> None:
        """End `chunks` at the next tick after the input's end: the owner has heard enough."""
        self._finished = True

    @property
    def heard_samples(self) -> int:
        """Samples (16 kHz) delivered, silence after the input's end included: the timeline's now."""
        return self._source.given_samples

    @property
    def input_end_sample(self) -> int | None:
        """Where (16 kHz) the input ended on the timeline; None before that."""
        return self._source.end_sample

    @property
    def output(self) -> Samples:
        """What was played so far, at `rate_hz`, on the timeline of the input."""
        return self.recording.samples()

    def trimmed_output(self, max_gap_s: float = 0.5) -> Samples:
        """`output` with each silence longer than `max_gap_s` cut to that length: a file worth listening to."""
        return self.recording.trimmed(max_gap_s)

    def _due_samples(self, tick: int) -> int:
        """Samples at `rate_hz` of one tick; rates that 50 does not divide take turns."""
        return (tick + 1) * self.rate_hz // 50 - tick * self.rate_hz // 50

    def _pull(self, n_samples: int) -> Samples:
        if self._render is None or self._rests:
            return silence(n_samples)
        block = self._render(n_samples)
        if block.shape != (n_samples,):
            raise AudioError(f"audio: render gave {block.shape} samples, need ({n_samples},); mend the player")
        return block

    def _play(self, tick: int, block: Samples) -> None:
        self.recording.add(block)
        if self._echo is not None and tick > 0:
            self._echo.play(block)


class _Source:
    """Samples in order, then silence for ever: exact zeros, or noise of ±`noise_lsb`, as a real converter gives."""

    def __init__(self, source: Samples | Source, noise_lsb: int) -> None:
        self.given_samples = 0
        self.end_sample: int | None = None
        self._blocks: Iterator[Samples] = (
            stream_audio(source) if isinstance(source, Path | str | HeldFile) else iter((source,))
        )
        self._held = silence(0)
        self._noise_lsb = noise_lsb
        self._noise = np.random.default_rng(0)

    @property
    def ended(self) -> bool:
        return self.end_sample is not None

    def take(self, n_samples: int) -> Samples:
        while self._held.size < n_samples and not self.ended:
            block = next(self._blocks, None)
            if block is None:
                self.end_sample = self.given_samples + self._held.size
            else:
                self._held = np.concatenate((self._held, block))
        chunk, self._held = self._held[:n_samples], self._held[n_samples:]
        self.given_samples += n_samples
        return np.concatenate((chunk, self._quiet(n_samples - chunk.size)))

    def _quiet(self, n_samples: int) -> Samples:
        if self._noise_lsb == 0:
            return silence(n_samples)
        return self._noise.integers(-self._noise_lsb, self._noise_lsb, n_samples, np.int16, endpoint=True)
