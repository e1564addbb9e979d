"""Sample rate conversion of mono int16: one-shot and streamed by soxr, and a live converter with almost no delay.

What it is not: channel mixing or decoding (`files.py`). Called by everything in this room and by the speaker's users.

Two streams, because delay has a price. soxr filters in blocks and holds back 37 ms of 48 kHz -> 16 kHz (its LQ 20 ms
and cuts at 6.5 kHz); that is nothing for a file and a lot for a microphone. miniaudio's own converter has no delay but
lets 9 kHz through at -6 dB as an alias. `LiveResampler` is a windowed-sinc polyphase filter: 1.7 ms of look-ahead, flat
to 6.7 kHz, aliases below -70 dB.
"""

from __future__ import annotations

from math import gcd

import numpy as np
import soxr
from numpy.typing import NDArray

from jett.core.audio import Samples
from jett.core.errors import AudioError

_RATES_HZ = (1_000, 768_000)
_STOP_BAND_DB = 70.0
_TRANSITION = 0.08
"""Width of the slope that ends at half the lower rate, as a share of that rate: flat to 6.7 of 16 kHz."""

_AT_ONCE = 320
"""Outputs whose windows are copied at once: with four times as many the copies leave the cache, at fivefold cost
(benchmarks/LOG.md, "Asleep")."""


def resample(samples: Samples, from_hz: int, to_hz: int) -> Samples:
    """All of `samples` at `to_hz`, shape (round(n * to_hz / from_hz),) within one sample. Raises AudioError."""
    _check(from_hz, to_hz)
    if from_hz == to_hz or samples.size == 0:
        return samples
    converted: Samples = soxr.resample(samples, from_hz, to_hz)
    return converted


class FileResampler:
    """soxr as a stream: the best quality, some 40 ms late. Ends with `finish`."""

    def __init__(self, from_hz: int, to_hz: int) -> None:
        _check(from_hz, to_hz)
        self._soxr = soxr.ResampleStream(from_hz, to_hz, 1, dtype="int16") if from_hz != to_hz else None

    def push(self, samples: Samples) -> Samples:
        """What can be said so far, any length."""
        return self._run(samples, last=False)

    def finish(self) -> Samples:
        """The rest; nothing may be pushed after it."""
        return self._run(np.zeros(0, np.int16), last=True)

    def _run(self, samples: Samples, *, last: bool) -> Samples:
        if self._soxr is None:
            return samples
        converted: Samples = self._soxr.resample_chunk(samples, last=last)
        return converted


class LiveResampler:
    """A stream 1.7 ms behind (3.4 from 8 kHz); output sample j lies at time j / to_hz of the input, exactly."""

    def __init__(self, from_hz: int, to_hz: int) -> None:
        _check(from_hz, to_hz)
        common = gcd(from_hz, to_hz)
        self._up, self._down = to_hz // common, from_hz // common
        self._bank = _polyphase_bank(from_hz, to_hz, self._up)
        self._half = self._bank.shape[1] // 2
        self._held = np.zeros(self._half, np.float32)
        """Input not yet forgotten; its first sample lies `_half` before the next output's own."""
        self._phase = 0
        """Where the next output lies past `_held[_half]`, in 1/up of an input sample."""

    @property
    def look_ahead_samples(self) -> int:
        """Input samples that are held back."""
        return self._half if self._up != self._down else 0

    def push(self, samples: Samples) -> Samples:
        """All output whose input is there, shape (about n * to_hz / from_hz,)."""
        if self._up == self._down:
            return samples
        held = np.concatenate((self._held, samples.astype(np.float32)))
        taps = self._bank.shape[1]
        ready = held.size - taps + 1
        if ready <= 0:
            self._held = held
            return np.zeros(0, np.int16)
        count = (ready * self._up - self._phase + self._down - 1) // self._down
        at = self._phase + np.arange(count + 1, dtype=np.int64) * self._down
        first, phase = at // self._up, at % self._up
        windows = np.lib.stride_tricks.sliding_window_view(held, taps)
        if self._up == 1:  # every output has the same filter, and nothing need be copied
            signal = np.einsum("nt,t->n", windows[first[0] : first[-1] : self._down], self._bank[0])
        else:
            signal = np.empty(count, np.float32)
            for start in range(0, count, _AT_ONCE):
                some = slice(start, min(start + _AT_ONCE, count))
                np.einsum("nt,nt->n", windows[first[some]], self._bank[phase[some]], out=signal[some])
        self._held, self._phase = held[first[-1] :], int(phase[-1])
        return _rounded(signal)

    def finish(self) -> Samples:
        """The output of what was held back."""
        return self.push(np.zeros(self.look_ahead_samples, np.int16))


def _polyphase_bank(from_hz: int, to_hz: int, up: int) -> NDArray[np.float32]:
    """Kaiser-windowed sinc filters, shape (up, taps), one row for each place of an output between two inputs."""
    lower_hz = min(from_hz, to_hz)
    width = 2 * _TRANSITION * lower_hz / from_hz
    cut = (0.5 - _TRANSITION / 2) * lower_hz / from_hz
    half = int(np.ceil((_STOP_BAND_DB - 8) / (2.285 * 2 * np.pi * width))) or 1
    offsets = np.arange(-half, half + 1)[None, :] - np.arange(up)[:, None] / up
    beta = 0.1102 * (_STOP_BAND_DB - 8.7)
    inside = np.clip(1 - np.square(offsets / (half + 1)), 0, None)
    bank = 2 * cut * np.sinc(2 * cut * offsets) * np.i0(beta * np.sqrt(inside)) / np.i0(beta)
    even: NDArray[np.float32] = (bank / bank.sum(axis=1, keepdims=True)).astype(np.float32)
    return even


def _rounded(signal: NDArray[np.floating]) -> Samples:
    rounded: Samples = np.clip(np.rint(signal), -32_768, 32_767).astype(np.int16)
    return rounded


def _check(from_hz: int, to_hz: int) -> None:
    low, high = _RATES_HZ
    for rate_hz in (from_hz, to_hz):
        if not low <= rate_hz <= high:
            raise AudioError(f"audio: a sample rate of {rate_hz} Hz, allowed {low} to {high} Hz; use another device")
