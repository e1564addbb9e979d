"""Sample rates: lengths, levels and what is held back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jett.audio.resample import FileResampler, LiveResampler, resample
from jett.core.audio import Samples
from jett.core.errors import AudioError

RATES = st.sampled_from([8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000, 192_000])
SIZES = st.lists(st.integers(0, 3_000), min_size=1, max_size=12)


def tone(frequency_hz: float, rate_hz: int, seconds: float = 1.0, amplitude: float = 10_000) -> Samples:
    at_s = np.arange(round(seconds * rate_hz)) / rate_hz
    return (amplitude * np.sin(2 * np.pi * frequency_hz * at_s)).astype(np.int16)


def level_db(samples: Samples) -> float:
    """Against a tone of amplitude 10,000; the edges, where a filter settles, left out."""
    middle = samples[500:-500].astype(np.float64)
    return float(20 * np.log10(np.sqrt(np.mean(middle**2)) / (10_000 / np.sqrt(2)) + 1e-9))


def pushed(resampler: FileResampler | LiveResampler, samples: Samples, sizes: list[int]) -> Samples:
    cuts = np.cumsum(sizes)[:-1]
    parts = [resampler.push(block) for block in np.split(samples, cuts)]
    return np.concatenate([*parts, resampler.finish()])


@given(from_hz=RATES, to_hz=RATES, sizes=SIZES)
@settings(max_examples=60, deadline=None)
def test_a_file_stream_gives_what_one_shot_gives_however_it_is_cut(from_hz: int, to_hz: int, sizes: list[int]) -> None:
    samples = np.random.default_rng(1).integers(-9_000, 9_000, sum(sizes)).astype(np.int16)
    streamed = pushed(FileResampler(from_hz, to_hz), samples, sizes)
    whole = resample(samples, from_hz, to_hz)
    assert streamed.size == whole.size
    assert np.max(np.abs(streamed.astype(int) - whole.astype(int)), initial=0) <= 2


@given(from_hz=RATES, to_hz=RATES, sizes=SIZES)
@settings(max_examples=60, deadline=None)
def test_a_live_stream_is_the_same_however_it_is_cut_and_as_long_as_one_shot(
    from_hz: int, to_hz: int, sizes: list[int]
) -> None:
    samples = np.random.default_rng(1).integers(-9_000, 9_000, sum(sizes)).astype(np.int16)
    streamed = pushed(LiveResampler(from_hz, to_hz), samples, sizes)
    whole = pushed(LiveResampler(from_hz, to_hz), samples, [samples.size])
    assert abs(streamed.size - samples.size * to_hz / from_hz) <= 1
    np.testing.assert_array_equal(streamed, whole)


@pytest.mark.parametrize("from_hz", [22_050, 24_000, 44_100, 48_000, 96_000])
def test_a_live_stream_keeps_speech_and_takes_aliases_out(from_hz: int) -> None:
    for frequency_hz in (100, 1_000, 4_000, 6_500):
        assert abs(level_db(LiveResampler(from_hz, 16_000).push(tone(frequency_hz, from_hz)))) < 0.2
    for frequency_hz in (8_500, 9_500, 10_500):
        assert level_db(LiveResampler(from_hz, 16_000).push(tone(frequency_hz, from_hz))) < -65


@pytest.mark.parametrize("from_hz", [16_000, 22_050, 24_000, 44_100, 48_000, 192_000])
def test_a_live_stream_holds_back_less_than_two_milliseconds(from_hz: int) -> None:
    assert LiveResampler(from_hz, 16_000).look_ahead_samples / from_hz < 0.002


def test_a_live_stream_does_not_shift_the_sound() -> None:
    heard = LiveResampler(48_000, 16_000).push(tone(440, 48_000))
    expected = tone(440, 16_000)[: heard.size]
    assert np.max(np.abs(heard[200:].astype(int) - expected[200:].astype(int))) < 20


def test_full_scale_clips_and_does_not_wrap() -> None:
    square = np.where(tone(300, 48_000) > 0, 32_767, -32_768).astype(np.int16)
    heard = LiveResampler(48_000, 16_000).push(square)
    assert np.all(heard[30:50] < -30_000)


def test_equal_rates_pass_untouched() -> None:
    samples = tone(440, 16_000)
    assert LiveResampler(16_000, 16_000).push(samples) is samples
    assert resample(samples, 16_000, 16_000) is samples


@pytest.mark.parametrize("rate_hz", [0, -1, 999, 768_001])
def test_an_impossible_rate_is_refused(rate_hz: int) -> None:
    with pytest.raises(AudioError, match="allowed 1000 to 768000 Hz"):
        LiveResampler(rate_hz, 16_000)
