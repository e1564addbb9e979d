"""The arithmetic of the enrolment's benchmark: which threes there are, and how many of them a limit refuses."""

from __future__ import annotations

import numpy as np
from benchmarks.accuracy.speaker_enrolment import Threes, scored, threes_of
from benchmarks.accuracy.speaker_trials import Utterance

from jett.core.audio import silence

AXES = np.eye(4, dtype=np.float32)


def utterance(pack: str, speaker: str, file: str, axis: int = 0) -> Utterance:
    return Utterance(speaker, f"{pack}/{file}", silence(1), AXES[axis])


def test_threes_of_one_speaker_are_of_three_recordings_where_there_are_so_many() -> None:
    several = [utterance("a", "anna", f"{at // 2}.flac") for at in range(8)]
    one = [utterance("a", "bob", "only.flac") for _ in range(3)]
    own = threes_of([*several, *one]).own
    files = [{([*several, *one])[at].file for at in three} for three in own]
    assert len(own) == 4 * 8 + 1
    assert sorted(map(len, files)) == [1, *[3] * 32]


def test_a_stranger_is_of_the_same_kind_of_recordings_and_of_another_speaker() -> None:
    people = [utterance(pack, name, f"{at}.flac") for pack, name in ("aa", "ab", "bc") for at in range(2)]
    mixed = threes_of(people).mixed
    assert [({people[at].speaker for at in two}, people[stranger].speaker) for *two, stranger in mixed] == [
        ({"a"}, "b"),
        ({"a"}, "b"),
        ({"b"}, "a"),
        ({"b"}, "a"),
    ]


def test_the_least_likeness_counts_and_what_had_too_little_speech_counts_for_nothing() -> None:
    places = [AXES[0], AXES[0], AXES[1], None]
    own, mixed = scored(Threes(own=[(0, 1, 0), (0, 1, 3)], mixed=[(0, 1, 2)]), places)
    assert (own.tolist(), mixed.tolist()) == ([1.0], [0.0])
