"""Playback: what sounds, what was heard, and how fast it falls silent."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from jett.core.audio import Samples
from jett.session.playback import Clip, Playback, Track

RATE_HZ = 1_000


def tone(n: int, level: int = 1_000) -> Samples:
    return np.full(n, level, dtype=np.int16)


class Room:
    """A playback and what it told."""

    def __init__(self) -> None:
        self.started: list[int] = []
        self.ended: list[int] = []
        self.tapped: list[Samples] = []
        self.playback = Playback(
            RATE_HZ, on_started=self.started.append, on_ended=self.ended.append, tap=self.tapped.append
        )

    def play(self, *clips: tuple[str, int]) -> Track:
        track = Track(1)
        for text, size in clips:
            self.playback.append(track, Clip(text, tone(size)))
        self.playback.play(track)
        return track


def test_nothing_to_play_is_silence() -> None:
    """A speaker may pull at any time."""
    room = Room()
    assert not room.playback.render(50).any()
    assert room.started == room.ended == []


def test_a_reply_is_played_once_in_order_and_reported() -> None:
    """The start is told with its first block, the end with its last."""
    room = Room()
    track = room.play(("one", 100), ("two", 50))
    first = room.playback.render(120)
    assert first.all()
    assert (room.started, room.ended) == ([1], [])
    room.playback.complete(track)
    last = room.playback.render(120)
    assert last[:30].all()
    assert not last[30:].any()
    assert room.ended == [1]


def test_a_reply_that_is_still_being_made_does_not_end() -> None:
    """An underrun is silence, not the end."""
    room = Room()
    track = room.play(("one", 100))
    room.playback.render(200)
    assert room.ended == []
    room.playback.append(track, Clip("two", tone(100)))
    assert room.playback.render(100).all()


def test_pause_is_silent_within_the_fade() -> None:
    """The block after a pause is silence but for 5 ms."""
    room = Room()
    room.play(("one two three", 1_000))
    room.playback.render(100)
    room.playback.pause()
    block = room.playback.render(100)
    assert not block[5:].any()
    assert not room.playback.render(100).any()


def test_resume_goes_on_a_little_before_the_pause() -> None:
    """Nothing of the reply is lost."""
    room = Room()
    track = room.play(("one two three", 1_000))
    room.playback.render(500)
    room.playback.pause()
    room.playback.render(100)
    room.playback.resume()
    assert track.played_samples == 505 - 150
    assert room.playback.render(100).all()


def test_heard_are_only_the_words_that_were_played() -> None:
    """A clause that was begun counts by its share."""
    room = Room()
    track = room.play(("I can do that.", 100), ("It takes about an hour.", 100))
    room.playback.render(150)
    assert track.heard() == "I can do that. It takes"


def test_what_was_rendered_is_tapped_for_echo_cancellation() -> None:
    """The canceller's reference is exactly what went to the speaker."""
    room = Room()
    room.play(("one", 100))
    block = room.playback.render(80)
    assert np.array_equal(room.tapped[-1], block)


@given(st.lists(st.integers(1, 300), max_size=8), st.lists(st.integers(1, 120), min_size=1, max_size=40))
def test_every_sample_is_played_once_whatever_the_blocks(clips: list[int], blocks: list[int]) -> None:
    """Blocks of any size join to the clips."""
    room = Room()
    track = Track(7)
    whole = np.arange(1, sum(clips) + 1, dtype=np.int16)
    for start, size in zip(np.cumsum([0, *clips[:-1]]), clips, strict=False):
        room.playback.append(track, Clip("x", whole[start : start + size]))
    room.playback.play(track)
    played = np.concatenate([room.playback.render(size) for size in blocks])
    assert np.array_equal(played[: whole.size], whole[: played.size])
    assert not played[whole.size :].any()


def test_a_speaker_that_bears_gaps_is_given_what_there_is() -> None:
    """No silence in between, and the end is told when the last of it was given."""
    ended: list[int] = []
    playback = Playback(1_000, on_started=lambda turn: None, on_ended=ended.append)
    track = Track(1)
    playback.play(track)
    assert playback.available(40).size == 0
    playback.append(track, Clip("one", np.ones(50, np.int16)))
    assert [playback.available(40).size, playback.available(40).size] == [40, 10]
    assert ended == []
    playback.complete(track)
    assert playback.available(40).size == 0
    assert ended == [1]


def test_what_was_given_ahead_of_its_sound_was_not_heard() -> None:
    """When it falls silent, until the listener tells what they played; what is played twice counts once."""
    playback = Playback(1_000, on_started=lambda turn: None, on_ended=lambda turn: None, in_flight_s=lambda: 0.2)
    track = Track(1)
    playback.play(track)
    playback.append(track, Clip("a b c d e f g h i j", np.ones(1_000, np.int16)))
    playback.available(600)
    playback.pause()
    assert track.heard() == "a b c d"
    playback.heard(track, 0.5)
    assert track.heard() == "a b c d e"
    playback.resume()
    assert track.played_samples == 350
    playback.available(400)
    playback.flush()
    playback.heard(track, 0.9)
    assert track.played_samples == 750
    playback.heard(track, 99.0)
    assert track.played_samples == 1_000


def test_whoever_pulls_is_told_that_there_is_something_to_play() -> None:
    """A chime over a reply is not played, and tells nothing new."""
    tracks: list[str] = []
    playback = Playback(
        16_000, on_started=lambda turn: None, on_ended=lambda turn: None, on_track=lambda: tracks.append("track")
    )
    playback.render(320)
    assert tracks == []
    playback.chime(tone(100))
    assert tracks == ["track"]
    playback.play(Track(1))
    assert tracks == ["track"] * 2
