"""Jett's own conversation behind one session: it carries out what the protocol asks, and tells it what happens.

There is none, and no engine is taken, until a client sends sound or wants an answer. All on the event loop.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import anyio
from anyio.abc import TaskGroup
from anyio.lowlevel import checkpoint

from jett.core.audio import SAMPLE_RATE_HZ, Samples
from jett.core.clock import MonotonicClock
from jett.core.errors import EngineError
from jett.core.events import ClauseSpoken, LevelMeasured, SessionEvent, TurnReport
from jett.core.ports import Message, ToolCall
from jett.server.realtime.apart import Apart
from jett.server.realtime.client_tools import ClientTools
from jett.server.realtime.codec import as_text, decoded
from jett.server.realtime.config import SessionConfig
from jett.server.realtime.effects import (
    Append,
    Ask,
    AskApart,
    CancelApart,
    ClearSound,
    Configure,
    Dismiss,
    Effect,
    NoteHeard,
    Silence,
    Transcribe,
)
from jett.server.realtime.kept import KeptSound
from jett.server.realtime.metered import MeteredLanguageModel
from jett.server.realtime.microphone import MOST_SAMPLES, NetworkMicrophone
from jett.server.realtime.ports import House, Resampler, Seat, Witness
from jett.server.realtime.session import RealtimeSession
from jett.server.realtime.speaker import NetworkSpeaker
from jett.server.realtime.standing import StandingCommands, StandingTools
from jett.server.realtime.tuning import tuned
from jett.server.standing import Standing
from jett.session.conversation import Conversation
from jett.turns.events import (
    Announce,
    Answer,
    Command,
    Commit,
    DropTurn,
    KeepSilent,
    OpenTurn,
    PausePlayback,
    ResumePlayback,
    StopReply,
)
from jett.turns.machine import State


class Talk:
    """One conversation, from when it is needed to the end of its session."""

    def __init__(
        self,
        session: RealtimeSession,
        seat: Seat,
        house: House,
        witness: Witness,
        standing: Standing,
        act: Callable[[], None],
    ) -> None:
        """`act` carries out what the session has to say, now; `standing` is of whoever asks."""
        self._session = session
        self._seat = seat
        self._house = house
        self._witness = witness
        self._act = act
        self._settings = house.settings()
        answering = session.answering
        self._meter = MeteredLanguageModel(seat.parts.llm, lambda: answering.options.max_output_tokens)
        own, commands = seat.parts.tools, seat.parts.commands
        own = None if own is None else StandingTools(own, standing)
        commands = None if commands is None else StandingCommands(commands, standing)
        tools = ClientTools(own, lambda: answering.options, self._called, lambda: session.new_id("call"))
        self._conversation = Conversation(
            replace(seat.parts, llm=self._meter, tools=tools, commands=commands),
            self._settings,
            self._observe,
            workers=seat.workers,
            history=_Items(session, self._meter),
            told=self._told,
        )
        clock = MonotonicClock()
        self._microphone = NetworkMicrophone()
        self._speaker = NetworkSpeaker(
            seat.parts.tts.rate_hz,
            send=self._send_sound,
            wanted=lambda: self._conversation.state is State.REPLYING,
            clock=clock,
            lead_s=house.limits.lead_s,
        )
        self._kept = KeptSound(MOST_SAMPLES)
        self._opened_s = 0.0
        self._configure(session.config)

    async def run(self, ready: Callable[[Talk], None]) -> None:
        """Until cancelled; calls `ready` once it listens."""
        async with anyio.create_task_group() as tasks:
            self._tasks: TaskGroup = tasks
            self._apart = Apart(self._session, self._seat, self._house, tasks, self._act)
            tasks.start_soon(self._speaker.run)
            tasks.start_soon(partial(self._conversation.run, self._microphone, self._speaker, gapless=False))
            await checkpoint()  # the conversation has built what it answers with
            ready(self)

    # ---- what the protocol asks -------------------------------------------------------------------------------------

    def do(self, effect: Effect) -> None:
        """Carry it out."""
        match effect:
            case Append(data, manual):
                self._append(data, manual=manual)
            case ClearSound(manual):
                self._clear(manual=manual)
            case Transcribe(item_id):
                self._tasks.start_soon(self._transcribe, item_id, self._kept.take())
            case Ask(said, written, typed):
                self._ask(said, written=written, typed=typed)
            case Dismiss(played_s):
                self._conversation.dismiss(played_s)
            case NoteHeard(turn, played_s):
                self._conversation.reply_heard(turn, played_s)
            case Silence():
                self._conversation.stop()
            case Configure(config):
                self._configure(config)
            case AskApart():
                self._apart.ask(effect)
            case CancelApart(response_id):
                self._apart.cancel(response_id)
            case _:
                pass

    def _configure(self, config: SessionConfig) -> None:
        self._conversation.silent = config.written
        self._conversation.configure(tuned(self._settings.turns, config.audio.input.turn_detection))
        self._input = config.audio.input.format
        self._output = config.audio.output.format
        self._into = self._house.resampler(self._input.rate, SAMPLE_RATE_HZ)
        self._out_of = self._resampler_out()

    def _resampler_out(self) -> Resampler:
        return self._house.resampler(self._speaker.rate_hz, self._output.rate)

    def _append(self, data: bytes, *, manual: bool) -> None:
        samples = self._into.push(decoded(data, self._input))
        if not manual:
            self._microphone.put(samples)
            return
        self._kept.append(samples)

    def _clear(self, *, manual: bool) -> None:
        if manual:
            self._kept.clear()
            return
        self._microphone.clear()
        self._conversation.clear_speech()

    async def _transcribe(self, item_id: str, speech: Samples) -> None:
        parts = self._seat.parts
        text: str | None = None
        try:
            heard = await self._seat.workers.stt.call(parts.stt.transcribe, speech)
            text = parts.redact(heard.text)
        except EngineError:
            pass  # told as what it is: no words
        self._session.transcribed(item_id, text, speech.size / SAMPLE_RATE_HZ)
        self._act()

    def _ask(self, said: str, *, written: bool, typed: bool) -> None:
        before, self._conversation.silent = self._conversation.silent, written
        self._conversation.ask(self._seat.parts.redact(said), typed=typed)
        self._conversation.silent = before
        self._session.answering.was_asked()

    # ---- what the conversation tells --------------------------------------------------------------------------------

    def _observe(self, event: SessionEvent) -> None:
        self._witness.observe(event)
        session = self._session
        match event:
            case LevelMeasured():
                session.heard_frame(self._conversation.heard_s, at_rest=self._conversation.state is State.IDLE)
                session.observed(event)
            case ClauseSpoken(turn, text):
                session.clause(turn, text)
            case TurnReport():
                self._report(event)
            case _:
                session.observed(event)
        self._act()

    def _report(self, report: TurnReport) -> None:
        if not report.interrupted:
            self._session.ended(report.turn, self._clips(report.turn), self._meter.take(), report.error)
        turn_id = getattr(self._witness, "turn_id", None)
        self._session.told_turn(report, turn_id(report.turn) if turn_id is not None else None)

    def _clips(self, turn: int) -> tuple[tuple[str, float], ...]:
        return self._conversation.reply_clips(turn)

    def _told(self, command: Command) -> None:
        session, now_s = self._session, self._conversation.heard_s
        match command:
            case OpenTurn(turn, from_s):
                self._opened_s = from_s
                session.opened(turn, from_s)
            case Commit(turn, _, speech_end_s, _, answered):
                self._begin_reply()
                session.committed(turn, self._opened_s, speech_end_s, answered=answered)
            case Answer(turn) | Announce(turn):
                self._begin_reply()
                session.answers(turn)
            case PausePlayback(turn):
                self._speaker.fell_silent()
                session.paused(turn, self._conversation.onset_s)
            case ResumePlayback(turn):
                self._begin_reply()
                session.resumed(turn, now_s)
            case StopReply(turn, reason):
                self._speaker.fell_silent()
                session.stopped(turn, reason, self._clips(turn), self._meter.take())
            case DropTurn(turn):
                session.dropped(turn, now_s)
            case KeepSilent(turn):
                session.silenced(turn)
            case _:
                pass
        self._act()

    def _begin_reply(self) -> None:
        self._out_of = self._resampler_out()
        self._speaker.wake()

    def _called(self, call: ToolCall) -> None:
        self._session.answering.called(call, after_words=self._conversation.has_words)
        self._act()

    def _send_sound(self, block: Samples) -> None:
        sound = self._out_of.push(block)
        if sound.size:
            self._session.answering.audio(as_text(sound, self._output), sound.size / self._output.rate)
            self._act()


class _Items:
    """Port Remembered: the session's items."""

    def __init__(self, session: RealtimeSession, meter: MeteredLanguageModel) -> None:
        self._session = session
        self._meter = meter
        self.commit = session.said
        self.heard = session.heard
        self.last_heard = session.last_heard

    def forget(self, turn: int) -> None:
        """Told as the end of its reply, with its reason."""

    def messages(self, said: str, *, without_turn: int | None = None) -> list[Message]:
        self._meter.take()  # of a draft that nobody heard
        return self._session.messages(said, without_turn)
