"""Echo cancellation with the real canceller, a real voice and a real room; and the reference it is given."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jett.audio.echo import FRAME_SAMPLES, EchoReference, WebRtcEchoCanceller
from jett.audio.files import read_audio
from jett.audio.resample import resample
from jett.audio.simulated_room import EchoPath
from jett.core.audio import Samples, level_dbfs, silence

DATA = Path(__file__).parents[1] / "data" / "audio"


def through_a_room(spoken: Samples, rate_hz: int) -> tuple[Samples, Samples]:
    """(microphone, cleaned), each at 16 kHz, when Jett says `spoken` in a seminar room and nobody else speaks."""
    room = EchoPath(DATA / "room_seminar.flac", rate_hz=rate_hz, gain=0.5)
    reference = EchoReference(rate_hz)
    canceller = WebRtcEchoCanceller()
    heard, cleaned = [], []
    block_samples = rate_hz // 50
    for start in range(0, spoken.size - block_samples + 1, block_samples):
        block = spoken[start : start + block_samples]
        near = room.hear(silence(2 * FRAME_SAMPLES))
        room.play(block)
        reference.played(block)
        heard.append(near)
        cleaned += [canceller.process(frame, reference.take()) for frame in np.split(near, 2)]
    return np.concatenate(heard), np.concatenate(cleaned)


@pytest.mark.parametrize("rate_hz", [22_050, 24_000])
def test_jetts_own_voice_is_taken_out_of_a_real_rooms_echo(rate_hz: int) -> None:
    voice = read_audio(DATA / "librispeech_1089-134686-0001.flac")
    spoken = resample(np.tile(voice, 2), 16_000, rate_hz)
    heard, cleaned = through_a_room(spoken, rate_hz)
    second_time = slice(voice.size, None)
    assert level_dbfs(heard[second_time]) - level_dbfs(cleaned[second_time]) > 15


def test_a_person_is_still_heard_when_nothing_is_played() -> None:
    voice = read_audio(DATA / "librispeech_1089-134686-0001.flac")
    canceller = WebRtcEchoCanceller()
    frames = voice[: voice.size // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    cleaned = np.concatenate([canceller.process(frame, silence(FRAME_SAMPLES)) for frame in frames])
    assert abs(level_dbfs(cleaned) - level_dbfs(voice)) < 2


def test_with_headphones_a_voice_over_the_reply_passes_unchanged() -> None:
    """AEC3 alone took the first seconds of it for an echo that is not there."""
    voice = read_audio(DATA / "librispeech_1089-134686-0001.flac")
    far = voice[: 3 * 16_000].reshape(-1, FRAME_SAMPLES)
    near = np.zeros_like(far)
    near[200:240] = far[:40]
    canceller = WebRtcEchoCanceller()
    cleaned = np.stack([canceller.process(n, f) for n, f in zip(near, far, strict=True)])
    assert not canceller.audible
    np.testing.assert_array_equal(cleaned[200:], near[200:])


def test_silence_comes_when_nothing_was_played() -> None:
    reference = EchoReference(24_000)
    assert not reference.take().any()
    assert reference.take(320).shape == (320,)
    assert reference.filled_samples == 480


def test_frames_are_what_was_played_in_order() -> None:
    reference = EchoReference(16_000)
    played = np.arange(1, 1_601, dtype=np.int16)
    for block in np.split(played, 5):
        reference.played(block)
    np.testing.assert_array_equal(np.concatenate([reference.take() for _ in range(10)]), played)
    assert reference.filled_samples == 0


def test_a_speaker_that_runs_ahead_is_followed_in_small_steps() -> None:
    """1,250 ppm, far more than two crystals differ: never over 2 ms at once, and only the cushion stays."""
    reference = EchoReference(16_000)
    steps = []
    for frame in range(8_000):
        before = reference.dropped_samples
        reference.played(silence(161 if frame % 5 == 0 else 160))
        reference.take(160)
        steps.append(reference.dropped_samples - before)
    assert max(steps) <= 32
    assert 8_000 // 5 - 320 - 40 <= reference.dropped_samples <= 8_000 // 5


def test_a_reference_that_would_come_after_its_echo_jumps() -> None:
    reference = EchoReference(16_000)
    reference.played(silence(1_600))
    for _ in range(100):
        reference.played(silence(160))
        reference.take(160)
    assert reference.dropped_samples == 1_600 - 320


def test_a_late_block_is_waited_for_and_an_end_is_not() -> None:
    """Nothing is put between two samples that followed each other."""
    reference = EchoReference(16_000)
    assert reference.ready()
    reference.played(np.ones(320, np.int16))
    assert reference.ready()
    reference.take(320)
    assert not reference.ready()
    reference.played(np.ones(320, np.int16))
    assert reference.take(320).all()
    assert reference.filled_samples == 0
    assert not reference.take().any()
    assert reference.ready()


@given(blocks=st.lists(st.integers(0, 20_000), min_size=1, max_size=60))
@settings(max_examples=40, deadline=None)
def test_the_reference_never_grows_beyond_its_limit_and_counts_what_it_loses(blocks: list[int]) -> None:
    reference = EchoReference(16_000)
    taken = 0
    for n_samples in blocks:
        reference.played(silence(n_samples))
        taken += reference.take().size
    left = sum(blocks) + reference.filled_samples - reference.dropped_samples - taken
    assert 0 <= left <= 32_000


def test_clear_forgets_what_was_played() -> None:
    reference = EchoReference(16_000)
    reference.played(np.ones(320, np.int16))
    reference.clear()
    assert not reference.take().any()
