"""Another throat for a voice: resonances move, pitch and length stay."""

from __future__ import annotations

import numpy as np
import pytest

from jett.training.augment import RATE_HZ, Signal
from jett.training.throat import other_throat

PITCH_HZ, FORMANT_HZ = 125.0, 1000.0


def _vowel() -> Signal:
    """A hundred harmonics of a voice, loudest near one resonance."""
    at_s = np.arange(RATE_HZ // 2) / RATE_HZ
    harmonics = np.arange(1, 60) * PITCH_HZ
    gains = np.exp(-0.5 * np.square((harmonics - FORMANT_HZ) / 250.0)) + 1e-3
    sound: Signal = (0.1 * gains @ np.sin(2 * np.pi * harmonics[:, None] * at_s)).astype(np.float32)
    return sound


def _spectrum(sound: Signal) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.abs(np.fft.rfft(sound[2000:6000] * np.hanning(4000), 16_000))


def test_the_same_throat_is_the_same_sound() -> None:
    assert np.abs(other_throat(_vowel(), 1.0) - _vowel()).max() < 1e-5


@pytest.mark.parametrize("factor", [0.84, 1.19])
def test_the_resonance_moves_and_the_pitch_stays(factor: float) -> None:
    moved = other_throat(_vowel(), factor)
    assert moved.shape == _vowel().shape
    spectrum = _spectrum(moved)
    hz = np.arange(spectrum.size)
    centre = float((hz * spectrum**2).sum() / (spectrum**2).sum())
    assert centre == pytest.approx(FORMANT_HZ * factor, rel=0.06)
    peaks = hz[np.argsort(spectrum)[-4:]]
    assert np.abs(peaks / PITCH_HZ - np.round(peaks / PITCH_HZ)).max() < 0.05


@pytest.mark.parametrize("size", [0, 1, 511, 513])
def test_any_length_and_silence_stay_as_they_are(size: int) -> None:
    assert not other_throat(np.zeros(size, np.float32), 1.1).any()
