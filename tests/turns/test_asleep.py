"""Asleep, called, awake: what is heard when, and what a transcript has to hold."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jett.turns.asleep import (
    AsleepSettings,
    FallAsleep,
    Hear,
    Meaning,
    Meant,
    PlayEarcon,
    SleepCommand,
    Sleeper,
    Wakefulness,
)
from jett.turns.phrases import is_sleep_phrase

FRAME_S = 0.032
SETTINGS = AsleepSettings()


def after_name(text: str) -> str | None:
    return text.removeprefix("hey jett").strip() if text.startswith("hey jett") else None


def sleeper(settings: AsleepSettings = SETTINGS) -> Sleeper:
    return Sleeper(settings, after_name)


def quiet(sleeper: Sleeper, from_s: float, seconds: float, *, spoken_until_s: float = 0.0) -> list[SleepCommand]:
    """Frames in which nobody speaks and nothing is under way."""
    frames = range(1, round(seconds / FRAME_S) + 1)
    return [
        command
        for n in frames
        for command in sleeper.on_frame(from_s + n * FRAME_S, busy=False, last_speech_s=spoken_until_s)
    ]


def test_a_call_has_everything_heard_from_a_little_before_the_name_on() -> None:
    called = sleeper()
    (hear,) = called.on_called(10.0)
    assert hear == Hear(10.0 - SETTINGS.delay_s - SETTINGS.phrase_s - SETTINGS.pre_roll_s)
    assert called.state is Wakefulness.CALLED
    assert called.on_called(10.1) == []


def test_the_words_after_the_name_are_what_is_answered_and_jett_is_awake() -> None:
    called = sleeper()
    called.on_called(10.0)
    assert called.on_transcript("hey jett what time is it") == Meant(Meaning.WORDS, "what time is it")
    assert called.state is Wakefulness.AWAKE


def test_the_bare_name_is_answered_by_listening() -> None:
    called = sleeper()
    called.on_called(10.0)
    assert called.on_transcript("hey jett") == Meant(Meaning.NAME)
    assert called.on_dropped() == []
    assert called.state is Wakefulness.AWAKE


def test_a_call_without_the_name_is_rejected_once_the_turn_is_over() -> None:
    called = sleeper()
    called.on_called(10.0)
    assert called.on_transcript("hey") == Meant(Meaning.UNSURE)
    assert called.of_partial("hey jeff come") is None
    assert called.on_dropped() == [FallAsleep(rejected=True)]
    assert called.state is Wakefulness.ASLEEP


def test_a_name_that_comes_with_the_second_transcript_is_no_rejection() -> None:
    called = sleeper()
    called.on_called(10.0)
    called.on_transcript("hey")
    assert called.on_transcript("hey jett stop").text == "stop"


def test_many_words_without_the_name_are_not_meant_for_jett() -> None:
    called = sleeper()
    called.on_called(10.0)
    assert called.on_transcript("he jetted off to spain with his wife") == Meant(Meaning.NOT_MEANT)


def test_a_call_in_which_nobody_speaks_is_rejected() -> None:
    called = sleeper(AsleepSettings(earcon=False))
    called.on_called(10.0)
    assert quiet(called, 10.0, SETTINGS.unheard_s - 0.1) == []
    assert quiet(called, 10.0 + SETTINGS.unheard_s - 0.1, 0.2) == [FallAsleep(rejected=True)]


def test_awake_no_name_is_needed_and_where_it_is_said_it_is_cut() -> None:
    awake = sleeper()
    awake.on_woken(10.0)
    assert awake.on_transcript("and tomorrow").text == "and tomorrow"
    assert awake.on_transcript("hey jett and tomorrow").text == "and tomorrow"
    assert awake.of_partial("and") == "and"


def test_it_stays_awake_for_the_follow_up_counted_from_the_end_of_the_reply() -> None:
    awake = sleeper(AsleepSettings(earcon=False))
    awake.on_woken(0.0)
    assert awake.on_frame(30.0, busy=True, last_speech_s=5.0) == []
    assert quiet(awake, 30.0, SETTINGS.follow_up_s - FRAME_S, spoken_until_s=5.0) == []
    assert quiet(awake, 30.0 + SETTINGS.follow_up_s, FRAME_S, spoken_until_s=5.0) == [FallAsleep()]


def test_words_that_let_it_go_send_it_to_sleep_once_the_turn_is_over() -> None:
    awake = sleeper()
    awake.on_woken(0.0)
    assert awake.on_transcript("that's all, thanks") == Meant(Meaning.SLEEP)
    assert awake.on_dropped() == [FallAsleep()]


def test_words_that_only_began_so_do_not() -> None:
    awake = sleeper()
    awake.on_woken(0.0)
    awake.on_transcript("that's all")
    assert awake.on_transcript("that's all I know about cats").meaning is Meaning.WORDS
    assert awake.on_dropped() == []


@pytest.mark.parametrize(
    ("said", "sends"),
    [
        ("Go to sleep.", True),
        ("That's all, thanks.", True),
        ("Thank you, that will be all for now.", True),
        ("Okay Jett, go back to sleep please.", True),
        ("Stop listening.", True),
        ("Is that all?", False),
        ("Why do cats go to sleep?", False),
        ("Thanks.", False),
        ("", False),
    ],
)
def test_phrases_that_let_jett_go(said: str, sends: bool) -> None:
    assert is_sleep_phrase(said) is sends


@pytest.mark.parametrize(("spoken_until_s", "sounds"), [(9.9, True), (10.2, True), (10.5, False)])
def test_the_earcon_sounds_in_the_pause_after_the_name_and_not_after_more_words(
    spoken_until_s: float, sounds: bool
) -> None:
    called = sleeper()
    called.on_called(10.0)
    told = quiet(called, 10.0, 1.2, spoken_until_s=spoken_until_s)
    assert (told == [PlayEarcon()]) is sounds
    assert bool(told) is sounds


def test_no_earcon_where_it_is_turned_off() -> None:
    called = sleeper(AsleepSettings(earcon=False))
    called.on_called(10.0)
    assert quiet(called, 10.0, 1.0) == []


def test_whatever_is_said_unasked_wakes_it_without_a_sound() -> None:
    stirred = sleeper()
    assert stirred.on_stirred(10.0) == [Hear(10.0)]
    assert quiet(stirred, 10.0, 1.0) == []
    assert stirred.on_transcript("say that again").text == "say that again"


@dataclass
class _Life:
    """A sleeper, and what it was told since it was called last."""

    sleeper: Sleeper = field(default_factory=sleeper)
    now_s: float = 0.0
    named: bool = False
    busy: bool = False

    def live(self, happening: tuple[str, object]) -> None:
        name, value = happening
        before = self.sleeper.state
        commands: list[SleepCommand] = []
        match name:
            case "frames":
                for _ in range(int(str(value))):
                    self.now_s += FRAME_S
                    commands += self.sleeper.on_frame(self.now_s, busy=self.busy, last_speech_s=self.now_s - 0.1)
            case "busy":
                self.busy = bool(value)
            case "call":
                commands = self.sleeper.on_called(self.now_s)
            case "key":
                commands = self.sleeper.on_woken(self.now_s)
            case "said":
                self._say(str(value))
        assert not (self.busy and any(isinstance(each, FallAsleep) for each in commands))
        woken = [each for each in commands if isinstance(each, Hear)]
        assert bool(woken) == (before is Wakefulness.ASLEEP and self.sleeper.state is not Wakefulness.ASLEEP)
        assert all(0 <= each.from_s <= self.now_s for each in woken)
        self.named = (self.named and not woken) or name == "key"

    def _say(self, text: str) -> None:
        """A transcript is of what was heard, so of no sleeper."""
        if self.sleeper.state is Wakefulness.ASLEEP:
            return
        self.named = self.named or text.startswith("hey jett")
        answered = self.sleeper.on_transcript(text).text
        assert self.named or not answered


happenings = st.one_of(
    st.tuples(st.just("frames"), st.integers(1, 250)),
    st.tuples(st.just("busy"), st.booleans()),
    st.tuples(st.sampled_from(["call", "key"]), st.none()),
    st.tuples(st.just("said"), st.sampled_from(["hey jett stop", "hey jeff stop", "hey", "hey jett", "go to sleep"])),
)


@given(st.lists(happenings, max_size=40))
def test_whatever_happens_it_never_sleeps_in_between_and_answers_nobody_else(life: list[tuple[str, object]]) -> None:
    alive = _Life()
    for happening in life:
        alive.live(happening)


def test_while_somebody_looks_again_there_is_no_earcon_and_then_there_is() -> None:
    called = sleeper()
    called.on_called(10.0, looked_at=True)
    assert quiet(called, 10.0, 3.0) == [], "however long it takes"
    assert called.on_looked_at(10.0, True) == []
    assert called.state is Wakefulness.AWAKE
    assert quiet(called, 13.0, 0.1) == [PlayEarcon()]


@pytest.mark.parametrize("text", ["I hate Jett.", "A jet", ""])
def test_a_name_that_was_found_may_be_written_wrong(text: str) -> None:
    called = sleeper()
    called.on_called(10.0, looked_at=True)
    called.on_looked_at(10.0, True)
    assert called.on_transcript(text, 9.1).text == ""
    assert called.on_dropped() == []
    assert called.on_transcript("stop that", 12.0) == Meant(Meaning.WORDS, "stop that"), "its turn began after the name"


def test_what_follows_a_name_that_is_written_wrong_is_answered() -> None:
    called = sleeper()
    called.on_called(10.0, looked_at=True)
    called.on_looked_at(10.0, True)
    text = "a jet what time is it"
    assert called.on_transcript(text, 9.1) == Meant(Meaning.WORDS, text)


def test_a_name_that_was_not_found_lets_it_sleep_at_once() -> None:
    called = sleeper()
    called.on_called(10.0, looked_at=True)
    assert called.on_looked_at(10.0, False) == [FallAsleep(rejected=True)]
    assert called.state is Wakefulness.ASLEEP
    assert called.on_looked_at(10.0, True) == [], "nobody asked"
    assert called.state is Wakefulness.ASLEEP


def test_where_nobody_could_look_the_transcript_tells() -> None:
    called = sleeper()
    called.on_called(10.0, looked_at=True)
    assert called.on_looked_at(10.0, None) == []
    assert called.on_transcript("what time is it", 9.1) == Meant(Meaning.UNSURE)
    assert called.on_dropped() == [FallAsleep(rejected=True)]


@given(st.lists(st.sampled_from(["called", "found", "not found", "unsure", "key", "text", "dropped", "sleep"])))
def test_a_second_look_never_wakes_what_sleeps_nor_sends_to_sleep_what_is_awake(events: list[str]) -> None:
    one = sleeper()
    called_s = 0.0
    for n, event in enumerate(events):
        before = one.state
        match event:
            case "called":
                called_s = float(n) if one.on_called(float(n), looked_at=True) else called_s
            case "key":
                one.on_woken(float(n))
            case "text":
                one.on_transcript("come here", float(n))
            case "dropped":
                one.on_dropped()
            case "sleep":
                one.on_sent_to_sleep()
            case _:
                one.on_looked_at(called_s, {"found": True, "not found": False, "unsure": None}[event])
                if before is not Wakefulness.CALLED:
                    assert one.state is before


def test_a_look_at_a_call_that_is_over_says_nothing_of_the_next_one() -> None:
    one = sleeper()
    one.on_called(10.0, looked_at=True)
    one.on_sent_to_sleep()
    one.on_called(13.0, looked_at=True)
    assert one.on_looked_at(10.0, True) == []
    assert one.state is Wakefulness.CALLED
    assert one.on_looked_at(13.0, False) == [FallAsleep(rejected=True)]
