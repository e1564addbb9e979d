"""Replies that nobody spoke for, and replies that whoever listens wants no more of, told as conversations."""

from __future__ import annotations

from dataclasses import replace

from jett.turns.events import (
    Answer,
    Commit,
    DropTurn,
    KeepSilent,
    OpenTurn,
    PausePlayback,
    ReplyAsked,
    ReplyDismissed,
    ReplyEnded,
    ReplyStarted,
    ResumePlayback,
    SpeechCleared,
    StopReason,
    StopReply,
    Transcribed,
    TurnScored,
)
from jett.turns.machine import State, TurnMachine, TurnSettings
from tests.conversations.playbook import Playbook, silence, speech

ASKED = ReplyAsked("what time is it")


def answering(seconds: float) -> Playbook:
    """Turn 1 was typed; its reply has sounded for `seconds`."""
    play = Playbook()
    play >> silence(1.0) >> ASKED
    assert play.take() == [Answer(1, ASKED.text)]
    play >> ReplyStarted(1, play.now_s) >> silence(seconds)
    assert play.take() == []
    return play


def replying() -> Playbook:
    """Turn 1 was spoken; its reply has sounded for three seconds."""
    play = Playbook()
    play >> speech(1.0) >> silence(0.3) >> TurnScored(1, 1, 0.99) >> Transcribed(1, 1, "What time is it?")
    play >> silence(0.3) >> ReplyStarted(1, play.now_s) >> silence(3.0)
    play.take()
    assert play.machine.state is State.REPLYING
    return play


def test_typed_text_is_answered_at_once() -> None:
    """Without a microphone's silence, and it is over like any other reply."""
    play = answering(2.0)
    play >> ReplyEnded(1)
    assert play.machine.state is State.IDLE


def test_one_reply_at_a_time() -> None:
    """A second one is refused while the first is under way, also while somebody speaks over it."""
    play = answering(1.0)
    play >> ASKED
    assert play.take() == []
    play >> speech(0.2) >> ASKED
    assert play.kinds() == ["PausePlayback", "OpenTurn"]


def test_what_was_being_heard_is_dropped_for_typed_text() -> None:
    """And the rest of that speech opens no turn until there was silence."""
    play = Playbook()
    play >> speech(0.5) >> ASKED >> speech(0.5)
    assert play.kinds() == ["OpenTurn", "DropTurn", "Answer"]
    play >> ReplyStarted(2, play.now_s) >> silence(0.2) >> speech(0.2)
    assert play.kinds() == ["PausePlayback", "OpenTurn"]


def test_words_soon_after_its_beginning_do_not_continue_typed_text() -> None:
    """They are a turn of their own."""
    play = answering(0.2)
    play >> speech(0.5) >> silence(0.1) >> Transcribed(2, 1, "no the other one")
    assert play.take()[:2] == [PausePlayback(1), OpenTurn(2, play.machine.turn_from_s)]
    assert play.machine.state is State.PAUSING


def test_a_dismissed_reply_is_over() -> None:
    """Whoever listens cancels it: silence, and nothing of it comes back."""
    play = replying()
    play >> ReplyDismissed()
    assert play.take() == [StopReply(1, StopReason.STOPPED)]
    assert play.machine.state is State.IDLE
    play >> ReplyDismissed() >> silence(3.0)
    assert play.take() == []


def test_who_speaks_over_a_dismissed_reply_is_heard_to_the_end() -> None:
    """A client cancels when it learns of the speech: that speech is still the next turn."""
    play = replying()
    play >> speech(0.3) >> ReplyDismissed()
    assert play.kinds() == ["PausePlayback", "OpenTurn", "StopReply"]
    play >> speech(0.5) >> silence(0.3) >> TurnScored(2, 1, 0.99) >> Transcribed(2, 1, "And in Paris?") >> silence(0.5)
    assert isinstance(play.take()[-1], Commit)


def test_a_cough_over_a_dismissed_reply_is_followed_by_silence() -> None:
    """There is nothing to resume."""
    play = replying()
    play >> speech(0.1) >> ReplyDismissed() >> silence(0.2) >> Transcribed(2, 1, "") >> silence(2.0)
    assert ResumePlayback not in map(type, play.take())
    assert play.machine.state is State.IDLE


def test_cleared_speech_is_no_turn() -> None:
    """Neither is its rest."""
    play = Playbook()
    play >> speech(0.5) >> SpeechCleared() >> speech(0.5) >> silence(2.0)
    assert play.kinds() == ["OpenTurn", "DropTurn"]
    assert play.machine.state is State.IDLE


def test_cleared_speech_over_a_reply_resumes_it() -> None:
    """As a cough does."""
    play = replying()
    play >> speech(0.3) >> SpeechCleared()
    assert play.take()[-2:] == [DropTurn(2, ""), ResumePlayback(1)]


def test_a_turn_that_nobody_wants_answered_ends_all_the_same() -> None:
    """And the next one is its own, however soon it comes."""
    play = Playbook(TurnMachine(TurnSettings(answers=False)))
    play >> speech(1.0) >> silence(0.3) >> TurnScored(1, 1, 0.99) >> Transcribed(1, 1, "What time is it?")
    play >> silence(0.4)
    commit = play.take()[-1]
    assert isinstance(commit, Commit)
    assert not commit.answered
    assert play.machine.state is State.IDLE
    play >> ASKED >> ReplyEnded(2) >> speech(0.5)
    assert play.kinds() == ["Answer", "OpenTurn"]


def test_where_nobody_may_interrupt_nobody_is_heard_while_a_reply_sounds() -> None:
    """Words that begin after it are."""
    play = replying()
    play.machine.configure(replace(play.machine.settings, barge_in=False))
    play >> speech(1.0) >> silence(0.5)
    assert play.take() == []
    play >> ReplyEnded(1) >> silence(1.0) >> speech(0.5)
    assert play.kinds() == ["OpenTurn"]


STOP = ReplyAsked("Stop, please.")


def test_a_typed_stop_phrase_is_answered_by_nobody() -> None:
    """At rest there is nothing to end either."""
    play = Playbook()
    play >> silence(1.0) >> STOP >> silence(3.0)
    assert play.take() == [KeepSilent(1, STOP.text)]
    assert play.machine.state is State.IDLE
    play >> ASKED
    assert play.take() == [Answer(2, ASKED.text)]


def test_a_typed_stop_phrase_ends_the_reply_as_a_spoken_one_does() -> None:
    """No other text may be typed into a reply."""
    play = replying()
    play >> STOP
    assert play.take() == [StopReply(1, StopReason.STOPPED), KeepSilent(2, STOP.text)]
    assert play.machine.state is State.IDLE


def test_a_typed_stop_phrase_drops_what_is_being_heard() -> None:
    """Also over a reply, and the rest of that speech opens no turn."""
    play = Playbook()
    play >> speech(0.5) >> STOP >> speech(0.5) >> silence(2.0)
    assert play.kinds() == ["OpenTurn", "DropTurn", "KeepSilent"]
    play = replying()
    play >> speech(0.3) >> STOP >> speech(0.5) >> silence(2.0)
    assert play.kinds() == ["PausePlayback", "OpenTurn", "StopReply", "DropTurn", "KeepSilent"]
    assert play.machine.state is State.IDLE
