"""What the turn machine hears of (events, past tense) and asks for (commands, imperative).

All times are seconds on the audio clock: samples received ÷ rate. (turn, revision) names one speculation; whatever
carries an older pair is stale and is dropped by whoever receives it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class FrameHeard:
    """A VAD frame: it ended at `end_s` and is speech with `probability`; with `echo` a rest of a reply may be in it."""

    end_s: float
    probability: float
    echo: bool = False


@dataclass(frozen=True, slots=True)
class TurnScored:
    """The turn detector's probability that the speaker has finished."""

    turn: int
    revision: int
    probability: float


@dataclass(frozen=True, slots=True)
class Transcribed:
    """The transcript of everything said in the turn up to the revision's pause; empty when there were no words.

    Every Speculate that is not cancelled gets exactly one, also when transcription failed.
    """

    turn: int
    revision: int
    text: str


@dataclass(frozen=True, slots=True)
class PartialTranscribed:
    """What the turn's speech so far seems to say; replaced by the next."""

    turn: int
    text: str


@dataclass(frozen=True, slots=True)
class ReplyStarted:
    """The first sample of the reply to `turn` went to the output at `at_s`."""

    turn: int
    at_s: float


@dataclass(frozen=True, slots=True)
class ReplyEnded:
    """Everything there was to say in answer to `turn` was played, or there was nothing."""

    turn: int


@dataclass(frozen=True, slots=True)
class StopPressed:
    """The person or the program wants silence now."""


@dataclass(frozen=True, slots=True)
class AnnouncementOffered:
    """Somebody else's words wait to be said, and no question waits for an answer. Offered again until Announce."""


@dataclass(frozen=True, slots=True)
class ReplyAsked:
    """A reply is wanted: to typed text, to what a program put into the conversation, or, not `typed`, to words that
    were spoken and whose turn the program ended by itself."""

    text: str = ""
    typed: bool = True


@dataclass(frozen=True, slots=True)
class ReplyDismissed:
    """Whoever listens wants no more of the reply. Unlike StopPressed: who speaks meanwhile goes on speaking."""


@dataclass(frozen=True, slots=True)
class SpeechCleared:
    """What is being heard does not count, and neither does its rest, until there was silence."""


Event = (
    FrameHeard
    | TurnScored
    | Transcribed
    | PartialTranscribed
    | ReplyStarted
    | ReplyEnded
    | StopPressed
    | AnnouncementOffered
    | ReplyAsked
    | ReplyDismissed
    | SpeechCleared
)


class StopReason(StrEnum):
    """Why a reply ends before its end."""

    INTERRUPTED = "interrupted"
    """The user began another turn: history keeps what was heard."""
    CONTINUED = "continued"
    """The user had not finished: the reply is forgotten and the whole turn answered."""
    STOPPED = "stopped"
    """A stop phrase or a stop button: silence, and no answer to it."""


@dataclass(frozen=True, slots=True)
class OpenTurn:
    """Speech began: keep audio from `from_s` (onset less the pre-roll)."""

    turn: int
    from_s: float


@dataclass(frozen=True, slots=True)
class Speculate:
    """Transcribe the turn's audio, then prepare its reply, held back."""

    turn: int
    revision: int
    from_s: float
    until_s: float
    speech_end_s: float


@dataclass(frozen=True, slots=True)
class Score:
    """Ask the turn detector about the turn's audio from `from_s` until now; once a pause."""

    turn: int
    revision: int
    from_s: float


@dataclass(frozen=True, slots=True)
class CancelRevision:
    """The user speaks again: what was prepared for this revision is doubtful."""

    turn: int
    revision: int


@dataclass(frozen=True, slots=True)
class Commit:
    """The turn is over: the reply prepared for this revision may sound, and history may be written.

    Where it is not `answered`, there is no reply until somebody asks for one.
    """

    turn: int
    revision: int
    speech_end_s: float
    at_s: float
    answered: bool = True


@dataclass(frozen=True, slots=True)
class PausePlayback:
    """Silence now, before anything else; what is left is kept."""

    turn: int


@dataclass(frozen=True, slots=True)
class ResumePlayback:
    """It was nothing: go on with the reply."""

    turn: int


@dataclass(frozen=True, slots=True)
class StopReply:
    """Flush playback, then cancel what still makes the reply."""

    turn: int
    reason: StopReason


@dataclass(frozen=True, slots=True)
class DropTurn:
    """Nothing to answer: no words, a backchannel, or a stop phrase (`text`)."""

    turn: int
    text: str


@dataclass(frozen=True, slots=True)
class Announce:
    """Nobody speaks or was just answered: say what waits. It has a turn's number, but answers nobody."""

    turn: int


@dataclass(frozen=True, slots=True)
class Answer:
    """Make the reply that was asked for and play it as it comes. It has a turn's number, but nobody speaks."""

    turn: int
    text: str
    typed: bool = True


@dataclass(frozen=True, slots=True)
class KeepSilent:
    """A stop phrase (`text`) was typed: no reply to it. It has a turn's number, but nobody spoke."""

    turn: int
    text: str


Command = (
    OpenTurn
    | Speculate
    | Score
    | CancelRevision
    | Commit
    | PausePlayback
    | ResumePlayback
    | StopReply
    | DropTurn
    | Announce
    | Answer
    | KeepSilent
)
