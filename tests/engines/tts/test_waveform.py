"""What becomes of a voice model's raw output."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from jett.engines.tts.waveform import finished, pause_s, trimmed

RATE = 24_000


def tone(seconds: float, level: float = 0.5) -> NDArray[np.float32]:
    wave = level * np.sin(2 * np.pi * 220 * np.arange(round(seconds * RATE)) / RATE)
    return wave.astype(np.float32)


def quiet(seconds: float) -> NDArray[np.float32]:
    return np.zeros(round(seconds * RATE), dtype=np.float32)


def test_at_most_ten_milliseconds_of_silence_lead() -> None:
    sound = trimmed(np.concatenate([quiet(0.3), tone(0.5)]), RATE)
    assert np.flatnonzero(np.abs(sound) > 0.01)[0] <= 0.0101 * RATE + RATE * 0.005


def test_the_silence_that_trails_is_the_pause_of_the_mark() -> None:
    raw = np.concatenate([tone(0.5), quiet(0.8)])
    bare, sentence = finished(raw, RATE, ""), finished(raw, RATE, ".")
    assert sentence.size - bare.size == round(pause_s(".") * RATE) - round(pause_s("") * RATE)
    assert bare.size < 0.6 * RATE


@pytest.mark.parametrize("level", [0.2, 0.99, 3.0])
def test_no_level_clips(level: float) -> None:
    assert np.abs(finished(tone(0.3, level), RATE, ".").astype(int)).max() < 32_767


@pytest.mark.parametrize("raw", [quiet(0.0), quiet(0.001), quiet(1.0), np.full(2400, np.nan, dtype=np.float32)])
def test_silence_and_broken_output_give_nothing(raw: NDArray[np.float32]) -> None:
    assert finished(raw, RATE, ".").size == 0


def test_it_starts_and_ends_without_a_click() -> None:
    sound = finished(np.ones(RATE, dtype=np.float32) * 0.5, RATE, "")
    assert sound[0] == 0
    assert sound[-1] == 0
    assert np.abs(np.diff(sound.astype(int))).max() < 1000
