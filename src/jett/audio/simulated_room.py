"""A loudspeaker, a room and a microphone in numbers: what is played comes back later, quieter and reverberant.

For echo tests and benchmarks through `FileDuplex`; no part of a conversation on real devices.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jett.audio.files import read_audio
from jett.audio.resample import LiveResampler
from jett.core.audio import SAMPLE_RATE_HZ, Samples
from jett.core.errors import AudioError

DELAY_S = 0.040
"""Device buffers and air between a rendered sample and its echo, on a usual desktop."""
_ROUNDING_S = 0.001
"""Slack for rates whose blocks are not all of one length."""


class EchoPath:
    """Adds the echo of what was played to what a microphone hears, sample by sample on one clock.

    `response` is a room's impulse response at 16 kHz (array or file), scaled here to unit energy, so that `gain` is
    about the level of the echo against what was played. `rate_hz` is that of what is played.
    """

    def __init__(
        self,
        response: NDArray[np.floating] | Samples | Path | str,
        *,
        rate_hz: int = 24_000,
        delay_s: float = DELAY_S,
        gain: float = 1.0,
    ) -> None:
        self.rate_hz = rate_hz
        self._response = _unit_energy(response) * gain
        self._resampler = LiveResampler(rate_hz, SAMPLE_RATE_HZ)
        self._delay_samples = round(delay_s * SAMPLE_RATE_HZ)
        look_ahead_s = self._resampler.look_ahead_samples / rate_hz
        if delay_s < look_ahead_s + _ROUNDING_S:
            raise AudioError(f"audio: an echo delay of {delay_s} s, need {look_ahead_s + _ROUNDING_S:.4f} s; raise it")
        self._spectra: dict[int, NDArray[np.complex128]] = {}
        """The response in the frequency domain, by length of transform."""
        self._heard = 0
        self._played: int | None = None
        """Position (16 kHz) of the next played sample; the first lies where the microphone is then."""
        self._coming = np.zeros(0, np.float64)
        """The echo from position `_heard` on, as far as it is known."""

    def play(self, block: Samples) -> None:
        """`block` (at `rate_hz`) begins to sound where the last one ended."""
        dry = self._resampler.push(block)
        if self._played is None:
            self._played = self._heard
        start = self._played + self._delay_samples - self._heard
        self._played += dry.size
        if dry.any():
            self._add(self._reverberated(dry), start)

    def jump(self, later_s: float) -> None:
        """What is played from now on comes `later_s` later than it would have, or earlier: a buffer ran dry.

        Earlier, it overlaps for so long with what was played before, which a device would leave out.
        """
        if self._played is None:
            self._played = self._heard
        self._played += round(later_s * SAMPLE_RATE_HZ)

    def hear(self, near: Samples) -> Samples:
        """`near` (16 kHz) with the echo on top, clipped, same shape."""
        echo = self._coming[: near.size]
        self._coming = self._coming[near.size :]
        self._heard += near.size
        heard = near.astype(np.float64)
        heard[: echo.size] += echo
        return np.clip(np.rint(heard), -32_768, 32_767).astype(np.int16)

    def _reverberated(self, dry: Samples) -> NDArray[np.float64]:
        """Linear convolution with the response, shape (dry.size + response.size - 1,)."""
        length = dry.size + self._response.size - 1
        n_fft = 1 << (length - 1).bit_length()
        if n_fft not in self._spectra:
            self._spectra[n_fft] = np.fft.rfft(self._response, n_fft)
        wet: NDArray[np.float64] = np.fft.irfft(
            np.fft.rfft(dry.astype(np.float64), n_fft) * self._spectra[n_fft], n_fft
        )
        return wet[:length]

    def _add(self, wet: NDArray[np.float64], start: int) -> None:
        wet, start = wet[max(0, -start) :], max(0, start)  # what should have been heard already is lost
        missing = start + wet.size - self._coming.size
        if missing > 0:
            self._coming = np.concatenate((self._coming, np.zeros(missing)))
        self._coming[start : start + wet.size] += wet


def _unit_energy(response: NDArray[np.floating] | Samples | Path | str) -> NDArray[np.float64]:
    taps = read_audio(response) if isinstance(response, Path | str) else response
    energy = float(np.sqrt(np.sum(np.square(taps.astype(np.float64)))))
    if taps.ndim != 1 or energy == 0.0:
        raise AudioError(f"audio: a room response of shape {taps.shape}, need mono that is not silent; give another")
    scaled: NDArray[np.float64] = taps.astype(np.float64) / energy
    return scaled
