"""From microphone chunks to VAD frames: echo cancelled, kept in the ring, scored in order; or passed over unscored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from jett.core.audio import SAMPLE_RATE_HZ, Samples, level_dbfs, silence
from jett.core.clock import Clock
from jett.core.ports import EchoCanceller, EchoReference, VoiceActivityDetector
from jett.session.audio_ring import AudioRing
from jett.session.resting import RestingDetector
from jett.turns.events import FrameHeard

_CLOCK_WINDOW_CHUNKS = 100
_ECHO_TAIL_SAMPLES = SAMPLE_RATE_HZ * 2
"""2 s: longer than any room rings."""
_HINT = 0.1
"""Below it a frame is no speech whatever the thresholds, and nobody asks whose it is."""
_NEWEST_SAMPLES = SAMPLE_RATE_HZ * 2 // 5
"""Of older frames, from before a rewind, the canceller says nothing."""
_PATIENCE_SAMPLES = SAMPLE_RATE_HZ * 60 // 1_000
"""How long a frame waits for a speaker thread that is late: 60 ms, what the device itself has in store."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One scored frame and its loudness."""

    heard: FrameHeard
    dbfs: float


@dataclass(frozen=True, slots=True)
class Passed:
    """Frames that nobody scored."""

    dbfs: float
    """The loudness of all of them together."""
    span_s: float


class Ears:
    """Feed each chunk to `hear`; read audio by its time from `ring`.

    Who does not listen takes `hear` apart: `take` each chunk, then either `frames`, or `pass_over` and, to hear after
    all what was passed over, `rewind`.
    """

    def __init__(
        self,
        vad: VoiceActivityDetector,
        clock: Clock,
        *,
        canceller: EchoCanceller | None = None,
        reference: EchoReference | None = None,
        capacity_s: float = 120.0,
    ) -> None:
        self.ring = AudioRing(capacity_s)
        self._vad = RestingDetector(vad)
        self._clock = clock
        self._canceller = canceller
        self._reference = reference
        self._near = silence(0)
        self._unscored = silence(0)
        self._scored_samples = 0
        self._offsets_s: list[float] = []
        self._quiet_samples = _ECHO_TAIL_SAMPLES

    def hear(self, chunk: Samples) -> Iterator[Frame]:
        """Take one chunk (16 kHz mono, any size), give the frames that it completes."""
        self.take(chunk)
        yield from self.frames()

    def take(self, chunk: Samples) -> Samples:
        """Take one chunk; what is left of it without echo, which the next frames are made of."""
        clean = self._without_echo(chunk)
        self.ring.write(clean)
        self._note_clock()
        self._unscored = np.concatenate([self._unscored, clean])
        return clean

    def frames(self) -> Iterator[Frame]:
        """The frames that are complete, scored as they are asked for."""
        while (frame := self._next()) is not None:
            probability = self._vad.score(frame, may_rest=self._no_echo)
            if probability >= _HINT and self._is_jetts_own:
                probability = 0.0
            heard = FrameHeard(self._scored_samples / SAMPLE_RATE_HZ, probability, self._echo)
            yield Frame(heard, level_dbfs(frame))

    def pass_over(self) -> Passed | None:
        """All frames that are complete, at once; none of them is scored. None where none is."""
        size = self._unscored.size // self._vad.frame_samples * self._vad.frame_samples
        if not size:
            return None
        passed, self._unscored = self._unscored[:size], self._unscored[size:]
        self._scored_samples += size
        return Passed(level_dbfs(passed), size / SAMPLE_RATE_HZ)

    def rewind(self, from_s: float) -> None:
        """The next frame begins at `from_s`, as far back as the ring holds it, to a detector that has forgotten all."""
        self._unscored = self.ring.read(from_s, self.ring.end_s)
        self._scored_samples = self.ring.end_sample - self._unscored.size
        self._vad.reset()

    def _next(self) -> Samples | None:
        size = self._vad.frame_samples
        if self._unscored.size < size:
            return None
        frame, self._unscored = self._unscored[:size], self._unscored[size:]
        self._scored_samples += size
        return frame

    def monotonic_s(self, audio_s: float) -> float:
        """When the sample at `audio_s` reached the microphone, on the monotonic clock."""
        return audio_s + (min(self._offsets_s) if self._offsets_s else self._clock.now_s())

    def audio_s(self, monotonic_s: float) -> float:
        """The audio clock at a monotonic time."""
        return monotonic_s - self.monotonic_s(0.0)

    @property
    def _echo(self) -> bool:
        return self._canceller is not None and self._canceller.audible

    @property
    def _is_jetts_own(self) -> bool:
        """Whether the frame scored last, which sounds like speech, is a reply that the canceller let through."""
        if self._canceller is None or self._no_echo:
            return False
        return self.ring.end_sample - self._scored_samples < _NEWEST_SAMPLES and self._canceller.lets_through

    @property
    def _no_echo(self) -> bool:
        """Whether nothing was played for so long that no room still rings; where nothing is cancelled there is none."""
        return self._canceller is None or self._quiet_samples > _ECHO_TAIL_SAMPLES

    def _note_clock(self) -> None:
        """Chunks come late, never early: the smallest offset of the last seconds is the truest."""
        self._offsets_s.append(self._clock.now_s() - self.ring.end_s)
        del self._offsets_s[:-_CLOCK_WINDOW_CHUNKS]

    def _without_echo(self, chunk: Samples) -> Samples:
        if self._canceller is None or self._reference is None:
            return chunk
        self._near = np.concatenate([self._near, chunk])
        if self._no_echo and self._reference.skip(self._near.size):
            near, self._near = self._near, silence(0)
            return near
        size = self._canceller.frame_samples
        clean: list[Samples] = []
        while self._near.size >= size:
            if not self._reference.ready(size) and self._near.size <= _PATIENCE_SAMPLES:
                break
            near, self._near = self._near[:size], self._near[size:]
            far = self._reference.take(size)
            self._quiet_samples = 0 if far.any() else self._quiet_samples + size
            # Long after the last echo there is nothing to cancel, and listening to silence should cost little.
            clean.append(near if self._no_echo else self._canceller.process(near, far))
        return np.concatenate(clean) if clean else silence(0)
