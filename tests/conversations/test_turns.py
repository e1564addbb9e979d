"""What the turn machine does, told as conversations."""

from __future__ import annotations

import pytest

from jett.turns.events import (
    CancelRevision,
    Commit,
    DropTurn,
    OpenTurn,
    PartialTranscribed,
    PausePlayback,
    ReplyEnded,
    ReplyStarted,
    ResumePlayback,
    Speculate,
    StopPressed,
    StopReason,
    StopReply,
    Transcribed,
    TurnScored,
)
from jett.turns.machine import State
from tests.conversations.playbook import Playbook, Sound, rest_of_echo, silence, speech


def asked(text: str = "what time is it", probability: float = 0.99) -> Playbook:
    """A question that was speculated and committed as turn 1, revision 1; its commands are taken."""
    play = Playbook()
    play >> silence(0.5) >> speech(1.0) >> silence(0.1)
    play >> TurnScored(1, 1, probability) >> Transcribed(1, 1, text) >> silence(1.0)
    play.take()
    assert play.machine.state is State.REPLYING
    return play


def replying(seconds: float) -> Playbook:
    """Turn 1 is being answered for `seconds`."""
    play = asked()
    play >> ReplyStarted(1, play.now_s) >> silence(seconds)
    play.take()
    return play


def test_a_sure_turn_commits_at_the_shortest_silence() -> None:
    """Speculation starts with the first silent frame, the commit comes 400 ms after the last speech."""
    play = Playbook()
    play >> silence(0.32) >> speech(0.64) >> silence(0.032)
    opened, speculated = play.take()
    assert isinstance(opened, OpenTurn)
    assert opened.from_s == pytest.approx(0.02)
    assert isinstance(speculated, Speculate)
    assert speculated.speech_end_s == pytest.approx(0.96)
    play >> TurnScored(1, 1, 0.999) >> Transcribed(1, 1, "Yes.") >> silence(0.352)
    assert play.kinds() == []
    play >> silence(0.032)
    (commit,) = play.take()
    assert isinstance(commit, Commit)
    assert commit.at_s - commit.speech_end_s == pytest.approx(0.416)


def test_the_turn_detector_is_asked_once_a_pause_and_not_in_a_short_one() -> None:
    """It would take a core from the transcript, and most pauses are over before its answer counts."""
    play = Playbook()
    play >> speech(0.64) >> silence(0.224) >> speech(0.64)
    assert play.scores == []
    play >> silence(0.224)
    assert play.scores == []
    play >> silence(0.5)
    assert [(score.turn, score.revision) for score in play.scores] == [(1, 2)]


def test_a_turn_does_not_end_in_the_frame_in_which_speech_begins_again() -> None:
    """The cap is reached just then; one frame more tells whether it was speech."""
    play = Playbook()
    play >> speech(0.64) >> silence(1.088) >> TurnScored(1, 1, 0.1) >> Transcribed(1, 1, "Well.")
    play.take()
    play >> speech(0.032)
    assert play.kinds() == []
    play >> speech(0.032)
    assert play.kinds() == ["CancelRevision"]


def test_an_unsure_turn_waits_for_the_cap() -> None:
    """A doubtful end of turn commits at the cap and not before."""
    play = Playbook()
    play >> speech(0.64) >> silence(0.1) >> TurnScored(1, 1, 0.4) >> Transcribed(1, 1, "and then")
    play.take()
    play >> silence(0.95)
    assert play.kinds() == []
    play >> silence(0.1)
    assert play.kinds() == ["Commit"]


def test_a_likely_end_waits_less_than_the_cap() -> None:
    """Between sure and doubtful the silence is in between."""
    play = Playbook()
    play >> speech(0.64) >> silence(0.1) >> TurnScored(1, 1, 0.92) >> Transcribed(1, 1, "A mocha.")
    play.take()
    play >> silence(0.6)
    assert play.kinds() == []
    play >> silence(0.1)
    assert play.kinds() == ["Commit"]


def test_a_sentence_that_breaks_off_waits_for_the_cap() -> None:
    """The detector hears an end, the words do not."""
    play = Playbook()
    play >> speech(0.64) >> silence(0.1) >> TurnScored(1, 1, 0.9) >> Transcribed(1, 1, "Turn off the")
    play.take()
    play >> silence(0.95)
    assert play.kinds() == []
    play >> silence(0.1)
    assert play.kinds() == ["Commit"]


