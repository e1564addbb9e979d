"""Copies of a clip: nothing is lost, nothing is louder than it can be, and a call ends where it should."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jett.training.augment import (
    CLEAN,
    Harm,
    Signal,
    coloured_noise,
    harmed,
    room_response,
    speech_edges,
    stretched,
    through,
)
from jett.training.scenes import CALL_WINDOWS, FRAME, WINDOW, Sounds, babble, call, stretch


def _tone(seconds: float = 0.5, hz: float = 440.0) -> Signal:
    at_s = np.arange(round(seconds * 16_000)) / 16_000
    return (0.3 * np.sin(2 * np.pi * hz * at_s)).astype(np.float32)


SOUNDS = Sounds(noises=[_tone(3.0, 97.0)], rooms=[room_response(np.random.default_rng(0))], speech=[_tone(1.0, 300.0)])


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_a_harmed_signal_is_finite_in_range_and_as_long(seed: int) -> None:
    heard = harmed(_tone(1.0), Harm(), np.random.default_rng(seed), SOUNDS.noises, SOUNDS.rooms)
    assert heard.shape == (16_000,)
    assert heard.dtype == np.float32
    assert np.isfinite(heard).all()
    assert 0.003 < np.abs(heard).max() <= 1.0


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_a_call_ends_where_its_windows_end(seed: int) -> None:
    scene = call(_tone(0.6), Sounds(), CLEAN, np.random.default_rng(seed))
    assert scene.shape == (WINDOW + (CALL_WINDOWS - 1) * FRAME,)
    end = np.flatnonzero(np.abs(scene) > 0.5 * np.abs(scene).max())[-1]  # louder than the microphone's own noise
    assert WINDOW - FRAME - 160 <= end <= WINDOW + 480 + 160


def test_what_follows_a_call_is_heard_after_it() -> None:
    loud_after = [
        np.abs(call(_tone(0.6), SOUNDS, CLEAN, np.random.default_rng(seed))[WINDOW + 1_500 :]).max() > 0.02
        for seed in range(40)
    ]
    assert 4 <= sum(loud_after) <= 36


def test_a_stretch_holds_all_clips() -> None:
    clips = [_tone(0.4), _tone(0.7)]
    heard = stretch(clips, Sounds(), CLEAN, np.random.default_rng(1))
    assert heard.size > sum(clip.size for clip in clips)
    assert np.count_nonzero(np.abs(heard) > 0.02) > 0.8 * sum(clip.size for clip in clips)


def test_a_room_begins_with_the_direct_sound_and_decays() -> None:
    for seed in range(5):
        response = room_response(np.random.default_rng(seed))
        assert response[0] > 0.5
        half = response.size // 2
        assert np.square(response[half:]).sum() < np.square(response[:half]).sum()
        wet = through(_tone(), response)
        assert wet.shape == _tone().shape


@pytest.mark.parametrize("factor", [0.85, 1.0, 1.15])
def test_faster_is_shorter_and_higher(factor: float) -> None:
    changed = stretched(_tone(), factor)
    assert changed.size == pytest.approx(8_000 / factor, abs=1)
    peak_hz = np.abs(np.fft.rfft(changed)).argmax() * 16_000 / changed.size
    assert peak_hz == pytest.approx(440.0 * factor, rel=0.02)


def test_noise_has_the_level_that_was_asked_for() -> None:
    noise = coloured_noise(16_000, np.random.default_rng(3))
    assert np.sqrt(np.square(noise).mean()) == pytest.approx(1.0, rel=1e-3)


def test_edges_leave_the_silence_out_and_silence_has_none() -> None:
    padded = np.concatenate([np.zeros(1600, np.float32), _tone(), np.zeros(3200, np.float32)])
    start, end = speech_edges(padded)
    assert start == pytest.approx(1600, abs=80)
    assert end == pytest.approx(9600, abs=80)
    assert speech_edges(np.zeros(1600, np.float32)) == (0, 0)


def test_no_babble_without_speech() -> None:
    assert babble([], np.random.default_rng(0)) == []
    assert len(babble([_tone()], np.random.default_rng(0), count=3)) == 3
