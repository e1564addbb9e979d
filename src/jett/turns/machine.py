"""The turn machine: frames and verdicts in, commands out. Pure; `session.conversation` is its asyncio shell.

The way of one turn on the audio clock, `#` speech, `.` silence:

    user   ......####################..................
    frame        ^onset              ^last speech
    state  IDLE  HEARING             PAUSING    REPLYING        IDLE
    says         OpenTurn              Speculate  Commit   ReplyEnded
                                       └ speculate_after_s; Score, a little later
                                       └──────────┘ required silence, by how sure the detectors are

Speech while PAUSING cancels the revision and the turn goes on. Speech while REPLYING first silences Jett
(PausePlayback) and opens OVERLAP, which ends when there is a transcript: nothing said resumes the reply; words
within `continuation_s` of its start are the same turn, answered again as a whole; later words are a barge-in.

An announcement is somebody else's: it waits until nobody speaks or was just answered, sounds as a reply to nobody, is
interrupted like one, and is never continued. A reply that was asked for without speech (typed, or by a program) is
never continued either; it begins at once, and what was being heard at that moment is dropped. A stop phrase that was
typed is as one that was spoken: silence, and no reply.

Rules held for every sequence of events (tests/conversations/test_machine_properties.py): at most one reply sounds; no
reply sounds without a Commit of its (turn, revision), but an announcement and what was asked for, which never have one;
revisions only grow; after StopPressed there is silence.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from jett.turns.endpointing import Endpointing, required_silence_s
from jett.turns.events import (
    Announce,
    AnnouncementOffered,
    Answer,
    CancelRevision,
    Command,
    Commit,
    DropTurn,
    Event,
    FrameHeard,
    KeepSilent,
    OpenTurn,
    PartialTranscribed,
    PausePlayback,
    ReplyAsked,
    ReplyDismissed,
    ReplyEnded,
    ReplyStarted,
    ResumePlayback,
    Score,
    Speculate,
    SpeechCleared,
    StopPressed,
    StopReason,
    StopReply,
    Transcribed,
    TurnScored,
)
from jett.turns.phrases import is_backchannel, is_stop_phrase, normalise
from jett.turns.speech_tracker import SpeechTracker, TrackerSettings


class State(StrEnum):
    """Where the conversation is."""

    IDLE = "idle"
    HEARING = "hearing"
    PAUSING = "pausing"
    REPLYING = "replying"
    OVERLAP = "overlap"
    """The user speaks, or has just spoken, over a reply that is paused meanwhile."""


@dataclass(frozen=True, slots=True)
class TurnSettings:
    """Thresholds of the machine; each default is chosen in benchmarks/LOG.md."""

    pre_roll_s: float = 0.3
    speculate_after_s: float = 0.032
    score_after_s: float = 0.256
    """The turn detector is asked once a pause: late, so that it takes no core from transcript and prompt."""
    continuation_s: float = 2.0
    reaction_s: float = 0.2
    """Nobody answers a reply sooner than this after its end: such speech was going on already."""
    echo_tail_s: float = 0.3
    """Device buffers and the room sound on after the last sample was rendered."""
    max_turn_s: float = 60.0
    announce_after_s: float = 2.0
    """Quiet before somebody else's words: longer than any pause inside a turn, and time to go on after a reply."""
    answers: bool = True
    """Whether a turn that is over is answered; else somebody asks for each reply."""
    barge_in: bool = True
    """Whether speech may interrupt a reply; else nobody is heard while one sounds."""
    endpointing: Endpointing = field(default_factory=Endpointing)
    tracker: TrackerSettings = field(default_factory=TrackerSettings)


@dataclass(slots=True)
class _Reply:
    """The committed reply, or one that answers nothing spoken (`spoken_to` is false): no later words continue that.

    `started_s` is None until its first sample was played, `ended_s` until its last.
    """

    turn: int
    revision: int
    from_s: float
    text: str
    started_s: float | None = None
    ended_s: float | None = None
    spoken_to: bool = True


