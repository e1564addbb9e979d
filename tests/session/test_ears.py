"""From microphone chunks to frames: what was heard and what was played stay matched, however late a thread is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from jett.audio.echo import EchoReference, WebRtcEchoCanceller
from jett.audio.files import read_audio
from jett.audio.simulated_room import EchoPath
from jett.core.audio import Samples, level_dbfs, silence
from jett.core.clock import MonotonicClock
from jett.session.ears import Ears

AUDIO = Path(__file__).parents[1] / "data" / "audio"
PERIOD = 320
"""20 ms, a block of the microphone and of the speaker."""


class Pairs:
    """A canceller that only notes which sample it was given with which; both count upwards."""

    frame_samples = 160
    audible = True
    lets_through = False

    def __init__(self) -> None:
        self.shifts: list[int] = []
        self.heard: list[int] = []

    def process(self, near: Samples, far: Samples) -> Samples:
        self.heard += near.tolist()
        if far.all():
            self.shifts += (near - far).tolist()
        return near

    def reset(self) -> None:
        """Nothing to forget."""


class Silence:
    """A voice activity detector for which nothing is speech."""

    frame_samples = 512

    def score(self, frame: Samples) -> float:
        return 0.0

    def reset(self) -> None:
        """Nothing to forget."""


def _block(number: int) -> Samples:
    return np.arange(1 + number * PERIOD, 1 + (number + 1) * PERIOD, dtype=np.int16)


@given(lateness=st.lists(st.integers(0, 2), min_size=5, max_size=60), early=st.integers(0, 2))
@settings(max_examples=200, deadline=None)
def test_a_speaker_thread_that_is_late_shifts_nothing(lateness: list[int], early: int) -> None:
    """Its block of period n comes up to 40 ms later, in order, while the device plays on from its buffer."""
    pairs = Pairs()
    reference = EchoReference(16_000)
    ears = Ears(Silence(), MonotonicClock(), canceller=pairs, reference=reference)
    given_blocks = 0
    for period in range(len(lateness)):
        due = max(given_blocks, min(period + 1 + early - lateness[period], len(lateness)))
        for number in range(given_blocks, due):
            reference.played(_block(number))
        given_blocks = due
        list(ears.hear(_block(period)))
    assert len(set(pairs.shifts)) <= 1
    assert pairs.heard == sorted(pairs.heard)


def test_after_the_last_block_a_frame_waits_sixty_milliseconds_and_no_longer() -> None:
    """Nothing that is heard gets lost or stays behind."""
    pairs = Pairs()
    reference = EchoReference(16_000)
    ears = Ears(Silence(), MonotonicClock(), canceller=pairs, reference=reference)
    reference.played(_block(0))
    behind = []
    for period in range(6):
        list(ears.hear(_block(period)))
        behind.append((period + 1) * PERIOD - len(pairs.heard))
    assert behind == [0, 320, 640, 960, 0, 0]
    assert pairs.heard == list(range(1, 6 * PERIOD + 1))


@given(
    chunks=st.lists(st.integers(1, 2_000), min_size=5, max_size=40),
    plays=st.sets(st.integers(0, 39), max_size=12),
)
@settings(max_examples=100, deadline=None)
def test_where_nothing_plays_all_that_is_there_passes_at_once_and_nothing_is_lost(
    chunks: list[int], plays: set[int]
) -> None:
    """Whatever the sizes, and whenever sound is played in between."""
    reference = EchoReference(16_000)
    ears = Ears(Silence(), MonotonicClock(), canceller=Pairs(), reference=reference)
    at, clean = 0, [silence(0)]
    for number, size in enumerate(chunks):
        if number in plays:
            reference.played(_block(number))
        clean.append(ears.take(np.arange(at, at + size).astype(np.int16)))
        at += size
    passed = np.concatenate(clean)
    np.testing.assert_array_equal(passed, np.arange(passed.size).astype(np.int16))
    assert at - passed.size < 960 + max(chunks)


def test_a_canceller_does_nothing_until_something_is_played_and_for_two_seconds_after_it() -> None:
    pairs, reference = Pairs(), EchoReference(16_000)
    ears = Ears(Silence(), MonotonicClock(), canceller=pairs, reference=reference)
    for number in range(500):
        if number == 200:
            reference.played(np.full(PERIOD, 1_000, np.int16))
        taken = ears.take(np.full(1_280 if number < 200 else PERIOD, number, np.int16))
        if number in (0, 199, 450, 499):
            assert set(taken.tolist()) == {number}, "it passes as it comes, all of it"
    heard = [number for number in pairs.heard if number]
    assert heard[0] == 200
    assert heard[-1] in range(200 + 99, 200 + 105)  # 20 ms each, and what was waited for


class Speech(Silence):
    """One for which all is speech."""

    def score(self, frame: Samples) -> float:
        return 1.0


def test_what_the_canceller_lets_through_is_not_taken_for_speech() -> None:
    """Jett interrupted itself where a buffer ran dry and its echo came earlier than the canceller was used to."""
    pairs, reference = Pairs(), EchoReference(16_000)
    ears = Ears(Speech(), MonotonicClock(), canceller=pairs, reference=reference)
    scores = []
    for number in range(160):
        pairs.lets_through = number >= 80
        if number < 100:
            reference.played(_block(1))
        scores.append([frame.heard.probability for frame in ears.hear(_block(number % 50))])
    assert {score for part in scores[:79] for score in part} == {1.0}
    assert {score for part in scores[82:] for score in part} == {0.0}


def test_what_was_heard_before_is_not_judged_by_what_is_let_through_now() -> None:
    """Who is called goes back to what was said before; the canceller speaks of the newest sound."""
    pairs, reference = Pairs(), EchoReference(16_000)
    ears = Ears(Speech(), MonotonicClock(), canceller=pairs, reference=reference)
    list(ears.hear(np.ones(24_000, np.int16)))
    pairs.lets_through = True
    for number in range(10):
        reference.played(_block(number))
        list(ears.hear(_block(number)))
    ears.rewind(0.0)
    scores = [frame.heard for frame in ears.frames()]
    assert {heard.probability for heard in scores if heard.end_s < 1.2} == {1.0}
    assert {heard.probability for heard in scores if heard.end_s > 1.4} == {0.0}


def test_long_after_a_reply_nobody_asks_the_canceller() -> None:
    pairs, reference = Pairs(), EchoReference(16_000)
    ears = Ears(Speech(), MonotonicClock(), canceller=pairs, reference=reference)
    pairs.lets_through = True
    reference.played(_block(0))
    heard = [frame.heard for _ in range(250) for frame in ears.hear(_block(0))]
    assert {frame.probability for frame in heard if frame.end_s < 1.9} == {0.0}
    assert {frame.probability for frame in heard if frame.end_s > 2.3} == {1.0}


def test_after_a_long_rest_an_echo_is_taken_out_as_without_one() -> None:
    """Real canceller, voice and room: a reply, ten seconds of nothing, handed over 80 ms at once, a second reply."""

    voice = read_audio(AUDIO / "librispeech_1089-134686-0001.flac")

    def second_reply(pause_s: float, sizes: int) -> Samples:
        reference, canceller = EchoReference(16_000), WebRtcEchoCanceller()
        ears = Ears(Silence(), MonotonicClock(), canceller=canceller, reference=reference)
        path = EchoPath(AUDIO / "room_seminar.flac", rate_hz=16_000, gain=0.5)
        clean = silence(0)
        pause = silence(round(pause_s * 16_000))
        for part, size in ((voice, PERIOD), (pause, PERIOD * sizes), (voice, PERIOD)):
            clean = silence(0)
            for start in range(0, part.size - size + 1, size):
                near = path.hear(silence(size))
                if part is voice:
                    path.play(part[start : start + size])
                    reference.played(part[start : start + size])
                clean = np.concatenate([clean, ears.take(near)])
        return clean

    rested, at_once = second_reply(10.0, 4), second_reply(0.2, 1)
    assert level_dbfs(voice) - level_dbfs(rested) > 15
    assert level_dbfs(rested) < level_dbfs(at_once) + 1.0
