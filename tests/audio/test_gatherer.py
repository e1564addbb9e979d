"""Blocks of a device gathered into chunks: the same sound, whatever is wanted at once and however that changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jett.audio.device_microphone import Gatherer
from jett.audio.resample import LiveResampler
from jett.core.audio import SAMPLE_RATE_HZ, Samples


def noise(n_samples: int) -> Samples:
    return np.random.default_rng(n_samples).integers(-9_000, 9_000, n_samples).astype(np.int16)


@given(
    rate_hz=st.sampled_from([8_000, 16_000, 44_100, 48_000]),
    blocks=st.lists(st.tuples(st.integers(1, 1_500), st.integers(0, 2_000)), min_size=1, max_size=30),
)
@settings(max_examples=60, deadline=None)
def test_nothing_is_lost_or_changed_whatever_is_wanted_at_once(rate_hz: int, blocks: list[tuple[int, int]]) -> None:
    sound = noise(sum(size for size, _ in blocks))
    gatherer, chunks, at = Gatherer(), [], 0
    for size, least_samples in blocks:
        gatherer.least_samples = least_samples
        chunks.append(gatherer.push(sound[at : at + size], rate_hz))
        at += size
    chunks.append(gatherer.end())
    np.testing.assert_array_equal(np.concatenate(chunks), LiveResampler(rate_hz, SAMPLE_RATE_HZ).push(sound))


@pytest.mark.parametrize("rate_hz", [16_000, 44_100, 48_000])
def test_what_is_wanted_comes_with_the_block_that_completes_it(rate_hz: int) -> None:
    gatherer, period = Gatherer(), rate_hz // 50
    gatherer.least_samples = 1280
    sizes = [gatherer.push(noise(period), rate_hz).size for _ in range(40)]
    assert [size > 0 for size in sizes] == [False, False, False, True] * 10
    assert all(size == 1280 for size in sizes[7::4])


def test_with_the_next_block_comes_what_was_held_back_where_nothing_more_is_waited_for() -> None:
    gatherer = Gatherer()
    gatherer.least_samples = 1280
    assert gatherer.push(noise(320), 16_000).size == 0
    gatherer.least_samples = 0
    assert gatherer.push(noise(320), 16_000).size == 640


def test_a_stream_of_another_rate_begins_anew() -> None:
    gatherer = Gatherer()
    gatherer.push(noise(960), 48_000)
    assert gatherer.end().size == 0
    np.testing.assert_array_equal(gatherer.push(noise(320), 16_000), noise(320))
