"""Asleep until called, frame by frame: what reaches the turn machine, with detectors that follow a script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jett.core.audio import SAMPLE_RATE_HZ, Samples, silence
from jett.core.clock import MonotonicClock
from jett.core.events import FellAsleep, LevelMeasured, SessionEvent, StateChanged, TurnReport, WakeRejected, Woken
from jett.session.earcon import earcon
from jett.session.ears import Ears
from jett.session.parts import ConversationSettings, Parts
from jett.session.second_look import AFTER_S, LikelyPhrase, Look, SecondLook
from jett.session.sleeping import Sleeping
from jett.tools.wake_phrase import WakePhrase
from jett.turns.asleep import AsleepSettings
from jett.turns.events import DropTurn, Event, FrameHeard, ReplyAsked
from jett.turns.machine import State, TurnMachine
from jett.turns.wake import WakeRule

CHUNK = 320
NOTHING = cast(Any, None)
"""An engine that is not asked here."""
SETTINGS = AsleepSettings(follow_up_s=1.0)
DETECTOR_FRAME = 1280
BEFORE_CALL = round((SETTINGS.delay_s + SETTINGS.phrase_s + SETTINGS.pre_roll_s) * SAMPLE_RATE_HZ)


class ScriptedDetector:
    """Port WakeWordDetector: sure of the name in the frames in which these samples are."""

    frame_samples = DETECTOR_FRAME
    names: tuple[str, ...] = ("hey_jett",)

    def __init__(self, at_samples: Sequence[int]) -> None:
        self._at_samples = at_samples
        self.heard = 0

    def scores(self, frame: Samples) -> tuple[float, ...]:
        begun, self.heard = self.heard, self.heard + frame.size
        return (1.0 if any(begun <= at < self.heard for at in self._at_samples) else 0.0,)

    def several(self, frames: Samples) -> list[tuple[float, ...]]:
        return [self.scores(frame) for frame in frames.reshape(-1, self.frame_samples)]

    def reset(self) -> None:
        self.heard = 0


class NotingDetector:
    """Port VoiceActivityDetector: notes what it is asked about; hears no speech, but enough to be asked each time."""

    frame_samples = 512

    def __init__(self) -> None:
        self.frames: list[Samples] = []
        self.probability = 0.2

    def score(self, frame: Samples) -> float:
        self.frames.append(frame)
        return self.probability

    def reset(self) -> None:
        """Nothing to forget."""


@dataclass
class Night:
    """A sleeping Jett, and what reaches the turn machine."""

    called_at: Sequence[int] = ()
    push_to_talk: bool = False
    patience: int = 1
    held_awake: bool = False
    waiting: list[str] = field(default_factory=list)
    told: list[SessionEvent] = field(default_factory=list)
    fed: list[Event] = field(default_factory=list)
    heard: list[FrameHeard] = field(default_factory=list)
    """Of what was fed, the real frames; told apart by identity."""
    earcons: int = 0
    second_look: SecondLook | None = None
    looks: list[Look] = field(default_factory=list)
    """Asked for."""

    def __post_init__(self) -> None:
        self.vad = NotingDetector()
        self.ears = Ears(self.vad, MonotonicClock(), capacity_s=20.0)
        self.machine = TurnMachine()
        detector = None if self.push_to_talk else ScriptedDetector(self.called_at)
        after_name = WakePhrase(["hey_jett"]).rest
        parts = Parts(
            self.vad,
            NOTHING,
            NOTHING,
            NOTHING,
            NOTHING,
            str,
            wake=detector,
            wake_rules=(WakeRule("hey_jett", patience=self.patience),),
            second_look=self.second_look,
            after_name=after_name,
        )
        settings = ConversationSettings("", asleep=SETTINGS, push_to_talk=self.push_to_talk)
        self.sleeping = Sleeping(
            parts,
            settings,
            self.ears,
            self.machine,
            observer=self.tell,
            feed=self.feed,
            stirs=lambda: bool(self.waiting),
            held_awake=lambda: self.held_awake,
            play_earcon=self.chime,
            look_again=self.look_again,
        )

    def look_again(self, _: SecondLook, look: Look) -> None:
        self.looks.append(look)

    def feed(self, event: Event) -> None:
        self.fed.append(event)
        before = self.machine.state
        if any(isinstance(command, DropTurn) for command in self.machine.handle(event)):
            self.sleeping.dropped()
        if self.machine.state is not before:
            self.tell(StateChanged(self.machine.state.value))

    def chime(self) -> None:
        self.earcons += 1

    def tell(self, event: SessionEvent) -> None:
        told = self.sleeping.told(event)
        if told is not None:
            self.told.append(told)

    def finish(self, turn: int) -> None:
        self.tell(TurnReport(turn, 0, "Is n8n up?", "It is up.", "It is up.", interrupted=False))

    def hear(self, chunk: Samples) -> None:
        for frame in self.sleeping.frames(chunk):
            self.heard.append(frame.heard)
            self.feed(frame.heard)

    def looked_and_found_none(self) -> None:
        """Each look at a call says no, as it comes."""
        for _ in AFTER_S:
            self.sleeping.looked_at(self.looks[-1], False)
            self.hear_seconds(0.1)

    def hear_seconds(self, seconds: float) -> None:
        for _ in range(round(seconds * SAMPLE_RATE_HZ / CHUNK)):
            self.hear(silence(CHUNK))

    def told_of(self, kind: type) -> list[Any]:
        return [event for event in self.told if isinstance(event, kind)]

    @property
    def states(self) -> list[str]:
        return [event.state for event in self.told_of(StateChanged)]

    @property
    def woken_by(self) -> list[str | None]:
        """Of each finished turn."""
        return [event.woken_by for event in self.told_of(TurnReport)]


def test_asleep_no_frame_is_scored_or_heard_and_the_level_is_told() -> None:
    night = Night()
    night.hear_seconds(10.0)
    assert (night.vad.frames, night.fed) == ([], [])
    assert night.told_of(StateChanged) == [StateChanged("asleep")]


@pytest.mark.parametrize("chunk", [CHUNK, 4 * CHUNK, SAMPLE_RATE_HZ])
def test_asleep_one_level_is_told_of_what_was_handed_over_together(chunk: int) -> None:
    night = Night()
    for _ in range(5 * SAMPLE_RATE_HZ // chunk):
        night.hear(np.full(chunk, 328, np.int16))
    levels = night.told_of(LevelMeasured)
    assert len(levels) <= 5 * SAMPLE_RATE_HZ / max(chunk, 512)
    assert {round(level.dbfs) for level in levels} == {-40}
    assert 4.9 < sum(level.span_s for level in levels) <= 5.0 + 1e-6


def test_it_wants_what_completes_a_frame_of_who_listens_for_the_name() -> None:
    night = Night()
    wanted = []
    for size in (CHUNK, 1_280, 1_279, 1):
        night.hear(silence(size))
        wanted.append(night.sleeping.wanted_samples)
    assert wanted == [960, 960, 961, 960]
    assert Night(push_to_talk=True).sleeping.wanted_samples == DETECTOR_FRAME


@given(
    at=st.integers(0, 5 * SAMPLE_RATE_HZ),
    patience=st.integers(1, 4),
    sizes=st.lists(st.integers(1, 4_000), max_size=40),
)
@settings(max_examples=50, deadline=None)
def test_handed_over_as_it_wants_a_sleeper_wakes_with_the_frame_that_makes_sure(
    at: int, patience: int, sizes: list[int]
) -> None:
    """A name of so many frames from `at` on; the first chunks are of any size."""
    first = at // DETECTOR_FRAME
    night = Night(range(first * DETECTOR_FRAME, (first + patience) * DETECTOR_FRAME, DETECTOR_FRAME), patience=patience)
    handed_over, sure = 0, (first + patience) * DETECTOR_FRAME
    while not night.told_of(Woken) and handed_over < sure:
        size = sizes.pop() if sizes else night.sleeping.wanted_samples
        handed_over += size
        night.hear(silence(size))
        early = handed_over < sure
    (woken,) = night.told_of(Woken)
    assert not early
    assert woken.at_s == pytest.approx(handed_over / SAMPLE_RATE_HZ)
    assert handed_over == sure or handed_over - sure < 4_000


def test_a_call_that_nobody_made_is_over_in_a_moment() -> None:
    night = Night(called_at=[5 * SAMPLE_RATE_HZ])
    night.hear_seconds(10.0)
    (woken,), (rejected,) = night.told_of(Woken), night.told_of(WakeRejected)
    assert woken.by == "hey_jett"
    assert SETTINGS.unheard_s <= rejected.at_s - woken.at_s < SETTINGS.unheard_s + 0.1
    assert night.told[-1] != StateChanged("asleep")
    assert night.states == ["asleep", "called", "asleep"]


def test_a_score_that_stays_high_is_one_call() -> None:
    night = Night(called_at=range(5 * SAMPLE_RATE_HZ, 9 * SAMPLE_RATE_HZ, 640))
    night.hear_seconds(10.0)
    assert len(night.told_of(Woken)) == 1


def test_a_key_wakes_it_and_it_falls_asleep_on_the_audio_clock() -> None:
    night = Night(push_to_talk=True)
    night.hear_seconds(3.0)
    night.sleeping.wake("key")
    night.hear_seconds(3.0)
    (woken,), (fell,) = night.told_of(Woken), night.told_of(FellAsleep)
    assert woken == Woken("key", 3.0)
    assert SETTINGS.follow_up_s <= fell.at_s - woken.at_s < SETTINGS.follow_up_s + 0.1
    assert night.earcons == 1


def test_a_question_that_waits_for_its_answer_keeps_it_awake() -> None:
    night = Night(push_to_talk=True, held_awake=True)
    night.sleeping.wake("request")
    night.hear_seconds(10.0)
    assert night.told_of(FellAsleep) == []
    night.held_awake = False
    night.hear_seconds(2.0)
    assert len(night.told_of(FellAsleep)) == 1


def test_while_nobody_knows_whether_it_was_called_that_is_its_state_and_it_is_told_once() -> None:
    night = Night(called_at=[5 * SAMPLE_RATE_HZ])
    night.hear_seconds(6.0)
    for state in ("hearing", "pausing"):
        night.tell(StateChanged(state))
    assert night.states == ["asleep", "called"]
    night.sleeping.meant("Hey Jett, is n8n up?")
    night.tell(StateChanged("replying"))
    assert night.states == ["asleep", "called", "idle", "replying"]


def test_a_key_makes_sure_that_it_was_called() -> None:
    night = Night(called_at=[5 * SAMPLE_RATE_HZ])
    night.hear_seconds(6.0)
    night.sleeping.wake("key")
    assert night.states == ["asleep", "called", "idle"]


@pytest.mark.parametrize("by", ["key", "request"])
def test_the_first_turn_after_a_waking_says_what_woke_it(by: str) -> None:
    night = Night(push_to_talk=True)
    for _ in range(2):
        night.hear_seconds(1.0)
        night.sleeping.wake(by)
        for turn in (1, 2):
            night.finish(turn)
        night.sleeping.sleep()
    assert night.woken_by == [by, None, by, None]


def test_a_waking_after_which_nobody_was_answered_is_no_later_turns() -> None:
    """A message that is typed while it sleeps may be over before it wakes."""
    night = Night(called_at=[5 * SAMPLE_RATE_HZ])
    night.hear_seconds(10.0)
    night.finish(1)
    assert (len(night.told_of(WakeRejected)), night.woken_by) == (1, [None])


def test_the_words_that_send_it_to_sleep_are_a_turn_that_says_what_woke_it() -> None:
    night = Night(called_at=[5 * SAMPLE_RATE_HZ])
    night.hear_seconds(6.0)
    assert night.sleeping.meant("Hey Jett, go to sleep.") == ""
    assert night.sleeping.dropped() == "Hey Jett, go to sleep."
    night.finish(1)
    night.finish(2)
    assert night.woken_by == ["hey_jett", None]


def test_an_announcement_wakes_it_without_a_sound() -> None:
    night = Night()
    night.hear_seconds(3.0)
    night.waiting.append("The backup is done.")
    night.hear_seconds(1.0)
    assert [event.by for event in night.told_of(Woken)] == ["announcement"]
    assert night.machine.at_rest, "it would have to wait until the machine knows that nobody speaks"
    assert night.earcons == 0
    night.finish(1)
    assert night.woken_by == ["announcement"]


def test_without_a_wake_word_everything_is_heard() -> None:
    night = Night(push_to_talk=True)
    parts = Parts(night.vad, NOTHING, NOTHING, NOTHING, NOTHING, str)
    always = Sleeping(
        parts,
        ConversationSettings(""),
        night.ears,
        night.machine,
        observer=night.told.append,
        feed=night.feed,
        stirs=lambda: True,
        held_awake=lambda: True,
        play_earcon=night.chime,
        look_again=night.look_again,
    )
    assert not always.asleep
    assert len(list(always.frames(silence(5120)))) == 10
    assert always.meant("Hey Jett, stop.") == "Hey Jett, stop."
    assert always.told(StateChanged("hearing")) == StateChanged("hearing")


@given(
    chunks=st.lists(st.integers(1, 4000), min_size=20, max_size=120),
    called_at=st.lists(st.integers(0, 120_000), max_size=3),
    sleeps_after=st.sets(st.integers(0, 119), max_size=3),
)
@settings(max_examples=150, deadline=None)
def test_from_the_pre_roll_on_every_sample_is_heard_once_and_in_order(
    chunks: list[int], called_at: list[int], sleeps_after: set[int]
) -> None:
    """Each sample's value is its number, so that a frame shows where it is from."""
    night, at = Night(called_at), 0
    for number, size in enumerate(chunks):
        night.hear(np.arange(at, at + size).astype(np.int16))
        at += size
        if number in sleeps_after:
            night.sleeping.sleep()
    frames = iter(night.vad.frames)
    heard_until = 0
    for event in night.fed:
        assert isinstance(event, FrameHeard)
        end = round(event.end_s * SAMPLE_RATE_HZ)
        if _in(event, night.heard):
            assert end - 512 == heard_until, "a gap, or heard twice"
            assert (next(frames) == np.arange(heard_until, end).astype(np.int16)).all()
        else:  # what was slept through counts as silence, up to here
            assert end >= heard_until
            assert end == heard_until or end <= max(0, max(called_at) + DETECTOR_FRAME - BEFORE_CALL)
        heard_until = end
    assert next(frames, None) is None
    assert sum(not _in(event, night.heard) for event in night.fed) == len(night.told_of(Woken))


