"""Mel features in numpy: Whisper's logarithms of 80 bands, for its encoder and Smart Turn, and the bare power of them.

Not a general spectrogram: 16 kHz, 25 ms Hann windows every 10 ms, Slaney mel bands, as in the Whisper paper
(Radford et al. 2022, section 2.2). Called by `engines.stt.whisper`, `engines.turn.smart_turn`, `engines.speaker.ge2e`.
"""

from __future__ import annotations

from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

HOP_SAMPLES = 160
N_MELS = 80
_WINDOW_SAMPLES = 400
_N_BINS = _WINDOW_SAMPLES // 2 + 1
_RATE_HZ = 16_000

Features = NDArray[np.float32]


def _mel_to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    """Slaney's scale: linear below 1 kHz (200/3 Hz a mel), logarithmic above (27 mels for a factor of 6.4)."""
    linear_hz = mel * (200.0 / 3.0)
    log_hz = 1_000.0 * np.exp((mel - 15.0) * np.log(6.4) / 27.0)
    return np.where(mel < 15.0, linear_hz, log_hz)


@cache
def _filters(bands: int) -> Features:
    """Triangular filters of unit area, shape (bands, _N_BINS)."""
    top_mel = 15.0 + 27.0 * np.log(_RATE_HZ / 2 / 1_000.0) / np.log(6.4)
    corners_hz = _mel_to_hz(np.linspace(0.0, top_mel, bands + 2))
    bins_hz = np.linspace(0.0, _RATE_HZ / 2, _N_BINS)
    low, centre, high = corners_hz[:-2, None], corners_hz[1:-1, None], corners_hz[2:, None]
    rising = (bins_hz - low) / (centre - low)
    falling = (high - bins_hz) / (high - centre)
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return (triangles * 2.0 / (high - low)).astype(np.float32)


@cache
def _window() -> Features:
    return np.hanning(_WINDOW_SAMPLES + 1)[:-1].astype(np.float32)


def mel_power(signal: NDArray[np.float32], *, bands: int, pad: Literal["reflect", "constant"]) -> Features:
    """Power in each band, shape (bands, 1 + n // 160), of `signal` (float32, shape (n,), 16 kHz).

    Frames are centred: `pad` says what lies beyond the ends, the mirrored signal (n at least 201) or silence.
    """
    padded = np.pad(signal, _WINDOW_SAMPLES // 2, mode=pad)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW_SAMPLES)[::HOP_SAMPLES]
    spectrum = np.fft.rfft(frames[: 1 + signal.size // HOP_SAMPLES] * _window(), axis=-1)  # (frames, bins)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    return np.asarray(_filters(bands) @ power.T, dtype=np.float32)


def log_mel(signal: NDArray[np.float32]) -> Features:
    """Log-mel features, shape (80, n // 160), of `signal` (float32, shape (n,), 16 kHz), scaled as Whisper expects.

    Frames are centred, with the signal mirrored at its ends; n must be at least 201.
    """
    power = mel_power(signal, bands=N_MELS, pad="reflect")[:, : signal.size // HOP_SAMPLES]
    bands = np.log10(np.maximum(power, 1e-10))  # (80, frames)
    floored = np.maximum(bands, bands.max() - 8.0)
    return np.ascontiguousarray((floored + 4.0) / 4.0, dtype=np.float32)
