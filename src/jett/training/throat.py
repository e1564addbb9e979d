"""A voice with another throat: the resonances moved, the pitch and the pace kept."""

from __future__ import annotations

import numpy as np

from jett.training.augment import Signal

_SIZE, _HOP = 512, 128
_LIFTER = 26
"""Of the cepstrum, what is smoother than this is the throat; the rest is the pitch."""
_MOST = 6.0
"""Nepers by which a band may be raised or lowered."""


def other_throat(signal: Signal, factor: float) -> Signal:
    """`signal` (16 kHz) with its formants at `factor` times their frequency; the same shape.

    The smooth envelope of each short spectrum, found by its cepstrum, is stretched along the frequencies, as vocal
    tract length perturbation does (Jaitly and Hinton, 2013).
    """
    padded = np.pad(signal, (_SIZE, _SIZE))
    starts = np.arange(0, padded.size - _SIZE + 1, _HOP)
    window = np.hanning(_SIZE + 1)[:-1].astype(np.float32)
    spectra = np.fft.rfft(padded[starts[:, None] + np.arange(_SIZE)] * window, axis=1)
    cepstra = np.fft.irfft(np.log(np.abs(spectra) + 1e-5), axis=1)
    cepstra[:, _LIFTER : _SIZE - _LIFTER + 1] = 0
    envelopes = np.fft.rfft(cepstra, axis=1).real
    from_bin = np.clip(np.arange(_SIZE // 2 + 1) / factor, 0, _SIZE // 2)
    low = from_bin.astype(int)
    share = from_bin - low
    moved = envelopes[:, low] * (1 - share) + envelopes[:, np.minimum(low + 1, _SIZE // 2)] * share
    frames = np.fft.irfft(spectra * np.exp(np.clip(moved - envelopes, -_MOST, _MOST)), _SIZE, axis=1) * window
    sound, weight = np.zeros(padded.size), np.zeros(padded.size)
    for start, frame in zip(starts, frames, strict=True):
        sound[start : start + _SIZE] += frame
        weight[start : start + _SIZE] += np.square(window)
    return (sound / np.maximum(weight, 1e-3))[_SIZE : _SIZE + signal.size].astype(np.float32)
