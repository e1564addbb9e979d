"""Speech of any length to text, stretch by stretch, as it comes: for programs that hand over sound, not for turns.

A stretch ends in a pause, so that each call of the engine is short and others' turns come in between. Where nobody
speaks the engine is not asked, since it would make something up. Called by the HTTP API and by Wyoming.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Iterator
from dataclasses import dataclass

import anyio.to_thread
import numpy as np

from jett.core.audio import SAMPLE_RATE_HZ, Samples, silence
from jett.core.ports import VoiceActivityDetector
from jett.session.seats import Seat

NEEDED_IN_S = 2.0
"""Nobody listens to the pauses of a program: whoever speaks with Jett goes first."""
_SPEECH = 0.5
_PAUSE_S = 0.5
_LEAST_S = 5.0
"""Shorter stretches are heard worse: the engine knows less of what it is about."""
_MOST_S = 27.0
_SEARCH_S = 8.0
_MARGIN_S = 0.3
"""Kept around speech; a stretch that begins with a word gets as much silence before it."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Speech between two times of the sound, 16 kHz."""

    start_s: float
    end_s: float
    samples: Samples


@dataclass(frozen=True, slots=True)
class Heard:
    """What was said in a stretch. `mean_logprob` and `no_speech_probability` as in Transcript."""

    start_s: float
    end_s: float
    text: str
    mean_logprob: float = 0.0
    no_speech_probability: float = 0.0


class Stretches:
    """Feed it sound (16 kHz, any size); it gives the stretches of speech that are complete."""

    def __init__(self, vad: VoiceActivityDetector) -> None:
        self._vad = vad
        self._held = silence(0)
        self._scores: list[float] = []
        self._start = 0

    @property
    def seconds(self) -> float:
        """Of sound that was fed."""
        return (self._start + self._held.size) / SAMPLE_RATE_HZ

    def feed(self, block: Samples) -> Iterator[Stretch]:
        """Blocks for some ten milliseconds a second of sound: call it in a thread."""
        self._held = np.concatenate([self._held, block])
        size = self._vad.frame_samples
        while (len(self._scores) + 1) * size <= self._held.size:
            at = len(self._scores) * size
            self._scores.append(self._vad.score(self._held[at : at + size]))
            yield from self._complete()

    def finish(self) -> Iterator[Stretch]:
        """What is left."""
        spoken = self._spoken()
        if spoken:
            yield self._stretch(spoken[0], spoken[-1])

    def _complete(self) -> Iterator[Stretch]:
        spoken, frames = self._spoken(), len(self._scores)
        if not spoken:
            self._drop(max(0, frames - self._frames(_MARGIN_S) - 1))
        elif frames - 1 - spoken[-1] >= self._frames(_PAUSE_S) and spoken[-1] - spoken[0] >= self._frames(_LEAST_S):
            yield self._stretch(spoken[0], spoken[-1])
            self._drop(spoken[-1] + self._frames(_MARGIN_S))
        elif frames >= self._frames(_MOST_S):
            search = self._frames(_SEARCH_S)
            cut = frames - search + int(np.argmin(self._scores[-search:]))
            yield self._stretch(spoken[0], cut)
            self._drop(cut)

    def _spoken(self) -> list[int]:
        return [frame for frame, score in enumerate(self._scores) if score >= _SPEECH]

    def _stretch(self, first: int, last: int) -> Stretch:
        """Frames `first` to `last` with a margin."""
        size, margin = self._vad.frame_samples, round(_MARGIN_S * SAMPLE_RATE_HZ)
        begin, end = first * size - margin, min(self._held.size, (last + 1) * size + margin)
        samples = np.concatenate([silence(max(0, -begin)), self._held[max(0, begin) : end]])
        return Stretch((self._start + first * size) / SAMPLE_RATE_HZ, (self._start + end) / SAMPLE_RATE_HZ, samples)

    def _drop(self, frames: int) -> None:
        self._held, self._scores = self._held[frames * self._vad.frame_samples :], self._scores[frames:]
        self._start += frames * self._vad.frame_samples

    def _frames(self, seconds: float) -> int:
        return round(seconds * SAMPLE_RATE_HZ / self._vad.frame_samples)


async def dictated(seat: Seat, blocks: AsyncIterable[Samples]) -> AsyncGenerator[Heard, None]:
    """What is said in `blocks` (16 kHz), secrets taken out, while it comes. Raises SpeechToTextError."""
    stretches = Stretches(seat.parts.vad)
    async for block in blocks:
        for stretch in await anyio.to_thread.run_sync(list, stretches.feed(block)):
            async for heard in _heard(seat, stretch):
                yield heard
    for stretch in stretches.finish():
        async for heard in _heard(seat, stretch):
            yield heard


async def _heard(seat: Seat, stretch: Stretch) -> AsyncGenerator[Heard, None]:
    """Its text, where there is one."""
    found = await seat.workers.stt.within(NEEDED_IN_S).call(seat.parts.stt.transcribe, stretch.samples)
    text = seat.parts.redact(found.text)
    if text:
        yield Heard(stretch.start_s, stretch.end_s, text, found.mean_logprob, found.no_speech_probability)
