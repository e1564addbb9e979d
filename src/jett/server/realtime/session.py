"""The protocol of one session: a client's messages and the conversation's doings in, events and effects out.

Pure: no await, no clock, no I/O. `connection` is its asyncio shell; it carries out `take()` after each call, in order.
Nothing that a client sends raises here: what cannot be done becomes an `error` event and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from jett.core.events import LevelMeasured, PartialHeard, SessionEvent, StateChanged, Troubled, TurnReport
from jett.core.ports import Message
from jett.server.realtime.answering import Answering
from jett.server.realtime.client_events import (
    BufferAppend,
    BufferClear,
    BufferCommit,
    ClientEvent,
    Flushed,
    ItemCreate,
    ItemDelete,
    ItemRetrieve,
    ItemTruncate,
    OutputClear,
    Rendered,
    ResponseCancel,
    ResponseCreate,
    ResponseParams,
    SessionUpdate,
    Stop,
    client_event,
    event_id_of,
    parsed,
    sound,
)
from jett.server.realtime.config import ServerVad, SessionConfig, updated
from jett.server.realtime.effects import ClearSound, Configure, Dismiss, NoteHeard, Silence
from jett.server.realtime.hearing import Hearing
from jett.server.realtime.items import MOST_CHARS, MOST_ITEMS, Clips, Item
from jett.server.realtime.prompt import Prompt
from jett.server.realtime.refused import EventRefused, refused
from jett.server.realtime.response import Usage
from jett.server.realtime.state import Names, State
from jett.server.realtime.written import own_item, own_items
from jett.turns.events import StopReason

_LEVEL_EVERY_FRAMES = 3
"""Of 32 ms each: about ten levels a second."""
_TOLERANCE_S = 0.25
"""How much later than the end of the sound a client may cut: clocks and rounding differ."""


class RealtimeSession:
    """One client's session. What the conversation does is told by the methods named in the past tense."""

    def __init__(self, seed: str, *, expires_at: int, instructions: str, context_tokens: int, model: str) -> None:
        """`seed` is a random part of all ids; `expires_at` in Unix seconds; `instructions` are those of a client
        that gives none."""
        names = Names(seed)
        self._expires_at = expires_at
        self._id = names("sess")
        self._state = State(SessionConfig(model=model), names, instructions, conversation_id=names("conv"))
        self.answering = Answering(self._state, Prompt(context_tokens))
        self.hearing = Hearing(self._state)
        self.take = self._state.take
        self.errors = 0
        """Events of the client that could not be done."""
        self._said: dict[int, str] = {}
        self._forgotten: dict[str, Item] = {}
        self._frames = 0
        self._quiet_from_s: float | None = None
        self._send_session("created")

    @property
    def new_id(self) -> Callable[[str], str]:
        """Names that nothing else has."""
        return self._state.new_id

    @property
    def config(self) -> SessionConfig:
        return self._state.config

    # ---- the client -------------------------------------------------------------------------------------------------

    def receive(self, text: str) -> None:
        """One message of the client's."""
        event_id: str | None = None
        try:
            event = parsed(text)
            event_id = event_id_of(event)
            self._do(client_event(event))
        except EventRefused as error:
            self.refuse(error, event_id)

    def refuse(self, error: EventRefused, event_id: str | None = None) -> None:
        """It cannot be done, and the client is told why."""
        self.errors += 1
        self._state.send({"type": "error", "error": refused(error, event_id)})

    def _do(self, event: ClientEvent) -> None:
        match event:
            case SessionUpdate():
                self._update(event)
            case BufferAppend():
                self.hearing.append(sound(event.audio))
            case BufferCommit():
                self.hearing.commit()
            case BufferClear():
                self.hearing.clear()
            case OutputClear():
                raise EventRefused("output_audio_buffer.clear is for WebRTC; use response.cancel", code="unsupported")
            case ItemCreate():
                self._create(event)
            case ItemRetrieve():
                item = self._item(event.item_id)
                self._state.send({"type": "conversation.item.retrieved", "item": item.wire()})
            case ItemDelete():
                self._delete(event.item_id)
            case ItemTruncate():
                self._truncate(event)
            case ResponseCreate():
                self._respond(event.response or ResponseParams())
            case ResponseCancel():
                self.answering.cancel(event.response_id)
            case Flushed():
                self._flushed(event)
            case Stop():
                self._state.do(Silence())
            case Rendered():
                pass

    def _update(self, event: SessionUpdate) -> None:
        before = self._state.config
        config = updated(before, event.session)
        if config.audio.input.format != before.audio.input.format:
            self._state.do(ClearSound(manual=True))
        if (config.audio.input.turn_detection is None) != self.hearing.manual:
            self._state.do(ClearSound(self.hearing.manual))
        self._state.config = config
        self._state.do(Configure(config))
        self._send_session("updated")

    def _send_session(self, phase: str) -> None:
        shown = {"id": self._id, "object": "realtime.session", "expires_at": self._expires_at, **self.config.wire()}
        shown["instructions"] = self.config.instructions or self._state.default_instructions
        self._state.send({"type": f"session.{phase}", "session": shown})

    def _create(self, event: ItemCreate) -> None:
        if len(self._state.items) >= MOST_ITEMS:
            raise EventRefused(f"a conversation has at most {MOST_ITEMS} items", code="conversation_too_long")
        item = own_item(event.item, self._state.items, self._state.new_id)
        if self._state.items.chars + item.chars > MOST_CHARS:
            raise EventRefused(
                f"the items of a conversation have at most {MOST_CHARS} characters; delete some",
                code="conversation_too_long",
                param="item",
            )
        self._state.add(item, event.previous_item_id)

    def _delete(self, item_id: str) -> None:
        item = self._state.items.get(item_id)
        if item.status == "in_progress":
            raise EventRefused("this item is being made; cancel its response first", code="item_in_progress")
        self._state.items.remove(item)
        self._state.send({"type": "conversation.item.deleted", "item_id": item_id})

    def _truncate(self, event: ItemTruncate) -> None:
        item = self._item(event.item_id)
        seconds = event.audio_end_ms / 1000
        if item.kind != "output_audio":
            raise EventRefused("only a reply's sound can be truncated", code="invalid_value", param="item_id")
        if seconds > item.seconds + _TOLERANCE_S:
            raise EventRefused(f"audio_end_ms: the sound ends at {item.seconds * 1000:.0f} ms", param="audio_end_ms")
        about = {"item_id": event.item_id, "content_index": 0, "audio_end_ms": event.audio_end_ms}
        self._state.send({"type": "conversation.item.truncated", **about})
        active = self.answering.active
        if active is not None and active.message is item:
            self._state.do(Dismiss(min(seconds, item.seconds)))
        else:
            item.cut_at(seconds)

    def _item(self, item_id: str) -> Item:
        """Also one that was just taken back: the client may not know yet."""
        return self._forgotten.get(item_id) or self._state.items.get(item_id)

    def _respond(self, params: ResponseParams) -> None:
        given = None
        if params.input is not None:
            given = own_items(params.input, self._state.items, self._state.new_id)
        self.answering.create(params, given, waits=bool(self.hearing.transcribing))

    def _flushed(self, event: Flushed) -> None:
        item = next((item for item in self._state.items if item.id == event.item_id), None)
        if item is not None and item.is_reply and item.turn:
            self._state.do(NoteHeard(item.turn, event.played_ms / 1000))

    # ---- the conversation's history (as `session.history.Remembered`) -----------------------------------------------

    def said(self, turn: int, text: str) -> None:
        """The words of a turn that is over."""
        self._said[turn] = text

    def heard(self, turn: int, text: str) -> None:
        """What was heard of the reply to `turn`."""
        item = self.answering.reply(turn)
        if item is not None:
            item.heard = text

    def last_heard(self) -> str:
        """What was heard last."""
        return next((item.words for item in reversed(list(self._state.items)) if item.is_reply and item.words), "")

    def messages(self, said: str, without_turn: int | None) -> list[Message]:
        """The request for an answer to what was said, or to what was asked for."""
        options = self.answering.options
        said = "" if self.answering.asked is not None else said
        return self.answering.messages(options, said, without_turn)

    # ---- the turn machine -------------------------------------------------------------------------------------------

    def opened(self, turn: int, at_s: float) -> None:
        self.hearing.started(at_s)

    def committed(self, turn: int, from_s: float, end_s: float, *, answered: bool) -> None:
        """The turn is over, and what `said` told of it were its words."""
        self.hearing.committed(turn, self._said.pop(turn, None), from_s, end_s)
        if answered:
            self.answering.begun(turn)

    def answers(self, turn: int) -> None:
        """A reply that was asked for is under way, or somebody else's words."""
        self._said.pop(turn, None)
        self.answering.begun(turn)

    def silenced(self, turn: int) -> None:
        """What was asked for an answer is a stop phrase: a response without output, and the model never reads it."""
        self.answering.begun(turn)
        self.answering.ended(turn, (), Usage(), "")
        self._state.items.forget_last_said()

    def paused(self, turn: int, onset_s: float) -> None:
        """Somebody speaks over the reply, which is silent meanwhile."""
        self.hearing.started(onset_s)
        self.answering.flush(turn)

    def resumed(self, turn: int, at_s: float) -> None:
        self.hearing.stopped(at_s)
        self.answering.resume(turn)

    def stopped(self, turn: int, reason: StopReason, clips: Clips, usage: Usage) -> None:
        """The reply is over before its end."""
        self.answering.stopped(turn, clips, usage, by_speech=reason is not StopReason.STOPPED)
        if reason is StopReason.CONTINUED:
            self._forgotten = {item.id: item for item in self._state.items.of_turn(turn)}
            self.answering.taken_back(turn)

    def dropped(self, turn: int, at_s: float) -> None:
        """Nothing was said."""
        self.hearing.stopped(at_s)

    def ended(self, turn: int, clips: Clips, usage: Usage, error: str) -> None:
        """The reply was said to its end."""
        self.answering.ended(turn, clips, usage, error)

    def transcribed(self, item_id: str, text: str | None, seconds: float) -> None:
        """The words of a manual turn."""
        self.hearing.transcribed(item_id, text, seconds)
        if not self.hearing.transcribing:
            self.answering.ask()

    # ---- what is told of it -----------------------------------------------------------------------------------------

    def observed(self, event: SessionEvent) -> None:
        """What the conversation tells whoever watches it; a finished turn is told by `told_turn`."""
        match event:
            case LevelMeasured(dbfs, probability):
                self._frames += 1
                if self._frames % _LEVEL_EVERY_FRAMES == 0:
                    self._state.send_jett("level", dbfs=round(dbfs, 1), speech_probability=round(probability, 3))
            case StateChanged(state):
                self._state.send_jett("state", state=state)
            case PartialHeard(turn, text):
                self._state.send_jett("partial", turn=turn, text=text)
            case Troubled(message, spoken):
                self._state.send_jett("trouble", message=message, spoken=spoken)
            case _:
                pass

    def told_turn(self, report: TurnReport, turn_id: int | None) -> None:
        """A turn is finished; `turn_id` is under which it can be read again."""
        self._state.send_jett(
            "turn",
            turn=report.turn,
            id=turn_id,
            transcript=report.transcript,
            reply=report.reply,
            heard=report.heard,
            interrupted=report.interrupted,
            ttfa_ms=report.ttfa_ms,
            stages_ms=report.stages_ms,
            spans=[asdict(span) for span in report.spans],
            engines=report.engines,
            error=report.error,
        )

    def clause(self, turn: int, text: str) -> None:
        """A clause of the reply begins to sound."""
        self.answering.text(turn, text)
        self._state.send_jett("clause", turn=turn, text=text)

    def heard_frame(self, end_s: float, *, at_rest: bool) -> None:
        """The audio clock is at `end_s`; after the session's idle timeout without a word a reply is asked for."""
        if not at_rest or self.answering.busy or not any(item.is_reply for item in self._state.items):
            self._quiet_from_s = None
            return
        if self._quiet_from_s is None:
            self._quiet_from_s = end_s
        detection = self.config.audio.input.turn_detection
        timeout_ms = detection.idle_timeout_ms if isinstance(detection, ServerVad) else None
        if timeout_ms is not None and (end_s - self._quiet_from_s) * 1000 >= timeout_ms:
            self.hearing.waited(self._quiet_from_s, end_s)
            self._quiet_from_s = None
            self.answering.create(ResponseParams(), None, waits=bool(self.hearing.transcribing))
