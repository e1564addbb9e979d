"""How late an echo comes, with a real voice, real rooms and the real canceller; and that a jump of it is followed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from jett.audio.echo import FRAME_SAMPLES, WebRtcEchoCanceller
from jett.audio.echo_audible import EchoAudibility
from jett.audio.echo_lag import EchoFollower, find_lag
from jett.audio.files import read_audio
from jett.audio.simulated_room import EchoPath
from jett.core.audio import Samples, level_dbfs, silence

DATA = Path(__file__).parents[1] / "data" / "audio"
VOICE = read_audio(DATA / "librispeech_1089-134686-0001.flac")
USER = read_audio(DATA.parent / "speaker" / "2033-164914-0004.flac")
DELAY = 1_440
"""90 ms, in samples; the first frame is heard before it is played."""


def _frames(sound: Samples) -> Samples:
    return sound[: sound.size // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)


def _small_room() -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Direct sound, and 0.2 s in which its reflections die away."""
    tail = np.random.default_rng(1).normal(0, 0.1, 3_200) * np.exp(-np.arange(3_200) / 460)
    tail[0] = 1.0
    return tail


def _echo(jump_samples: int, at_s: float, *, hall: bool = False, times: int = 2) -> tuple[Samples, Samples]:
    """(heard, played) in frames of 10 ms; from `at_s` on the echo comes so much later."""
    played = _frames(np.tile(VOICE, times))
    room = DATA / "room_seminar.flac" if hall else _small_room()
    path = EchoPath(room, rate_hz=16_000, delay_s=DELAY / 16_000, gain=0.5)
    heard = []
    for number, block in enumerate(played):
        if number == round(at_s * 100):
            path.jump(jump_samples / 16_000)
        path.play(block)
        heard.append(path.hear(silence(FRAME_SAMPLES)))
    return np.stack(heard), played


def _cleaned(heard: Samples, played: Samples) -> Samples:
    canceller = WebRtcEchoCanceller()
    return np.stack([canceller.process(near, far) for near, far in zip(heard, played, strict=True)])


def _lags(heard: Samples, played: Samples, ends: range) -> list[int]:
    """Where it stands out, in the 0.4 s before each frame of `ends`."""
    found = [find_lag(heard[end - 40 : end].reshape(-1), played[end - 90 : end].reshape(-1)) for end in ends]
    return [lag.samples for lag in found if lag.prominence >= 6]


@pytest.mark.parametrize("hall", [False, True])
def test_a_lag_is_found_whatever_the_room_adds(hall: bool) -> None:
    heard, played = _echo(-720, 4.0, hall=hall)
    before, after = _lags(heard, played, range(100, 240, 10)), _lags(heard, played, range(450, 600, 10))
    assert len(before) >= 4
    assert len(after) >= 4
    for lags, expected in ((before, DELAY), (after, DELAY - 720)):
        assert all(expected <= lag <= expected + 100 for lag in lags), "the direct sound, or a reflection as loud"


def test_in_silence_or_another_voice_nothing_stands_out() -> None:
    assert find_lag(silence(6_400), VOICE[:14_400]).prominence < 6
    for start in range(8_000, 40_000, 3_200):
        assert find_lag(USER[start : start + 6_400], VOICE[start - 8_000 : start + 6_400]).prominence < 9


@pytest.mark.parametrize(("jump_samples", "hall", "less_db"), [(-720, False, 20), (-320, False, 20), (-720, True, 10)])
def test_an_echo_that_comes_earlier_is_taken_out_again(jump_samples: int, hall: bool, less_db: float) -> None:
    """AEC3 alone let it through for seconds: 8 to 9 dB less."""
    heard, played = _echo(jump_samples, 2.5, hall=hall, times=3)
    settled = slice(400, None)
    cleaned = _cleaned(heard, played)
    assert level_dbfs(heard[settled].reshape(-1)) - level_dbfs(cleaned[settled].reshape(-1)) > less_db


