"""Audio as Jett passes it between rooms: mono int16 numpy arrays, with the rate said in the name or beside it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]
"""Mono signed 16-bit samples, shape (n,)."""

SAMPLE_RATE_HZ = 16_000
"""The rate of everything that listens: capture, VAD, turn detector, speech-to-text."""

_FULL_SCALE = 32_768.0


def to_float32(samples: Samples) -> NDArray[np.float32]:
    """int16 to float32 in [-1, 1), same shape."""
    scaled: NDArray[np.float32] = samples.astype(np.float32) / np.float32(_FULL_SCALE)
    return scaled


def to_int16(signal: NDArray[np.floating]) -> Samples:
    """Float in [-1, 1] to int16, clipped where it is louder, same shape."""
    clipped: Samples = np.clip(np.rint(signal * _FULL_SCALE), -32_768, 32_767).astype(np.int16)
    return clipped


def level_dbfs(samples: Samples) -> float:
    """RMS level in dB below full scale; -100 for silence or nothing."""
    if samples.size == 0:
        return -100.0
    signal = samples.astype(np.float64)
    power = float(signal @ signal) / signal.size
    return max(-100.0, 10.0 * math.log10(max(power, 1e-18) / _FULL_SCALE**2))


def silence(n_samples: int) -> Samples:
    """Digital silence, shape (n_samples,)."""
    return np.zeros(n_samples, dtype=np.int16)
