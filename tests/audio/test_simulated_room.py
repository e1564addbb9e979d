"""The echo of a room, block by block, against the whole convolution at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jett.audio.files import read_audio
from jett.audio.simulated_room import EchoPath
from jett.core.audio import silence
from jett.core.errors import AudioError

ROOM = Path(__file__).parents[1] / "data" / "audio" / "room_seminar.flac"


@given(sizes=st.lists(st.integers(1, 700), min_size=2, max_size=12), delay_samples=st.integers(700, 2_000))
@settings(max_examples=30, deadline=None)
def test_blocks_of_any_size_add_up_to_one_convolution(sizes: list[int], delay_samples: int) -> None:
    response = np.random.default_rng(4).normal(size=800) * np.exp(-np.arange(800) / 200)
    played = np.random.default_rng(5).integers(-3_000, 3_000, sum(sizes)).astype(np.int16)
    room = EchoPath(response, rate_hz=16_000, delay_s=delay_samples / 16_000)
    heard = []
    for block in np.split(played, np.cumsum(sizes)[:-1]):
        heard.append(room.hear(silence(block.size)))
        room.play(block)
    whole = np.convolve(played, response / np.sqrt(np.sum(response**2)))
    expected = np.concatenate((np.zeros(sizes[0] + delay_samples), whole))[: played.size]
    assert np.max(np.abs(np.concatenate(heard) - expected)) <= 1


def test_a_real_rooms_echo_is_as_loud_as_its_gain_says() -> None:
    room = EchoPath(ROOM, rate_hz=24_000, gain=0.1)
    played = np.random.default_rng(6).normal(0, 3_000, 24_000 * 3).astype(np.int16)
    heard = []
    for block in np.split(played, 150):
        heard.append(room.hear(silence(320)))
        room.play(block)
    echo = np.concatenate(heard)[16_000:]
    # 24 kHz noise loses the third above 8 kHz on its way into the room; the room colours the rest.
    assert 150 < np.std(echo) < 350


def test_the_speakers_voice_stays_under_the_echo() -> None:
    near = np.random.default_rng(7).integers(-900, 900, 320).astype(np.int16)
    room = EchoPath(np.ones(1), rate_hz=16_000)
    np.testing.assert_array_equal(room.hear(near), near)


def test_a_silent_or_stereo_response_and_too_short_a_delay_are_refused() -> None:
    with pytest.raises(AudioError, match="need mono that is not silent"):
        EchoPath(np.zeros(10))
    with pytest.raises(AudioError, match="need mono that is not silent"):
        EchoPath(np.ones((10, 2)))
    with pytest.raises(AudioError, match=r"echo delay of 0\.001 s"):
        EchoPath(np.ones(10), delay_s=0.001)


def test_the_room_of_the_tests_is_readable() -> None:
    assert read_audio(ROOM).size == 16_000
