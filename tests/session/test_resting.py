"""A detector that rests in silence hears what the one it spares hears."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jett.core.audio import SAMPLE_RATE_HZ, Samples, silence
from jett.engines.vad.silero import SileroVoiceActivityDetector
from jett.models.store import Store
from jett.session.resting import RestingDetector
from tests.system.recordings import clip

SIZE = 512
TWO_SECONDS = 2 * SAMPLE_RATE_HZ // SIZE


class Counted:
    """Says of each frame how loud it is, 0 to 1, and counts them."""

    frame_samples = SIZE

    def __init__(self) -> None:
        self.scored: list[float] = []

    def score(self, frame: Samples) -> float:
        self.scored.append(float(np.abs(frame).max()) / 32_768)
        return self.scored[-1]

    def reset(self) -> None:
        """Keeps its count."""


def _noise(n_samples: int, lsb: int, seed: int = 0) -> Samples:
    return np.random.default_rng(seed).integers(-lsb, lsb, n_samples, np.int16, endpoint=True)


def _frames(sound: Samples) -> list[Samples]:
    return list(sound[: sound.size // SIZE * SIZE].reshape(-1, SIZE))


def test_it_rests_after_two_seconds_of_the_same_noise() -> None:
    inner = Counted()
    resting = RestingDetector(inner)
    for frame in _frames(_noise(10 * SAMPLE_RATE_HZ, 4)):
        assert resting.score(frame) < 0.1
    assert len(inner.scored) == TWO_SECONDS


def test_the_frame_that_ends_a_rest_is_scored_at_once_and_after_the_ones_before_it() -> None:
    inner = Counted()
    resting = RestingDetector(inner)
    for frame in _frames(_noise(5 * SAMPLE_RATE_HZ, 4)):
        resting.score(frame)
    before = len(inner.scored)
    assert resting.score(np.full(SIZE, 16_384, np.int16)) == 0.5
    assert len(inner.scored) == before + 9
    assert inner.scored[-1] == 0.5


@given(levels=st.lists(st.sampled_from([1, 3_000, 4_000, 20_000]), min_size=1, max_size=150))
@settings(max_examples=100, deadline=None)
def test_whatever_is_louder_than_the_room_has_the_score_of_the_spared_detector(levels: list[int]) -> None:
    """And nothing rests within two seconds of a hint of speech."""
    resting = RestingDetector(Counted())
    since_hint = 0
    for level in [1] * TWO_SECONDS + levels:
        score = resting.score(np.full(SIZE, level, np.int16))
        if level > 1 or since_hint < TWO_SECONDS:
            assert score == level / 32_768
        else:
            assert score == 0.0
        since_hint = since_hint + 1 if level / 32_768 < 0.1 else 0


def test_nothing_rests_where_it_may_not() -> None:
    """While Jett speaks, or has just spoken."""
    inner = Counted()
    resting = RestingDetector(inner)
    frames = _frames(_noise(5 * SAMPLE_RATE_HZ, 4))
    for frame in frames:
        resting.score(frame, may_rest=False)
    assert len(inner.scored) == len(frames)


def test_reset_begins_anew() -> None:
    inner = Counted()
    resting = RestingDetector(inner)
    for frame in _frames(silence(5 * SAMPLE_RATE_HZ)):
        resting.score(frame)
    resting.reset()
    scored = len(inner.scored)
    resting.score(silence(SIZE))
    assert len(inner.scored) == scored + 1


@pytest.mark.models
@pytest.mark.parametrize("name", ["drip_coffee", "dark_roast_cappuccino", "house_coffee"])
def test_a_request_after_a_rest_begins_and_ends_with_the_frames_it_has_without_one(store: Store, name: str) -> None:
    """A real recording after ten seconds of a converter's noise; a frame is 32 ms."""
    sound = np.concatenate([_noise(10 * SAMPLE_RATE_HZ, 2), clip(name), _noise(SAMPLE_RATE_HZ, 2, seed=1)])
    silero = SileroVoiceActivityDetector(store.file("silero-vad"))
    plain = np.array([silero.score(frame) for frame in _frames(sound)]) >= 0.5
    resting = RestingDetector(SileroVoiceActivityDetector(store.file("silero-vad")))
    rested = np.array([resting.score(frame) for frame in _frames(sound)]) >= 0.5
    for found, expected in ((rested.argmax(), plain.argmax()), (rested[::-1].argmax(), plain[::-1].argmax())):
        assert abs(int(found) - int(expected)) <= 1
