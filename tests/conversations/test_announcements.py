"""Somebody else's words in a conversation, told as conversations: they wait, answer nobody, leave nothing behind."""

from __future__ import annotations

import pytest

from jett.turns.events import (
    Announce,
    AnnouncementOffered,
    Commit,
    DropTurn,
    OpenTurn,
    PartialTranscribed,
    PausePlayback,
    ReplyEnded,
    ReplyStarted,
    ResumePlayback,
    StopPressed,
    StopReason,
    StopReply,
    Transcribed,
    TurnScored,
)
from jett.turns.machine import State
from tests.conversations.playbook import Playbook, Sound, rest_of_echo, silence, speech

OFFERED = AnnouncementOffered()


def announcing(seconds: float) -> Playbook:
    """Turn 1 is an announcement that has sounded for `seconds`."""
    play = Playbook()
    play >> silence(2.1) >> OFFERED
    assert play.take() == [Announce(1)]
    play >> ReplyStarted(1, play.now_s) >> silence(seconds)
    assert play.take() == []
    return play


def test_in_a_quiet_room_it_is_said_at_once() -> None:
    """And is over when its last sample was played."""
    play = announcing(3.0)
    play >> ReplyEnded(1) >> silence(5.0)
    assert play.kinds() == []
    assert play.machine.state is State.IDLE


def test_it_waits_while_somebody_speaks_and_until_they_were_answered() -> None:
    """Offered in every state of a turn, it is said 2 s after the reply's end and not before."""
    play = Playbook()
    play >> silence(3.0) >> speech(1.0) >> OFFERED >> silence(0.3) >> OFFERED
    play >> TurnScored(1, 1, 0.99) >> Transcribed(1, 1, "what time is it") >> silence(0.5) >> OFFERED
    assert Announce not in map(type, play.take())
    play >> ReplyStarted(1, play.now_s) >> silence(2.0) >> OFFERED >> ReplyEnded(1)
    play >> silence(1.9) >> OFFERED
    assert play.take() == []
    play >> silence(0.2) >> OFFERED
    assert play.take() == [Announce(2)]


@pytest.mark.parametrize("heard", [Sound(0.032, 0.95), speech(0.32)], ids=["speech begins", "somebody speaks"])
def test_it_is_not_said_into_the_first_word(heard: Sound) -> None:
    """One frame of speech may be the beginning of a sentence."""
    play = Playbook()
    play >> silence(3.0) >> heard >> OFFERED
    assert Announce not in map(type, play.take())


def test_it_waits_after_a_noise_after_a_stop_and_after_the_one_before() -> None:
    """Whatever ended was the end of something."""
    play = Playbook()
    play >> silence(3.0) >> speech(0.2) >> silence(0.1) >> Transcribed(1, 1, "Never mind.") >> OFFERED
    assert play.kinds() == ["OpenTurn", "Speculate", "DropTurn"]
    play >> silence(2.1) >> OFFERED >> ReplyStarted(2, play.now_s) >> silence(1.0) >> ReplyEnded(2) >> OFFERED
    assert play.take() == [Announce(2)]
    play >> silence(2.1) >> OFFERED >> silence(0.5) >> StopPressed() >> silence(1.0) >> OFFERED
    assert play.take() == [Announce(3), StopReply(3, StopReason.STOPPED)]


def test_after_the_stop_button_it_waits_for_the_end_of_the_speech_that_goes_on() -> None:
    """That speech opens no turn, but somebody speaks all the same."""
    play = Playbook()
    play >> silence(3.0) >> speech(0.5) >> StopPressed() >> speech(3.0) >> OFFERED
    assert play.kinds() == ["OpenTurn", "DropTurn"]
    play >> silence(2.1) >> OFFERED
    assert play.kinds() == ["Announce"]


def test_stop_ends_it() -> None:
    """As it ends a reply, and is not answered."""
    play = announcing(1.0)
    play >> speech(0.4) >> silence(0.1)
    assert play.take()[0] == PausePlayback(1)
    play >> Transcribed(2, 1, "Stop.")
    assert play.take() == [StopReply(1, StopReason.STOPPED), DropTurn(2, "Stop.")]


@pytest.mark.parametrize("sounded_s", [0.3, 5.0], ids=["at its beginning", "later"])
def test_words_over_it_end_it_and_are_answered_as_a_turn_of_their_own(sounded_s: float) -> None:
    """Nobody asked for it, so words at its beginning continue nothing."""
    play = announcing(sounded_s)
    play >> speech(0.8) >> silence(0.1)
    paused, opened = play.take()[:2]
    assert paused == PausePlayback(1)
    assert isinstance(opened, OpenTurn)
    assert opened.from_s == pytest.approx(play.now_s - 0.9 - 0.3, abs=0.05)
    play >> TurnScored(2, 1, 0.99) >> Transcribed(2, 1, "Yes.") >> silence(0.4)
    stop, commit = play.take()
    assert stop == StopReply(1, StopReason.INTERRUPTED)
    assert isinstance(commit, Commit)
    assert (commit.turn, commit.revision) == (2, 1)


def test_words_before_its_first_sound_end_it_too() -> None:
    """Its sound was still being made."""
    play = Playbook()
    play >> silence(2.1) >> OFFERED >> speech(0.8)
    play >> PartialTranscribed(2, "how is n8n")
    assert play.take()[-1] == StopReply(1, StopReason.INTERRUPTED)
    assert play.machine.state is State.HEARING


@pytest.mark.parametrize("text", ["", "Okay.", "mm-hmm"])
def test_a_cough_or_a_backchannel_over_it_resumes_it(text: str) -> None:
    play = announcing(1.0)
    play >> speech(0.3) >> silence(0.1)
    play.take()
    play >> Transcribed(2, 1, text)
    assert play.take() == [DropTurn(2, text), ResumePlayback(1)]
    play >> silence(1.0) >> ReplyEnded(1)
    assert play.machine.state is State.IDLE


def test_its_own_echo_does_not_interrupt_it() -> None:
    play = announcing(1.0)
    play >> rest_of_echo(2.0) >> ReplyEnded(1) >> rest_of_echo(0.2) >> silence(1.0)
    assert play.kinds() == []


def test_words_right_after_it_are_a_turn_of_their_own() -> None:
    """A yes to nothing: the machine opens a turn like any other."""
    play = announcing(0.5)
    play >> ReplyEnded(1) >> silence(0.1) >> speech(0.3) >> silence(0.1)
    play >> TurnScored(2, 1, 0.99) >> Transcribed(2, 1, "Yes.") >> silence(0.4)
    assert play.kinds() == ["OpenTurn", "Speculate", "Commit"]
