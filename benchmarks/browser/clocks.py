"""What a page heard and what it played, on one clock: the audio context's count of samples. Pure.

    clip      ……said……|                         the true end of speech, on the clip alone
    heard     ……………………said……|                   the same end, found by its likeness
    context   ──────────────▲──────────▲──────  its frame, and that of the first sample of the reply

A page's own clock begins when it likes, and a browser's false microphone too: so the end of speech is looked for in
what the microphone brought.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from jett.core.audio import SAMPLE_RATE_HZ, Samples

ALIKE = 0.25
"""Least likeness of a recording and what the page heard of it: most are 0.4 to 0.85, another recording is 0.1."""
_QUANTUM = 128
_RESAMPLER_S = 0.001
"""By how much the capture worklet's resampler holds back what it was given."""
_TAIL_S = 1.0
_NEIGHBOURS = 25
"""Pieces (half a second), to either side."""
_QUIET_S = 0.1
_BEFORE_S = 0.1


@dataclass(frozen=True, slots=True)
class Heard:
    """What the microphone brought: 16 kHz, in pieces of `piece_samples`, each with the context's count at its end."""

    sound: Samples
    frames: NDArray[np.int64]
    piece_samples: int
    context_hz: int

    @classmethod
    def of(cls, told: dict[str, Any]) -> Self:
        """From `window.__jett.captured()`."""
        frames = np.array(told["frames"], dtype=np.int64)
        return cls(_samples(told["pcm16"]), frames, int(told["piece_samples"]), int(told["context_hz"]))

    def frame_of(self, sample: int) -> float:
        """The context's frame at which `sample` (of `sound`) came to the page.

        A piece is stamped with the end of the quantum in which it was filled, up to 127 frames late; of its neighbours
        one is at most half as late (pieces of 960 frames have two places in quanta of 128): 1.3 ms.
        """
        ratio = self.context_hz / SAMPLE_RATE_HZ
        piece = min(sample // self.piece_samples, self.frames.size - 1)
        near = np.arange(max(0, piece - _NEIGHBOURS), min(self.frames.size, piece + _NEIGHBOURS + 1))
        zeros = self.frames[near] - (near + 1) * self.piece_samples * ratio
        zero = min(float(each) for each in zeros if abs(each - zeros[near == piece][0]) <= _QUANTUM)
        return zero + sample * ratio - _RESAMPLER_S * self.context_hz


@dataclass(frozen=True, slots=True)
class Played:
    """What went to the output, from the context's `frame` on."""

    sound: Samples
    frame: int
    hz: int

    @classmethod
    def of(cls, told: dict[str, Any]) -> Self:
        """From `window.__jett.recording()`."""
        return cls(_samples(told["pcm16"]), int(told["frame"]), int(told["hz"]))

    def silenced_ms(self, asked_frame: int) -> float | None:
        """From `asked_frame` to the last sample that is not silence, of what sounded then; None when nothing did."""
        at = asked_frame - self.frame
        sounds = np.flatnonzero(self.sound)
        before = sounds[sounds < at]
        if not before.size or at - before[-1] > _BEFORE_S * self.hz:
            return None
        after = sounds[sounds >= at]
        if not after.size or after[0] - before[-1] > _QUIET_S * self.hz:
            return 0.0
        pauses = np.flatnonzero(np.diff(after) > _QUIET_S * self.hz)
        last = after[pauses[0]] if pauses.size else after[-1]
        return round(float(last + 1 - at) / self.hz * 1000, 1)


def end_of_speech(heard: Samples, clip: Samples, true_end_s: float) -> tuple[int, float]:
    """The sample of `heard` that is the true end of the clip's speech, and how alike the two are there, 0 to 1."""
    end = round(true_end_s * SAMPLE_RATE_HZ)
    said = clip[max(0, end - round(_TAIL_S * SAMPLE_RATE_HZ)) : end]
    at, alike = located(heard, said)
    return at + said.size, alike


def located(heard: Samples, said: Samples) -> tuple[int, float]:
    """Where in `heard` it is most like `said`, however loud: the largest normalised cross-correlation.

    Of the differences from sample to sample: the browser's cleaning moves and drops what is lowest in pitch, and that
    is also what is loudest.
    """
    if said.size == 0 or heard.size < said.size:
        return 0, 0.0
    size = 1 << (heard.size + said.size - 1).bit_length()
    whole, part = (np.diff(each.astype(np.float64), prepend=0.0) for each in (heard, said))
    places = heard.size - said.size + 1
    products = np.fft.irfft(np.fft.rfft(whole, size) * np.conj(np.fft.rfft(part, size)), size)[:places]
    sums = np.concatenate(([0.0], np.cumsum(whole**2)))
    energies = np.maximum(sums[said.size :] - sums[:places], said.size)  # less than one step of 16 bits is no sound
    alike = products / np.sqrt(energies * max(1.0, float((part**2).sum())))
    at = int(alike.argmax())
    return at, float(alike[at])


def first_after(frames: list[int], end_frame: float) -> int | None:
    """The first of the replies that began after the end of speech; one before it cut the speaker off."""
    return min((frame for frame in frames if frame >= end_frame), default=None)


def _samples(pcm16: str) -> Samples:
    return np.frombuffer(base64.b64decode(pcm16), "<i2").astype(np.int16)
