"""One conversation: the asyncio shell that feeds the turn machine and carries out its commands.

Everything that decides is in `jett.turns`; here are only tasks, threads and what they share. All state is touched on
the event loop alone; threads hand their results over through it, tagged (turn, revision), and stale ones are dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from functools import partial

import anyio
from anyio.abc import TaskGroup

from jett.core.audio import Samples
from jett.core.clock import Clock, MonotonicClock
from jett.core.events import LevelMeasured, Observer, PartialHeard, SessionEvent, StateChanged, Troubled
from jett.core.ports import Microphone, Speaker
from jett.session.announcing import Announcing
from jett.session.asking import Asking
from jett.session.dozing import Dozing
from jett.session.draft import Draft, Drafter, Voice
from jett.session.earcon import earcon
from jett.session.ears import Ears, Frame
from jett.session.history import History, Remembered
from jett.session.listening import INAUDIBLE, Hearing, Listener
from jett.session.loop_calls import LoopCalls
from jett.session.parts import ConversationSettings, Parts
from jett.session.playback import Playback, Track
from jett.session.prefilling import Prefilling
from jett.session.redacted import Pieces, redacted_event
from jett.session.replying import Replying
from jett.session.second_look import Look, SecondLook
from jett.session.sleeping import Sleeping
from jett.session.spans import Spans
from jett.session.worker import Worker, Workers
from jett.turns.events import (
    Announce,
    AnnouncementOffered,
    Answer,
    CancelRevision,
    Command,
    Commit,
    DropTurn,
    Event,
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
from jett.turns.machine import State, TurnMachine, TurnSettings
from jett.turns.phrases import is_stop_phrase, normalise


class Conversation:
    """Listens to one microphone and answers through one speaker until the microphone ends."""

    def __init__(
        self,
        parts: Parts,
        settings: ConversationSettings,
        observer: Observer,
        clock: Clock | None = None,
        workers: Workers | None = None,
        history: Remembered | None = None,
        told: Callable[[Command], None] = lambda command: None,
    ) -> None:
        """`workers` are shared with other conversations; without them this one has threads of its own.

        `told` hears of each command of the turn machine once it was carried out. It runs in the middle of things: it
        must not raise, nor ask anything of the conversation.
        """
        self._parts = parts
        self._workers = workers
        self._settings = settings
        self._identifying = parts.identifying
        if self._identifying is not None:
            self._identifying.forget()
        self._observer: Observer = partial(self._tell, observer)
        self._clock = clock or MonotonicClock()
        self.history = History(settings.system_prompt, budget_tokens=settings.context_tokens)
        self._remembered: Remembered = history if history is not None else self.history
        self._told = told
        self.silent = False
        """Whether replies from now on are written instead of spoken."""
        self._announcing = Announcing(self._observer)
        self.announcements = self._announcing.waiting
        self._asking = Asking(parts.commands)
        self._machine = TurnMachine(settings.turns)
        self._ears = Ears(parts.vad, self._clock, canceller=parts.canceller, reference=parts.echo_reference)
        self._spans = Spans(self._ears, parts.names)
        self._sleeping = Sleeping(
            parts,
            settings,
            self._ears,
            self._machine,
            observer=self._observer,
            feed=self._feed,
            stirs=lambda: bool(self.announcements),
            held_awake=lambda: self._asking.awaits_answer,
            play_earcon=lambda: self._playback.chime(earcon(self._playback.rate_hz)),
            look_again=lambda look, *call: self._tasks.start_soon(self._look_again, look, *call),
        )
        self._prefilling = Prefilling(parts.llm, parts.tools, self._remembered)
        self._cancelled = (0, 0)
        self._dozing: Dozing | None = None
        self._hearing: Hearing | None = None
        self._draft: Draft | None = None
        self._listening_scope: anyio.CancelScope | None = None
        self._partial_due_s = 0.0
        self._busy_until_s = 0.0

    @property
    def quiet_s(self) -> float:
        """Seconds of audio since the last speech, reply, or anything else worth waiting for."""
        return self._ears.ring.end_s - self._busy_until_s

    @property
    def state(self) -> State:
        """The turn machine's state."""
        return self._machine.state

    @property
    def heard_s(self) -> float:
        """The audio clock: seconds of sound received."""
        return self._ears.ring.end_s

    @property
    def onset_s(self) -> float:
        """When somebody last began to speak, on the audio clock."""
        return self._machine.onset_s

    @property
    def would_announce(self) -> bool:
        """Whether an announcement that came now would be said at once."""
        return (
            (self._machine.at_rest or self._sleeping.asleep)
            and not self._asking.awaits_answer
            and not self.announcements
        )

    @property
    def can_sleep(self) -> bool:
        """Whether it ever sleeps: there is a wake word, or push-to-talk."""
        return self._sleeping.possible

    def sleep(self) -> None:
        """Silence, and hear nothing until called; only where it `can_sleep`. A question of the guard's is over."""
        if not self.can_sleep:
            return
        self._feed(StopPressed())
        if self._asking.awaits_answer:
            self._tasks.start_soon(self._asking.stopped)
        self._sleeping.sleep()

    def wake(self, by: str) -> None:
        """Listen without having been called, by a `key` or on `request`; a reply that sounds ends."""
        self._sleeping.wake(by)
        if self._dozing is not None:
            self._dozing.stir()

    def stop(self) -> None:
        """Silence now, as if a stop button was pressed."""
        self._feed(StopPressed())

    def ask(self, text: str = "", *, typed: bool = True) -> None:
        """A reply to `text`, or to the history as it is; refused while one is under way (see `state`).

        Not `typed`: it was spoken, and whoever holds the conversation ended the turn. To a stop phrase there is none:
        it ends the one that is under way.
        """
        self._feed(ReplyAsked(text, typed))

    def dismiss(self, played_s: float | None = None) -> None:
        """End the reply that is under way; the listener played `played_s` of what was sent of it, where they know."""
        if played_s is not None:
            self._replying.dismiss(played_s)
        self._feed(ReplyDismissed())

    def clear_speech(self) -> None:
        """What is being heard does not count."""
        self._feed(SpeechCleared())

    def configure(self, turns: TurnSettings) -> None:
        """Other thresholds from the next frame on."""
        self._settings = replace(self._settings, turns=turns)
        self._machine.configure(turns)

    def reply_heard(self, turn: int, played_s: float) -> None:
        """The listener fell silent, or was at the end, after `played_s` of what was sent of the reply to `turn`."""
        if self._machine.state is not State.REPLYING:
            self._replying.heard(turn, played_s)

    def reply_clips(self, turn: int) -> tuple[tuple[str, float], ...]:
        """The clauses of the newest reply and their seconds, as far as they are made; nothing of an older one."""
        return self._replying.clips(turn)

    @property
    def has_words(self) -> bool:
        """Whether the newest reply has any so far, sounding or not."""
        return self._replying.has_words

    async def run(self, microphone: Microphone, speaker: Speaker, *, gapless: bool = True) -> None:
        """Converse until `microphone` ends, or is cancelled.

        Where it is not `gapless` the speaker is given less than it asks for when there is no more, and what it was
        given within its latency counts as unheard when it falls silent.

        Raises AudioError when a device cannot be opened, and what the observer raises, in a group.
        """
        self._dozing = dozing = Dozing(microphone, speaker)
        reference = self._parts.echo_reference
        self._playback = Playback(
            speaker.rate_hz,
            on_started=lambda turn: self._calls.call(self._on_started, turn, self._clock.now_s()),
            on_ended=lambda turn: self._calls.call(self._on_ended, turn),
            tap=reference.played if reference is not None else None,
            in_flight_s=lambda: 0.0 if gapless else speaker.latency_s,
            on_track=dozing.stir,
        )
        self._replying = Replying(
            self._playback, self._remembered, self._spans, self._announcing, self._observer, self._clock.now_s
        )
        with ExitStack() as threads:
            self._build(self._workers or Workers(*(threads.enter_context(Worker(n)) for n in ("stt", "turn", "tts"))))
            self._speaker_worker = threads.enter_context(Worker("speaker"))
            try:
                async with anyio.create_task_group() as tasks:
                    self._tasks: TaskGroup = tasks
                    self._calls = LoopCalls(tasks)
                    speaker.start(self._playback.render if gapless else self._available)
                    await self._listen(microphone, dozing)
                    tasks.cancel_scope.cancel()
            except anyio.get_cancelled_exc_class():
                self._playback.flush()
                self._report_unfinished()
                raise
            finally:
                speaker.stop()
                self._replying.close()

    def _available(self, n_samples: int) -> Samples:
        """Port Render for a speaker that bears gaps; it pulls on the event loop."""
        block = self._playback.available(n_samples)
        self._replying.tell_clauses()
        return block

    def _build(self, workers: Workers) -> None:
        parts = self._parts
        voice = Voice(parts.tts, workers.tts, parts.spoken)
        self._stt_worker = workers.stt
        self._drafter = Drafter(parts.llm, voice, self._playback, self._clock, parts.tools)
        self._listener = Listener(
            parts.stt,
            parts.turn_detector,
            self._ears.ring,
            self._clock,
            stt_worker=workers.stt,
            turn_worker=workers.turn,
            redact=parts.redact,
        )

    def _tell(self, observer: Observer, event: SessionEvent) -> None:
        told = self._sleeping.told(event)
        if told is None:
            return
        if self._identifying is not None:
            told = self._identifying.told(told)
        observer(redacted_event(told, self._parts.redact))

    # ---- hearing ------------------------------------------------------------------------------------------------

    async def _listen(self, microphone: Microphone, dozing: Dozing) -> None:
        async for chunk in microphone.chunks():
            for frame in self._sleeping.frames(chunk):
                self._on_frame(frame)
            sleeps = self._sleeping.asleep and not self._playback.active
            dozing.heard(self.heard_s, wanted_samples=self._sleeping.wanted_samples if sleeps else None)

    def _on_frame(self, frame: Frame) -> None:
        self._observer(LevelMeasured(frame.dbfs, frame.heard.probability))
        self._replying.tell_clauses()
        self._feed(frame.heard)
        if self.announcements and not self._asking.awaits_answer:
            self._feed(AnnouncementOffered())
        if self._machine.state is not State.IDLE:
            self._busy_until_s = frame.heard.end_s
        if self._partial_is_due(frame):
            self._partial_due_s = frame.heard.end_s + self._settings.partial_every_s
            self._tasks.start_soon(self._hear_partial, self._machine.turn, self._machine.turn_from_s)

    async def _look_again(self, second_look: SecondLook, look: Look) -> None:
        self._sleeping.looked_at(look, await second_look.taken(look, self._ears.ring, self._stt_worker))

    def _partial_is_due(self, frame: Frame) -> bool:
        return (
            self._settings.partials
            and self._machine.state in (State.HEARING, State.OVERLAP)
            and frame.heard.probability >= self._settings.turns.tracker.speech_threshold
            and frame.heard.end_s >= self._partial_due_s
            and not self._listener.busy
        )

    async def _hear_partial(self, turn: int, from_s: float) -> None:
        text = await self._listener.partial(turn, from_s)
        if text is None or turn != self._machine.turn or self._machine.state not in (State.HEARING, State.OVERLAP):
            return
        text = self._sleeping.of_partial(text)
        if text is None:
            return
        self._observer(PartialHeard(turn, text))
        self._drop_draft_unless(text)
        self._feed(PartialTranscribed(turn, text))
        if self._settings.prefill and text and self._machine.state is State.HEARING and self._draft is None:
            await self._prefilling.read(turn, text)

    def _drop_draft_unless(self, text: str) -> None:
        """More words than the draft answers: it is of no use any more, and the machine is needed for listening."""
        if self._draft is not None and len(normalise(text)) > len(normalise(self._draft.said)):
            self._discard_draft()

    # ---- events in, commands out --------------------------------------------------------------------------------

    def _feed(self, event: Event) -> None:
        before = self._machine.state
        for command in self._machine.handle(event):
            self._execute(command)
            self._told(command)
        if self._machine.state is not before:
            self._observer(StateChanged(self._machine.state.value))

    def _execute(self, command: Command) -> None:
        match command:
            case OpenTurn():
                self._partial_due_s = self._ears.ring.end_s + self._settings.partial_every_s
            case Speculate():
                self._tasks.start_soon(self._speculate, command)
                if self._identifying is not None:
                    self._tasks.start_soon(self._identifying.judge, command, self._ears.ring, self._speaker_worker)
            case Score():
                self._tasks.start_soon(self._score, command)
            case CancelRevision():
                self._cancel_revision(command)
            case Commit():
                self._commit(command)
            case PausePlayback():
                self._pause(command)
            case ResumePlayback():
                self._playback.resume()
            case StopReply():
                self._stop_reply(command)
            case DropTurn():
                self._drop_turn(command)
            case Announce():
                self._announce(command)
            case Answer():
                self._answer(command)
            case KeepSilent():
                self._keep_silent(command)

    async def _speculate(self, command: Speculate) -> None:
        if (command.turn, command.revision) == self._cancelled:  # both in what was passed over, before this task began
            return
        hearing = Hearing(command, marks={"pause_seen": self._clock.now_s()})
        self._hearing = hearing
        self._prefilling.stop()
        with anyio.CancelScope() as scope:
            self._listening_scope = scope
            await self._sleeping.decided()
            await self._listener.transcribe(hearing)
            self._on_transcribed(hearing)

    async def _score(self, command: Score) -> None:
        probability = await self._listener.score(command)
        if probability is not None:
            self._feed(TurnScored(command.turn, command.revision, probability))

    def _on_transcribed(self, hearing: Hearing) -> None:
        command = hearing.command
        if hearing.error is not None:
            self._observer(Troubled(str(hearing.error), hearing.error.spoken))
        elif self._is_current(command):
            hearing.text = self._sleeping.meant(hearing.text)
        self._feed(Transcribed(command.turn, command.revision, hearing.text))
        current = self._is_current(command)
        would_answer = self._machine.state is State.PAUSING and self._settings.turns.answers
        if current and would_answer and normalise(hearing.text):
            self._ensure_draft(hearing)

    def _is_current(self, command: Speculate) -> bool:
        return (self._machine.turn, self._machine.revision) == (command.turn, command.revision)

    def _cancel_revision(self, command: CancelRevision) -> None:
        self._cancelled = (command.turn, command.revision)
        if self._listening_scope is not None:
            self._listening_scope.cancel()
        self._keep_earlier(command.turn)

    def _keep_earlier(self, turn: int) -> None:
        """The user goes on after a pause: what was transcribed before it stays, when the pause was a real one."""
        hearing, settings = self._hearing, self._settings
        if hearing is not None and hearing.command.turn == turn:
            pause_s = self._machine.onset_s - hearing.command.speech_end_s
            if pause_s >= settings.earlier_pause_s:
                self._listener.keep_as_earlier(hearing, min_s=settings.earlier_min_s)

    # ---- replies ------------------------------------------------------------------------------------------------

    def _ensure_draft(self, hearing: Hearing) -> Draft:
        """The draft that answers this hearing: the one in the making when the words are the same, else a new one."""
        command = hearing.command
        if self._draft is not None and normalise(self._draft.said) == normalise(hearing.text):
            self._draft.revision = command.revision
            return self._draft
        self._discard_draft()
        draft = Draft(
            command.turn,
            command.revision,
            hearing.text,
            Track(command.turn),
            plan=self._asking.plan(hearing.text) if hearing.error is None else None,
            clauses=Pieces(self._parts.redact, between=" "),
            silent=self.silent,
        )
        self._draft = draft
        if hearing.error is not None:
            draft.canned, draft.error = True, str(hearing.error)
            self._tasks.start_soon(self._drafter.produce_canned, draft, hearing.error.spoken)
        elif draft.plan is not None:
            controls = self._replying.controls.noting(draft.decisions.append, typed=hearing.typed)
            carry_out = partial(self._asking.carry_out, draft.plan, controls)
            self._tasks.start_soon(self._drafter.produce_planned, draft, carry_out)
        else:
            messages = self._remembered.messages(hearing.text, without_turn=command.turn)
            self._tasks.start_soon(self._drafter.produce, draft, messages)
        return draft

    def _discard_draft(self) -> None:
        if self._draft is not None:
            self._draft.cancel()
            self._draft = None

    def _commit(self, command: Commit, *, asked: bool = False) -> None:
        hearing = self._hearing
        assert hearing is not None, "the machine commits only what was transcribed"
        if self._identifying is not None:
            self._identifying.commit(command.turn)
        if not command.answered:
            self._discard_draft()
            self._remembered.commit(command.turn, hearing.text)
            return
        draft = self._ensure_draft(hearing)
        self._draft = None
        self._replying.next(draft)
        if hearing.text != INAUDIBLE:
            self._remembered.commit(command.turn, hearing.text)
        self._spans.commit(command, hearing, draft, self._clock.now_s(), asked=asked)
        draft.committed.set()
        if draft.plan is None:
            self._playback.play(draft.track)  # a plan's draft plays when it is sure what to say

    def _answer(self, command: Answer) -> None:
        """As a turn that was spoken and committed in one instant."""
        now_s = self._ears.ring.end_s
        heard = Speculate(command.turn, 0, now_s, now_s, now_s)
        self._hearing = Hearing(heard, command.text, typed=command.typed)
        self._commit(Commit(command.turn, 0, now_s, now_s), asked=True)

    def _on_started(self, turn: int, at_s: float) -> None:
        self._spans.first_audio(turn, at_s)
        self._feed(ReplyStarted(turn, self._ears.audio_s(at_s)))
        self._replying.tell_clauses()

    def _on_ended(self, turn: int) -> None:
        draft = self._replying.ended(turn)
        if draft is None:
            return
        self._busy_until_s = self._ears.ring.end_s
        if draft.error:
            self._observer(Troubled(draft.error))
        self._tasks.start_soon(self._asking.spoken, draft)
        self._feed(ReplyEnded(turn))

    def _report_unfinished(self) -> None:
        """The conversation ends, perhaps in the middle of a reply."""
        if self._machine.state in (State.REPLYING, State.OVERLAP):
            self._replying.break_off()

    def _pause(self, command: PausePlayback) -> None:
        self._replying.pause(command.turn, self._machine.onset_s)
        self._keep_earlier(command.turn)

    def _stop_reply(self, command: StopReply) -> None:
        draft = self._replying.stop(command.turn)
        if draft is None:
            return
        withdrawn = command.reason is StopReason.CONTINUED
        self._tasks.start_soon(partial(self._asking.cut_off, draft, withdrawn=withdrawn))
        if withdrawn:
            self._replying.withdrawn(draft)
        else:
            self._replying.interrupted(draft, command.reason.value)

    def _drop_turn(self, command: DropTurn) -> None:
        self._discard_draft()
        sleeps = self._sleeping.dropped()
        if sleeps or is_stop_phrase(command.text):
            self._keep_silent(replace(command, text=sleeps or command.text))

    def _keep_silent(self, command: DropTurn | KeepSilent) -> None:
        """A stop phrase: a no to a question of the guard's, and nothing else."""
        self._tasks.start_soon(self._asking.stopped)
        self._observer(self._spans.unanswered(command.turn, command.text))

    def _announce(self, command: Announce) -> None:
        draft = self._announcing.next(command.turn)
        assert draft.announcement is not None
        self._replying.next(draft)
        self._playback.play(draft.track)
        self._tasks.start_soon(self._drafter.produce_canned, draft, draft.announcement.text)