def _in(event: Event, events: Sequence[Event]) -> bool:
    return any(event is each for each in events)


def test_the_earcon_is_short_soft_and_without_a_click() -> None:
    sound = earcon(24_000)
    assert sound.size == round(0.150 * 24_000)
    assert abs(20 * np.log10(np.sqrt(np.mean((sound / 32_768.0) ** 2))) + 24) < 0.1
    assert np.abs(np.diff(sound.astype(int))).max() < 0.06 * 32_768
    assert abs(int(sound[0])) + abs(int(sound[-1])) < 10


LOOK = SecondLook({"hey_jett": LikelyPhrase(NOTHING, ("hey jett",), most_looks=len(AFTER_S))})


def test_a_call_is_looked_at_again_and_again_and_no_yes_is_a_rejection() -> None:
    night = Night(called_at=[SAMPLE_RATE_HZ], second_look=LOOK)
    night.hear_seconds(1.24)
    (first,) = night.looks
    assert (first.name, first.nth) == ("hey_jett", 0)
    assert first.at_s == pytest.approx(1.04)
    for n, _ in enumerate(AFTER_S[1:], 1):
        night.sleeping.looked_at(night.looks[-1], False)
        assert not night.sleeping.asleep
        assert len(night.looks) == n, "the next look hears 80 ms more"
        night.hear_seconds(0.1)
        assert night.looks[n] == LOOK.again(night.looks[n - 1])
    night.sleeping.looked_at(night.looks[-1], False)
    assert night.sleeping.asleep
    night.hear_seconds(1.0)
    assert night.earcons == 0
    assert not any(isinstance(event, Woken | WakeRejected | FellAsleep) for event in night.told)
    assert {event.state for event in night.told_of(StateChanged)} == {"asleep"}