class TurnMachine:
    """Feed events in order with `handle`; carry out the commands it returns in order."""

    def __init__(self, settings: TurnSettings | None = None) -> None:
        self.settings = settings or TurnSettings()
        self.state = State.IDLE
        self.turn = 0
        self.revision = 0
        self._tracker = SpeechTracker(self.settings.tracker)
        self._reply: _Reply | None = None
        self._turns_opened = 0
        self._from_s = 0.0
        self._now_s = 0.0
        self._at_rest_from_s = 0.0
        self.onset_s = 0.0
        self._probability: float | None = None
        self._text: str | None = None
        self._pause_open = False
        self._score_asked = False

    def handle(self, event: Event) -> list[Command]:
        """Take one event, give the commands that follow from it."""
        match event:
            case FrameHeard():
                return self._on_frame(event)
            case TurnScored():
                return self._on_scored(event)
            case Transcribed():
                return self._on_transcribed(event)
            case PartialTranscribed():
                return self._on_partial(event)
            case ReplyStarted():
                return self._on_reply_started(event)
            case ReplyEnded():
                return self._on_reply_ended(event)
            case StopPressed():
                return self._on_stop()
            case AnnouncementOffered():
                return self._on_offered()
            case ReplyAsked():
                return self._on_asked(event)
            case ReplyDismissed():
                return self._on_dismissed()
            case SpeechCleared():
                return self._on_cleared()

    def configure(self, settings: TurnSettings) -> None:
        """Other thresholds from the next frame on; what is under way goes on."""
        self.settings = settings
        self._tracker.configure(settings.tracker)

    # ---- frames -------------------------------------------------------------------------------------------------

    def _on_frame(self, frame: FrameHeard) -> list[Command]:
        self._now_s = frame.end_s
        onset = self._tracker.hear(frame, over_reply=self._sounding)
        if onset is not None:
            return self._on_onset(onset)
        if self._tracker.speaking or self._tracker.starting:
            return []
        return self._on_silence()

    @property
    def _sounding(self) -> bool:
        """Whether Jett's own voice may be in the air."""
        reply = self._reply
        if reply is None or reply.started_s is None:
            return False
        if reply.ended_s is not None:
            return self._now_s - reply.ended_s < self.settings.echo_tail_s
        return self.state is State.REPLYING

    def _on_onset(self, onset_s: float) -> list[Command]:
        self.onset_s = onset_s
        pause_was_open, self._pause_open = self._pause_open, False
        match self.state:
            case State.IDLE:
                return self._on_onset_while_idle(onset_s)
            case State.PAUSING:
                self.state = State.HEARING
            case State.REPLYING:
                return self._on_overlap(onset_s) if self.settings.barge_in else []
        return [CancelRevision(self.turn, self.revision)] if pause_was_open else []

    def _on_onset_while_idle(self, onset_s: float) -> list[Command]:
        """A reply so short that the user, who had not finished, could not have heard it before going on."""
        if self._reply is not None and self._is_continuation(onset_s):
            return self._on_overlap(onset_s)
        self._reply = None
        return self._open_turn(onset_s, State.HEARING)

    def _open_turn(self, onset_s: float, state: State) -> list[Command]:
        self._turns_opened += 1
        self.turn, self.revision = self._turns_opened, 0
        self._from_s = max(0.0, onset_s - self.settings.pre_roll_s)
        self._clear_verdicts()
        self.state = state
        return [OpenTurn(self.turn, self._from_s)]

    def _on_overlap(self, onset_s: float) -> list[Command]:
        """The user speaks over the reply: silence first; what it was is decided when there is a transcript."""
        assert self._reply is not None
        silence: list[Command] = [PausePlayback(self._reply.turn)]
        if self._is_continuation(onset_s):
            self._return_to(self._reply)
            self._clear_verdicts()
            self.state = State.OVERLAP
            return silence
        return silence + self._open_turn(onset_s, State.OVERLAP)

    def _is_continuation(self, onset_s: float) -> bool:
        assert self._reply is not None
        reply, settings = self._reply, self.settings
        if not reply.spoken_to:
            return False
        if reply.ended_s is not None and onset_s > reply.ended_s + settings.reaction_s:
            return False
        return reply.started_s is None or onset_s - reply.started_s <= settings.continuation_s

    def _return_to(self, reply: _Reply) -> None:
        if self.turn != reply.turn:
            self.turn, self.revision = reply.turn, reply.revision
        self._from_s = reply.from_s

    def _on_silence(self) -> list[Command]:
        if self.state is State.PAUSING:
            return self._score_when_due() + self._commit_when_due()
        if self.state in (State.HEARING, State.OVERLAP):
            return self._speculate_when_due() + self._score_when_due()
        return []

    @property
    def turn_from_s(self) -> float:
        """Where the turn's audio begins, pre-roll included."""
        return self._from_s

    @property
    def last_speech_s(self) -> float:
        """Until when somebody spoke, as far as is known."""
        return self._tracker.last_speech_s

    @property
    def engaged(self) -> bool:
        """Whether a turn or a reply is under way, or may be about to."""
        return self.state is not State.IDLE or self._tracker.speaking or self._tracker.starting

    @property
    def silence_s(self) -> float:
        """Silence since the last speech."""
        return self._now_s - self._tracker.last_speech_s

    def _speculate_when_due(self) -> list[Command]:
        if self._pause_open or self.silence_s < self.settings.speculate_after_s - 1e-6:
            return []
        self.revision += 1
        self._clear_verdicts()
        self._pause_open = True
        if self.state is State.HEARING:
            self.state = State.PAUSING
        last_speech_s = self._tracker.last_speech_s
        return [Speculate(self.turn, self.revision, self._from_s, self._now_s, last_speech_s)]

    def _score_when_due(self) -> list[Command]:
        if not self._pause_open or self._score_asked or self.silence_s < self.settings.score_after_s - 1e-6:
            return []
        self._score_asked = True
        return [Score(self.turn, self.revision, self._from_s)]

    # ---- verdicts -----------------------------------------------------------------------------------------------

    def _is_current(self, event: TurnScored | Transcribed) -> bool:
        return (
            self._pause_open
            and self.state in (State.PAUSING, State.OVERLAP)
            and (event.turn, event.revision) == (self.turn, self.revision)
        )

    def _on_scored(self, scored: TurnScored) -> list[Command]:
        if not self._is_current(scored):
            return []
        self._probability = scored.probability
        return self._commit_when_due()

    def _on_transcribed(self, transcript: Transcribed) -> list[Command]:
        if not self._is_current(transcript):
            return []
        self._text = transcript.text
        if self.state is State.OVERLAP:
            return self._resolve_overlap(transcript.text)
        if is_stop_phrase(transcript.text):
            return self._drop()
        return self._commit_when_due()

    def _on_partial(self, partial: PartialTranscribed) -> list[Command]:
        """Words over a reply end it without waiting for the pause; a pause decides everything else."""
        if self.state is not State.OVERLAP or partial.turn != self.turn or self._pause_open:
            return []
        if self._was_nothing(partial.text) or is_stop_phrase(partial.text) or not self._has_new_words(partial.text):
            return []
        return self._end_overlapped_reply(State.HEARING)

    def _has_new_words(self, text: str) -> bool:
        """Two words more than the committed text, since a partial's last word is often wrong."""
        assert self._reply is not None
        before = self._reply.text if self._reply.turn == self.turn else ""
        return len(normalise(text).split()) >= len(normalise(before).split()) + 2

    def _resolve_overlap(self, text: str) -> list[Command]:
        assert self._reply is not None
        if is_stop_phrase(text):
            return self._stop_reply(StopReason.STOPPED, DropTurn(self.turn, text))
        if self._was_nothing(text):
            return self._resume()
        return self._end_overlapped_reply(State.PAUSING) + self._commit_when_due()

    def _was_nothing(self, text: str) -> bool:
        """No words, a backchannel, or (continuing) the words that are already being answered."""
        assert self._reply is not None
        if not normalise(text):
            return True
        if self._reply.turn == self.turn:
            return normalise(text) == normalise(self._reply.text)
        return is_backchannel(text)

    def _resume(self) -> list[Command]:
        assert self._reply is not None
        dropped: list[Command] = [] if self.turn == self._reply.turn else [DropTurn(self.turn, self._text or "")]
        self._return_to(self._reply)
        self._reply.revision = self.revision
        self._pause_open = False
        if self._reply.ended_s is not None:
            self._reply = None
            self._rest()
            return dropped
        self.state = State.REPLYING
        return [*dropped, ResumePlayback(self.turn)]

    def _end_overlapped_reply(self, state: State) -> list[Command]:
        assert self._reply is not None
        same_turn = self._reply.turn == self.turn
        ended, self._reply = self._reply, None
        self.state = state
        return [StopReply(ended.turn, StopReason.CONTINUED if same_turn else StopReason.INTERRUPTED)]

    # ---- the end of a turn --------------------------------------------------------------------------------------

    def _commit_when_due(self) -> list[Command]:
        if self.state is not State.PAUSING or self._text is None:
            return []
        endpointing = self.settings.endpointing
        if not normalise(self._text):
            return self._drop() if self.silence_s >= endpointing.cap_s - 1e-6 else []
        required_s = required_silence_s(self._probability, self._text, endpointing)
        if self._now_s - self._from_s > self.settings.max_turn_s:
            required_s = endpointing.min_silence_s
        if self.silence_s < required_s - 1e-6:
            return []
        self._pause_open = False
        if not self.settings.answers:
            self._rest()
            return [Commit(self.turn, self.revision, self._tracker.last_speech_s, self._now_s, answered=False)]
        self._reply = _Reply(self.turn, self.revision, self._from_s, self._text)
        self.state = State.REPLYING
        return [Commit(self.turn, self.revision, self._tracker.last_speech_s, self._now_s)]

    def _rest(self) -> None:
        self.state = State.IDLE
        self._at_rest_from_s = self._now_s

    def _drop(self) -> list[Command]:
        self._rest()
        self._pause_open = False
        return [DropTurn(self.turn, self._text or "")]

    def _on_reply_started(self, started: ReplyStarted) -> list[Command]:
        if self._reply is not None and self._reply.turn == started.turn and self._reply.started_s is None:
            self._reply.started_s = started.at_s
        return []

    def _on_reply_ended(self, ended: ReplyEnded) -> list[Command]:
        if self._reply is None or self._reply.turn != ended.turn or self._reply.ended_s is not None:
            return []
        self._reply.ended_s = self._now_s
        if self.state is State.REPLYING:
            self._rest()
        return []

    def _on_stop(self) -> list[Command]:
        self._tracker.forget()
        if self.state in (State.REPLYING, State.OVERLAP):
            return self._stop_reply(StopReason.STOPPED, DropTurn(self.turn, ""))
        return [] if self.state is State.IDLE else self._drop()

    def _stop_reply(self, reason: StopReason, dropped: DropTurn) -> list[Command]:
        assert self._reply is not None
        stopped, self._reply = self._reply, None
        self._tracker.forget()
        self._pause_open = False
        self._rest()
        extra: list[Command] = [] if stopped.turn == dropped.turn else [dropped]
        return [StopReply(stopped.turn, reason), *extra]

    # ---- what whoever listens wants, without a word ----------------------------------------------------------------

    def _on_asked(self, asked: ReplyAsked) -> list[Command]:
        """Refused while a reply is under way: whoever wants another ends that one first, if only by a stop phrase."""
        if is_stop_phrase(asked.text):
            stopped = self._on_stop()
            self._open_unspoken()
            return [*stopped, KeepSilent(self.turn, asked.text)]
        if self.state in (State.REPLYING, State.OVERLAP):
            return []
        dropped = self._on_cleared()
        self._open_unspoken()
        self._reply = _Reply(self.turn, self.revision, self._now_s, asked.text, spoken_to=False)
        self.state = State.REPLYING
        return [*dropped, Answer(self.turn, asked.text, asked.typed)]

    def _on_dismissed(self) -> list[Command]:
        if self.state is State.OVERLAP:
            state = State.PAUSING if self._pause_open else State.HEARING
            return self._end_overlapped_reply(state) + self._commit_when_due()
        if self.state is not State.REPLYING:
            return []
        assert self._reply is not None
        dismissed, self._reply = self._reply, None
        self._rest()
        return [StopReply(dismissed.turn, StopReason.STOPPED)]

    def _on_cleared(self) -> list[Command]:
        if self.state in (State.IDLE, State.REPLYING):
            return []
        self._tracker.forget()
        return self._resume() if self.state is State.OVERLAP else self._drop()

    # ---- announcements ------------------------------------------------------------------------------------------

    @property
    def at_rest(self) -> bool:
        """Whether nobody speaks, has just spoken or was just answered, so that somebody else's words may be said."""
        if self.engaged:
            return False
        quiet_from_s = max(self._at_rest_from_s, self._tracker.last_speech_s)
        return self._now_s - quiet_from_s >= self.settings.announce_after_s - 1e-6

    def _on_offered(self) -> list[Command]:
        if not self.at_rest:
            return []
        self._open_unspoken()
        self._reply = _Reply(self.turn, self.revision, self._now_s, text="", spoken_to=False)
        self.state = State.REPLYING
        return [Announce(self.turn)]

    def _open_unspoken(self) -> None:
        """A turn that nobody speaks."""
        self._turns_opened += 1
        self.turn, self.revision = self._turns_opened, 0
        self._clear_verdicts()

    def _clear_verdicts(self) -> None:
        self._probability = None
        self._text = None
        self._pause_open = self._score_asked = False
