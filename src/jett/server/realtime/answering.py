"""The answering half of the protocol: responses asked for, under way, ended, taken back. Pure.

At most one response is part of the conversation at a time; those apart from it (`conversation: "none"`) may run beside.
A reply that the turn machine takes back, since the user had not finished, is a response that is cancelled, and its
items and the turn's are deleted: a client's conversation stays the one that the language model reads.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from jett.core.ports import ToolCall
from jett.server.realtime.client_events import ResponseParams
from jett.server.realtime.config import one_modality
from jett.server.realtime.effects import Ask, AskApart, CancelApart, Dismiss
from jett.server.realtime.items import Clips, Item
from jett.server.realtime.prompt import Prompt
from jett.server.realtime.refused import EventRefused, failed
from jett.server.realtime.response import Options, Response, Usage
from jett.server.realtime.state import State

MOST_APART = 4
_BUSY = "conversation_already_has_active_response"


class Answering:
    """Of one session."""

    def __init__(self, state: State, prompt: Prompt) -> None:
        self._state = state
        self._prompt = prompt
        self.active: Response | None = None
        self.asked: Options | None = None
        """Of a response that was asked for and has not begun."""
        self._apart: dict[str, Response] = {}
        self._told_flush = False

    @property
    def options(self) -> Options:
        """Of what is being answered now, or would be."""
        if self.asked is not None:
            return self.asked
        return self.active.options if self.active is not None else self._options(ResponseParams(), None)

    @property
    def busy(self) -> bool:
        return self.active is not None or self.asked is not None

    # ---- the client -------------------------------------------------------------------------------------------------

    def create(self, params: ResponseParams, given: tuple[Item, ...] | None, *, waits: bool) -> None:
        """A response is wanted; it `waits` for words that are being transcribed. Raises EventRefused."""
        options = self._options(params, given)
        if params.conversation == "none":
            self._create_apart(options)
            return
        if self.busy:
            raise EventRefused("a response is under way; cancel it, or wait for its response.done", code=_BUSY)
        self.asked = options
        if not waits:
            self.ask()

    def ask(self) -> None:
        """What was asked for need not wait any longer."""
        if self.asked is None:
            return
        said = self._state.items.last_said() if self.asked.input is None else ""
        self._state.do(Ask(said, self.asked.written, self._state.items.last_was_typed))

    def was_asked(self) -> None:
        """The conversation was asked. If it has not begun to answer, something else sounds."""
        if self.asked is not None:
            self.asked = None
            error = failed("something else is being said; ask again when it is over", _BUSY)
            self._state.send({"type": "error", "error": {**error, "type": "invalid_request_error"}})

    def cancel(self, response_id: str | None) -> None:
        """Raises EventRefused."""
        if response_id is not None and response_id in self._apart:
            self._state.do(CancelApart(response_id))
        elif self.active is not None and response_id in (None, self.active.id):
            self._state.do(Dismiss())
        elif self.asked is not None and response_id is None:
            self.asked = None
        else:
            raise EventRefused("no such response is under way", code="response_cancel_not_active")

    # ---- the conversation -------------------------------------------------------------------------------------------

    def begun(self, turn: int) -> None:
        """The reply to `turn` is under way."""
        options, self.asked = self.options, None
        self._told_flush = False
        self.active = self._new(turn, options, self._state.conversation_id)
        self._send([self.active.created(), {"type": "rate_limits.updated", "rate_limits": []}])

    def text(self, turn: int, text: str) -> None:
        """A clause of it begins to sound, or was written."""
        if self.active is not None and self.active.turn == turn:
            self._with_item(self.active, self.active.text(text))

    def audio(self, data: str, seconds: float) -> None:
        """The next of its sound."""
        if self.active is not None:
            self._with_item(self.active, self.active.audio(data, seconds))

    def called(self, call: ToolCall, *, after_words: bool) -> None:
        """The model asks for a function of the client's; words before it keep their place, though they sound later."""
        if self.active is None:
            return
        if after_words:
            self._with_item(self.active, self.active.begun())
        item, events = self.active.called(call, self._state.new_id("item"))
        added, *rest = events
        before = self._state.items.add(item)
        self._send([added, {"type": "conversation.item.added", "previous_item_id": before, "item": item.wire()}])
        self._send([*rest, {"type": "conversation.item.done", "previous_item_id": before, "item": item.wire()}])

    def ended(self, turn: int, clips: Clips, usage: Usage, error: str) -> None:
        """It was said or written to its end, or it is Jett's sentence about a failure."""
        response = self.active
        if response is None or response.turn != turn:
            return
        status, reason = ("incomplete", "max_output_tokens") if usage.cut else ("completed", None)
        if response.message is not None:
            response.message.unread = bool(error) and response.message.heard is None
        self._finish(response, clips, "failed" if error else status, None if error else reason, usage, error)

    def stopped(self, turn: int, clips: Clips, usage: Usage, *, by_speech: bool) -> None:
        """It is over before its end."""
        response = self.active
        if response is None or response.turn != turn:
            return
        self.flush(turn)
        reason = "turn_detected" if by_speech else "client_cancelled"
        self._finish(response, clips, "cancelled", reason, usage, "")

    def taken_back(self, turn: int) -> None:
        """The turn was not over: nothing of it was said, for the client as for the model."""
        for item in self._state.items.of_turn(turn):
            self._state.items.remove(item)
            self._state.send({"type": "conversation.item.deleted", "item_id": item.id})

    def flush(self, turn: int) -> None:
        """Fall silent now."""
        item = self.reply(turn)
        if item is not None and not self._told_flush:
            self._told_flush = True
            self._state.send_jett("flush", item_id=item.id)

    def resume(self, turn: int) -> None:
        """It was nothing."""
        item = self.reply(turn)
        self._told_flush = False
        if item is not None:
            self._state.send_jett("resume", item_id=item.id)

    def reply(self, turn: int) -> Item | None:
        """The message of the reply to `turn`."""
        of_turn = self._state.items.of_turn(turn) if turn else []
        return next((item for item in reversed(of_turn) if item.is_reply), None)

    # ---- apart ------------------------------------------------------------------------------------------------------

    def apart_text(self, response_id: str, text: str) -> None:
        self._send(self._apart[response_id].text(text))

    def apart_audio(self, response_id: str, data: str, seconds: float) -> None:
        self._send(self._apart[response_id].audio(data, seconds))

    def apart_called(self, response_id: str, call: ToolCall) -> None:
        self._send(self._apart[response_id].called(call, self._state.new_id("item"))[1])

    def apart_ended(self, response_id: str, usage: Usage, *, cancelled: bool = False, error: str = "") -> None:
        response = self._apart.pop(response_id)
        status, reason = ("incomplete", "max_output_tokens") if usage.cut else ("completed", None)
        if cancelled:
            status, reason = "cancelled", "client_cancelled"
        self._send(response.done("failed" if error else status, None if error else reason, usage, error))

    def _create_apart(self, options: Options) -> None:
        if len(self._apart) >= MOST_APART:
            raise EventRefused(f"at most {MOST_APART} responses apart from the conversation at once", code=_BUSY)
        response = self._new(0, options, None)
        self._apart[response.id] = response
        self._send([response.created()])
        messages = self.messages(options)
        self._state.do(AskApart(response.id, tuple(messages), options.written))

    def apart_options(self, response_id: str) -> Options:
        return self._apart[response_id].options

    # ---- parts ------------------------------------------------------------------------------------------------------

    def messages(self, options: Options, said: str = "", without_turn: int | None = None) -> list[Any]:
        """The request for an answer."""
        source: Iterable[Item] = self._state.items if options.input is None else options.input
        items = [item for item in source if not without_turn or item.turn != without_turn]
        prompt = self._prompt if options.input is None else self._prompt.apart()
        return prompt.messages(items, options.instructions, said)

    def _new(self, turn: int, options: Options, conversation_id: str | None) -> Response:
        return Response(self._state.new_id("resp"), turn, options, self._state.new_id, conversation_id)

    def _options(self, params: ResponseParams, given: tuple[Item, ...] | None) -> Options:
        config = self._state.config
        modalities = params.output_modalities or params.modalities
        most = params.max_output_tokens or params.max_response_output_tokens
        instructions = params.instructions if params.instructions is not None else config.instructions
        return Options(
            written=one_modality(modalities) == ["text"] if modalities else config.written,
            instructions=instructions or self._state.default_instructions,
            tools=tuple(config.tools if params.tools is None else params.tools),
            tool_choice=config.tool_choice if params.tool_choice is None else params.tool_choice,
            max_output_tokens=most if most is not None else config.max_output_tokens,
            format=config.audio.output.format,
            voice=config.audio.output.voice,
            metadata=params.metadata,
            input=given,
        )

    def _with_item(self, response: Response, events: Iterable[dict[str, Any]]) -> None:
        for event in events:
            if event["type"] == "conversation.item.added":
                assert response.message is not None
                event["previous_item_id"] = self._state.items.add(response.message)
            self._state.send(event)

    def _finish(
        self, response: Response, clips: Clips, status: str, reason: str | None, usage: Usage, error: str
    ) -> None:
        self.active = None
        item = response.message
        if item is not None:
            item.clips = clips
        for event in response.done(status, reason, usage, error):
            if event["type"] == "conversation.item.done" and item is not None:
                event["previous_item_id"] = self._state.items.before(item)
            self._state.send(event)

    def _send(self, events: Iterable[dict[str, Any]]) -> None:
        for event in events:
            self._state.send(event)