def test_a_yes_is_told_as_listening_and_the_earcon_sounds_then() -> None:
    night = Night(called_at=[SAMPLE_RATE_HZ], second_look=LOOK)
    night.hear_seconds(1.6)
    assert night.earcons == 0
    (look,) = night.looks
    assert night.told_of(Woken) == []
    night.sleeping.looked_at(look, True)
    assert [event.by for event in night.told_of(Woken)] == ["hey_jett"]
    assert [event.state for event in night.told_of(StateChanged)][-1] == "idle"
    night.hear_seconds(0.4)
    assert night.earcons == 1
    assert night.told_of(WakeRejected) == []


def test_a_rejected_call_in_which_somebody_spoke_is_told_to_nobody_and_the_next_one_counts_at_once() -> None:
    night = Night(called_at=[SAMPLE_RATE_HZ, round(2.5 * SAMPLE_RATE_HZ)], second_look=LOOK)
    night.vad.probability = 0.9
    night.hear_seconds(1.5)
    assert night.machine.state is State.HEARING
    night.looked_and_found_none()
    assert night.sleeping.asleep
    night.hear_seconds(1.3)
    assert {event.state for event in night.told_of(StateChanged)} == {"asleep"}
    assert len({look.at_s for look in night.looks}) == 2


@pytest.mark.parametrize("verdict", [True, None])
def test_a_later_look_may_find_what_the_first_did_not_and_nobody_is_told_before(verdict: bool | None) -> None:
    night = Night(called_at=[SAMPLE_RATE_HZ], second_look=LOOK)
    night.hear_seconds(1.3)
    for _ in AFTER_S[1:]:
        night.sleeping.looked_at(night.looks[-1], False)
        assert not night.sleeping.is_decided
        assert night.told_of(Woken) == []
        night.hear_seconds(0.1)
    night.sleeping.looked_at(night.looks[-1], verdict)
    assert night.sleeping.is_decided
    assert not night.sleeping.asleep
    assert [event.by for event in night.told_of(Woken)] == ["hey_jett"]
    assert night.states[-1] == ("idle" if verdict else "called")