def test_a_turn_commits_as_soon_as_a_late_transcript_comes() -> None:
    """Silence long over, the transcript decides."""
    play = Playbook()
    play >> speech(0.64) >> silence(2.0) >> TurnScored(1, 1, 0.99)
    assert play.kinds() == ["OpenTurn", "Speculate"]
    play >> Transcribed(1, 1, "hello")
    assert play.kinds() == ["Commit"]


def test_speech_after_a_pause_cancels_the_revision_and_the_turn_goes_on() -> None:
    """The next pause speculates about the whole turn again."""
    play = Playbook()
    play >> speech(0.64) >> silence(0.128) >> speech(0.64) >> silence(0.128)
    commands = play.take()
    assert [type(c) for c in commands] == [OpenTurn, Speculate, CancelRevision, Speculate]
    assert commands[2] == CancelRevision(1, 1)
    assert isinstance(commands[3], Speculate)
    assert commands[3].revision == 2
    assert commands[3].from_s == commands[0].from_s  # type: ignore[union-attr]


def test_verdicts_of_a_stale_revision_do_nothing() -> None:
    """A transcript that comes after the user went on is dropped."""
    play = Playbook()
    play >> speech(0.64) >> silence(0.1) >> speech(0.64)
    play.take()
    play >> TurnScored(1, 1, 0.99) >> Transcribed(1, 1, "what time") >> silence(0.5)
    assert play.kinds() == ["Speculate"]


def test_no_words_drop_the_turn() -> None:
    """A noise that the VAD took for speech is not answered."""
    play = Playbook()
    play >> speech(0.2) >> silence(0.1) >> TurnScored(1, 1, 0.99) >> Transcribed(1, 1, "") >> silence(1.1)
    assert play.take()[-1] == DropTurn(1, "")
    assert play.machine.state is State.IDLE


def test_a_stop_phrase_is_not_answered() -> None:
    """ "Never mind" bypasses the language model."""
    play = Playbook()
    play >> speech(0.5) >> silence(0.1) >> Transcribed(1, 1, "Never mind.")
    assert play.take()[-1] == DropTurn(1, "Never mind.")


def test_a_single_frame_of_speech_opens_nothing() -> None:
    """A click is no onset."""
    play = Playbook()
    play >> silence(0.5) >> speech(0.032) >> silence(0.5)
    assert play.kinds() == []


def test_barge_in_pauses_playback_before_anything_else() -> None:
    """Silence within 100 ms of the onset; whether it was words is decided later."""
    play = replying(3.0)
    play >> speech(0.096)
    commands = play.take()
    assert commands[0] == PausePlayback(1)
    assert isinstance(commands[1], OpenTurn)
    assert commands[1].turn == 2


def test_a_rest_of_echo_interrupts_nothing() -> None:
    """Neither during the reply nor in the moment after its last sample."""
    play = replying(1.0)
    play >> rest_of_echo(2.0) >> silence(0.1)
    assert play.kinds() == []
    play >> ReplyEnded(1) >> rest_of_echo(0.2) >> silence(1.0)
    assert play.kinds() == []
    assert play.machine.state is State.IDLE


def test_a_voice_over_an_audible_echo_is_a_barge_in() -> None:
    """It takes a surer detector, not a longer one."""
    play = replying(3.0)
    play >> Sound(0.064, 0.95, echo=True)
    assert play.take()[0] == PausePlayback(1)


def test_barge_in_with_words_stops_the_reply_and_opens_a_turn() -> None:
    """The interrupted reply ends, and the new turn commits on its own."""
    play = replying(3.0)
    play >> speech(0.8) >> silence(0.1)
    play.take()
    play >> TurnScored(2, 1, 0.99) >> Transcribed(2, 1, "No, the other one.") >> silence(0.4)
    stop, commit = play.take()
    assert stop == StopReply(1, StopReason.INTERRUPTED)
    assert isinstance(commit, Commit)
    assert (commit.turn, commit.revision) == (2, 1)


def test_partial_words_end_the_reply_before_the_pause() -> None:
    """A long barge-in frees the language model while it is still going on."""
    play = replying(3.0)
    play >> speech(0.8)
    play.take()
    play >> PartialTranscribed(2, "no wait I")
    assert play.take() == [StopReply(1, StopReason.INTERRUPTED)]
    assert play.machine.state is State.HEARING