def test_clocks_that_drift_apart_move_nothing_for_good() -> None:
    """The reference takes drift back 2 ms at a time; each of those steps was added to the delay, one after another."""
    heard, played = _echo(0, 0.0, times=4)
    near, far = heard.reshape(-1), played.reshape(-1)
    follower, delays = EchoFollower(), set()
    for number in range(heard.shape[0] - 1):
        start, drift = number * FRAME_SAMPLES, number // 4 % 32  # a sample each 40 ms, and back by 2 ms
        follower.follow(near[start : start + FRAME_SAMPLES], far[start + drift : start + drift + FRAME_SAMPLES])
        follower.cleaned(near[start : start + FRAME_SAMPLES])
        delays.add(follower.delay_samples)
    room_made = DELAY - 320
    assert all(delay <= 48 or abs(delay - room_made) <= 48 for delay in delays)


def test_a_user_who_speaks_over_a_reply_moves_nothing() -> None:
    """Their words match some place of the reply by chance, in one look as in the next."""
    heard, played = _echo(0, 0.0)
    for path in sorted((DATA.parent / "speaker").glob("*.flac")):
        user = _frames(np.resize(read_audio(path), heard.size))
        follower = EchoFollower()
        for number, (near, far) in enumerate(zip(heard, played, strict=True)):
            near = near + user[number] if number >= 150 else near
            follower.follow(near, far)
            assert follower.delay_samples == 0, path.stem
            follower.cleaned(user[number])


def test_where_it_stays_where_it_is_what_was_played_passes_as_it_is() -> None:
    heard, played = _echo(0, 0.0)
    follower = EchoFollower()
    for near, far in zip(heard, played, strict=True):
        given, anew = follower.follow(near, far)
        follower.cleaned(near)
        assert given.tolist() == far.tolist()
        assert not anew


def test_the_canceller_is_given_what_was_played_as_late_as_before() -> None:
    """Later by what the echo jumped, once it has been found."""
    heard, played = _echo(480, 3.0)
    follower = EchoFollower()
    for near, far in zip(heard, played, strict=True):
        given, anew = follower.follow(near, far)
        follower.cleaned(near)
        assert not anew
    assert follower.delay_samples == 480
    assert given.tolist() == played.reshape(-1)[-FRAME_SAMPLES - 480 : -480].tolist()


def test_in_a_silence_room_is_made_for_echoes_that_come_earlier() -> None:
    """So that a jump of the next reply needs no learning anew."""
    heard, played = _echo(0, 0.0, times=1)
    follower = EchoFollower()
    for near, far in zip(heard, played, strict=True):
        follower.follow(near, far)
    learned = [follower.follow(silence(FRAME_SAMPLES), silence(FRAME_SAMPLES))[1] for _ in range(200)]
    assert learned.count(True) == 1
    assert 50 <= learned.index(True) < 90, "nothing that was played may come back any more"
    assert follower.delay_samples == pytest.approx(DELAY - 320, abs=16)


def test_what_is_let_through_is_told_from_a_user() -> None:
    heard, played = _echo(0, 0.0)
    follower, through = EchoFollower(), []
    for near, far in zip(heard, played, strict=True):
        follower.follow(near, far)
        follower.cleaned(near)
        through.append(follower.lets_through)
    assert np.mean(through[50:]) > 0.8, "nothing was cancelled"
    user = _frames(USER)
    follower, through = EchoFollower(), []
    for near, far in zip(heard, played, strict=True):
        follower.follow(near, far)
        follower.cleaned(user[len(through) % len(user)])
        through.append(follower.lets_through)
    assert np.mean(through) < 0.02


def test_where_nothing_was_played_nothing_is_let_through() -> None:
    follower = EchoFollower()
    for block in VOICE[:32_000].reshape(-1, FRAME_SAMPLES):
        follower.follow(block, silence(FRAME_SAMPLES))
        follower.cleaned(block)
        assert not follower.lets_through


def test_an_echo_as_steady_as_noise_is_audible() -> None:
    """Of a sound without pauses the quietest moment is no silence: levels alone say that nothing rises with it."""
    steady = _frames(np.random.default_rng(2).normal(0, 1_000, 96_000).astype(np.int16))
    path = EchoPath(_small_room(), rate_hz=16_000, delay_s=DELAY / 16_000, gain=0.5)
    canceller, levels = WebRtcEchoCanceller(), EchoAudibility()
    by_level, in_all = [], []
    for far in steady:
        path.play(far)
        near = path.hear(silence(FRAME_SAMPLES))
        canceller.process(near, far)
        levels.hear(near, far)
        by_level.append(levels.audible)
        in_all.append(canceller.audible)
    assert not any(by_level[400:])
    assert all(in_all)
