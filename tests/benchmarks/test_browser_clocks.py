"""The benchmark of the browser: where a clip ends in what a page heard, when a reply fell silent, what is compared."""

from __future__ import annotations

import base64

import numpy as np
import pytest
from benchmarks.browser.bench import summary
from benchmarks.browser.clocks import ALIKE, Heard, Played, end_of_speech, first_after, located
from benchmarks.browser.scenes import Compared, Flush

from jett.audio.resample import resample
from jett.core.audio import SAMPLE_RATE_HZ, Samples, silence
from tests.system.recordings import clip, seconds

PIECE = 320
CONTEXT_HZ = 48_000


def as_heard(sound: Samples, *, first_frame: int = 0) -> Heard:
    """As the capture worklet stamps it: at the end of the quantum in which a piece was filled, after its resampler."""
    pieces = sound.size // PIECE
    filled = first_frame + (np.arange(pieces) + 1) * PIECE * 3 + 48
    stamps = [int(-(-frame // 128) * 128) for frame in filled]
    pcm = base64.b64encode(sound[: pieces * PIECE].astype("<i2").tobytes()).decode()
    return Heard.of({"pcm16": pcm, "frames": stamps, "piece_samples": PIECE, "context_hz": CONTEXT_HZ})


def test_the_end_of_speech_is_found_in_what_was_cleaned_levelled_and_resampled_on_its_way() -> None:
    said = clip("drip_coffee")
    end_s = said.size / SAMPLE_RATE_HZ - 0.3
    way = resample(resample(said, SAMPLE_RATE_HZ, 44_100), 44_100, SAMPLE_RATE_HZ)
    noise = np.random.default_rng(0).normal(0, 100, seconds(2).size + way.size + 8000)
    heard = np.concatenate([seconds(2), way // 3, silence(8000)]) + noise
    end, alike = end_of_speech(heard.astype(np.int16), said, end_s)
    assert end == pytest.approx((2 + end_s) * SAMPLE_RATE_HZ, abs=2)
    assert alike > 0.6


def test_another_recording_and_silence_are_not_alike() -> None:
    said = clip("drip_coffee")
    for other in (clip("confused_complaint"), seconds(5), silence(10)):
        assert located(other, said[-SAMPLE_RATE_HZ:])[1] < ALIKE / 2


@pytest.mark.parametrize("first_frame", [0, 77, 1000])
def test_a_sample_has_the_frame_at_which_it_came_however_late_its_piece_was_stamped(first_frame: int) -> None:
    heard = as_heard(seconds(4), first_frame=first_frame)
    for sample in (0, 5000, 31_999, 63_999):
        assert heard.frame_of(sample) == pytest.approx(first_frame + sample * 3, abs=64)


def test_sound_that_the_context_was_not_given_moves_what_came_after_it() -> None:
    whole, later = as_heard(seconds(4)), as_heard(seconds(4), first_frame=4800)
    frames = np.concatenate([whole.frames[:100], later.frames[100:]])
    gap = Heard(whole.sound, frames, PIECE, CONTEXT_HZ)
    assert gap.frame_of(16_000) == pytest.approx(48_000, abs=64)
    assert gap.frame_of(48_000) == pytest.approx(144_000 + 4800, abs=64)


def test_of_the_replies_the_first_after_the_end_counts() -> None:
    assert first_after([100, 900, 1500], 500.5) == 900
    assert first_after([100], 500.5) is None


def sounding(*parts: tuple[int, int]) -> Played:
    """Pairs of (value, milliseconds), from frame 1000 on."""
    return Played(np.concatenate([np.full(ms * 48, value, np.int16) for value, ms in parts]), 1000, CONTEXT_HZ)


@pytest.mark.parametrize(
    ("played", "asked_ms", "silenced_ms"),
    [
        (sounding((9, 300), (0, 500)), 280, 20.0),
        (sounding((9, 300), (0, 500)), 300, 0.0),
        (sounding((9, 300), (0, 30), (9, 40), (0, 500)), 290, 80.0),
        (sounding((9, 300), (0, 200), (9, 40)), 290, 10.0),
        (sounding((9, 300)), 290, 10.0),
        (sounding((9, 100), (0, 500), (9, 40)), 300, None),
        (sounding((0, 500)), 300, None),
    ],
    ids=["", "already silent", "a short pause", "a later reply", "to the end", "nothing sounded", "nothing at all"],
)
def test_silence_is_counted_to_the_last_sample_of_what_sounded(
    played: Played, asked_ms: int, silenced_ms: float | None
) -> None:
    assert played.silenced_ms(1000 + asked_ms * 48) == silenced_ms


def test_the_difference_is_of_each_clip_with_itself_and_only_of_those_answered_both_ways() -> None:
    pairs = [(500.0, 540.0), (900.0, 920.0), (700.0, 800.0), (600.0, None), (None, 100.0)]
    found = [Compared("pack", str(i), 1.0, talk_ms=talk, browser_ms=page) for i, (talk, page) in enumerate(pairs)]
    figures = summary(found, [])
    assert (figures["browser_clips"], figures["browser_compared"]) == (5, 3)
    assert figures["browser_over_talk_p50_ms"] == 40.0
    assert (figures["talk_ttfa_p50_ms"], figures["browser_ttfa_p50_ms"]) == (700.0, 800.0)


def test_a_run_of_one_scene_has_that_scenes_figures_alone() -> None:
    figures = summary([], [Flush(5.0, 8.0), Flush(9.0, 12.0), Flush(6.0, 7.0)])
    assert figures["browser_flush_worst_ms"] == 9.0
    assert figures["browser_flush_p50_ms"] == 6.0
    assert not any(name.startswith("talk") for name in figures)


def test_what_the_browser_adds_is_parted_into_hearing_server_and_way() -> None:
    found = Compared("pack", "file", 1.0, browser_ms=700.0, heard_late_ms=32.0, server_ms=620.0)
    assert found.way_ms == 48.0
    assert Compared("pack", "file", 1.0, browser_ms=700.0).way_ms is None