@pytest.mark.parametrize("text", ["", "Mm-hmm.", "Okay", "yeah"])
def test_a_cough_or_a_backchannel_resumes_the_reply(text: str) -> None:
    """A false interruption costs a short silence, not the reply."""
    play = replying(3.0)
    play >> speech(0.3) >> silence(0.1)
    play.take()
    play >> Transcribed(2, 1, text)
    assert play.take() == [DropTurn(2, text), ResumePlayback(1)]
    play >> ReplyEnded(1)
    assert play.machine.state is State.IDLE


def test_stop_during_a_reply_leaves_silence() -> None:
    """ "Stop" ends the reply and is not answered."""
    play = replying(3.0)
    play >> speech(0.4) >> silence(0.1)
    play.take()
    play >> Transcribed(2, 1, "Jett, stop please.")
    assert play.take() == [StopReply(1, StopReason.STOPPED), DropTurn(2, "Jett, stop please.")]
    play >> silence(2.0)
    assert play.kinds() == []


def test_going_on_right_after_the_reply_began_is_the_same_turn() -> None:
    """The reply is forgotten and the whole turn answered again."""
    play = replying(0.5)
    play >> speech(0.8) >> silence(0.1)
    commands = play.take()
    assert commands[0] == PausePlayback(1)
    speculate = commands[-1]
    assert isinstance(speculate, Speculate)
    assert (speculate.turn, speculate.revision) == (1, 2)
    play >> TurnScored(1, 2, 0.99) >> Transcribed(1, 2, "what time is it in paris") >> silence(0.4)
    stop, commit = play.take()
    assert stop == StopReply(1, StopReason.CONTINUED)
    assert isinstance(commit, Commit)
    assert (commit.turn, commit.revision) == (1, 2)


def test_a_breath_right_after_the_reply_began_resumes_it() -> None:
    """The same words again: nothing was added, the reply goes on."""
    play = replying(0.5)
    play >> speech(0.2) >> silence(0.1)
    play.take()
    play >> Transcribed(1, 2, "What time is it?")
    assert play.take() == [ResumePlayback(1)]


def test_going_on_before_the_reply_sounds_withdraws_it() -> None:
    """Committed but not yet heard: still the same turn."""
    play = asked()
    play >> speech(0.5) >> silence(0.1)
    play.take()
    play >> Transcribed(1, 2, "what time is it in rome") >> TurnScored(1, 2, 0.99)
    assert play.take()[0] == StopReply(1, StopReason.CONTINUED)


def test_going_on_during_a_very_short_reply_is_still_the_same_turn() -> None:
    """Nobody answers a reply 100 ms after its end: that speech was on its way already."""
    play = replying(0.3)
    play >> ReplyEnded(1) >> silence(0.096)
    assert play.machine.state is State.IDLE
    play >> speech(0.5) >> silence(0.1) >> Transcribed(1, 2, "what time is it in oslo")
    assert StopReply(1, StopReason.CONTINUED) in play.take()


def test_an_answer_to_a_short_question_is_a_turn_of_its_own() -> None:
    """Half a second after the reply's end a person may well be answering it."""
    play = replying(0.6)
    play >> ReplyEnded(1) >> silence(0.5) >> speech(0.5)
    (opened,) = play.take()
    assert isinstance(opened, OpenTurn)
    assert opened.turn == 2
    assert opened.from_s == pytest.approx(play.now_s - 0.5 - 0.3, abs=0.05)


def test_the_stop_button_silences_everything() -> None:
    """Also while the user speaks: the rest of that speech opens nothing."""
    play = replying(3.0)
    play >> StopPressed()
    assert play.take() == [StopReply(1, StopReason.STOPPED)]
    other = Playbook()
    other >> speech(0.5) >> StopPressed()
    assert other.kinds() == ["OpenTurn", "DropTurn"]
    other >> speech(0.5) >> silence(0.5)
    assert other.kinds() == []
    other >> speech(0.5)
    assert other.kinds() == ["OpenTurn"]


def test_a_turn_that_never_pauses_for_long_still_ends() -> None:
    """After a minute the shortest pause is enough."""
    play = Playbook()
    play >> speech(61.0) >> silence(0.1) >> TurnScored(1, 1, 0.1) >> Transcribed(1, 1, "on and on") >> silence(0.4)
    assert play.kinds() == ["OpenTurn", "Speculate", "Commit"]