def test_who_is_sent_to_sleep_between_two_looks_waits_for_neither() -> None:
    night = Night(called_at=[SAMPLE_RATE_HZ], second_look=LOOK)
    night.hear_seconds(1.24)
    night.sleeping.looked_at(night.looks[-1], False)
    night.sleeping.sleep()
    assert night.sleeping.is_decided
    night.hear_seconds(1.0)
    assert len(night.looks) == 1
    assert night.sleeping.asleep


def test_a_key_during_a_second_look_is_what_woke_it() -> None:
    night = Night(called_at=[SAMPLE_RATE_HZ], second_look=LOOK)
    night.hear_seconds(1.5)
    night.sleeping.wake("key")
    night.looked_and_found_none()
    assert not night.sleeping.asleep
    assert [event.by for event in night.told_of(Woken)] == ["key"]


def test_a_reply_that_was_asked_for_during_a_second_look_is_not_cut_short() -> None:
    night = Night(called_at=[SAMPLE_RATE_HZ], second_look=LOOK)
    night.hear_seconds(1.5)
    night.machine.handle(ReplyAsked("hello", typed=True))
    assert night.machine.state is State.REPLYING
    night.looked_and_found_none()
    assert not night.sleeping.asleep
    assert len(night.told_of(Woken)) == 1
