"""One response on its way to a client: which events it has become so far, in OpenAI's order. Pure.

response.created ─ output_item.added ─ content_part.added ─ deltas … ─ done, done, part.done, item.done ─ response.done
                  └ function_call: item.added ─ arguments.delta ─ arguments.done ─ item.done
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from jett.core.ports import ToolCall
from jett.server.realtime.config import AudioFormat, FunctionTool, ToolChoice
from jett.server.realtime.items import Item

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Options:
    """How one response is to be: the session's settings, and what `response.create` said otherwise."""

    written: bool
    instructions: str
    tools: tuple[FunctionTool, ...]
    tool_choice: ToolChoice
    max_output_tokens: int | str
    format: AudioFormat
    voice: Any
    metadata: dict[str, str] | None = None
    input: tuple[Item, ...] | None = None
    """What to answer instead of the conversation's items."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens, as counted by Jett: the prompt's are an estimate, a piece of the answer counts as one."""

    input_tokens: int = 0
    output_tokens: int = 0
    cut: bool = False
    """Whether the answer was ended at its most tokens."""

    def wire(self) -> Event:
        return {
            "total_tokens": self.input_tokens + self.output_tokens,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "input_token_details": {"text_tokens": self.input_tokens, "audio_tokens": 0, "cached_tokens": 0},
            "output_token_details": {"text_tokens": self.output_tokens, "audio_tokens": 0},
        }


@dataclass(slots=True)
class Response:
    """`turn` is the conversation's; 0 for one apart from it."""

    id: str
    turn: int
    options: Options
    new_id: Callable[[str], str]
    conversation_id: str | None
    message: Item | None = None
    output: list[Item] = field(default_factory=list)

    def created(self) -> Event:
        return {"type": "response.created", "response": self._wire("in_progress", None, None)}

    def text(self, text: str) -> Iterator[Event]:
        """More words of it: of a spoken one, those that begin to sound."""
        yield from self.begun()
        assert self.message is not None
        delta = text if not self.message.text else f" {text}"
        self.message.text += delta
        yield {
            **self._part_of("output_text" if self.options.written else "output_audio_transcript", "delta"),
            "delta": delta,
        }

    def audio(self, data: str, seconds: float) -> Iterator[Event]:
        """More sound of it, base64."""
        yield from self.begun()
        assert self.message is not None
        self.message.seconds += seconds
        yield {**self._part_of("output_audio", "delta"), "delta": data}

    def called(self, call: ToolCall, item_id: str) -> tuple[Item, list[Event]]:
        """The model asks for a function of the client's."""
        item = Item(item_id, "function_call", call=call, turn=self.turn)
        self.output.append(item)
        where = {"response_id": self.id, "output_index": len(self.output) - 1}
        of_call = {**where, "item_id": item_id, "call_id": call.id}
        begun = {**item.wire(), "status": "in_progress", "arguments": ""}
        return item, [
            {"type": "response.output_item.added", **where, "item": begun},
            {"type": "response.function_call_arguments.delta", **of_call, "delta": call.arguments},
            {
                "type": "response.function_call_arguments.done",
                **of_call,
                "name": call.name,
                "arguments": call.arguments,
            },
            {"type": "response.output_item.done", **where, "item": item.wire()},
        ]

    def done(self, status: str, reason: str | None, usage: Usage | None, error: str = "") -> Iterator[Event]:
        """The rest of its events."""
        yield from self._ended("completed" if status == "completed" else "incomplete")
        details: Event = {"type": status}
        if reason:
            details["reason"] = reason
        if error:
            details["error"] = {"type": "server_error", "code": "server_error", "message": error}
        yield {"type": "response.done", "response": self._wire(status, details, usage)}

    def begun(self) -> Iterator[Event]:
        """Its message, if it has none yet."""
        if self.message is not None:
            return
        kind = "output_text" if self.options.written else "output_audio"
        self.message = Item(self.new_id("item"), "message", "assistant", kind, status="in_progress", turn=self.turn)
        self.output.append(self.message)
        shown = {**self.message.wire(), "content": []}
        yield {"type": "response.output_item.added", **self._where(), "item": shown}
        if self.conversation_id is not None:
            yield {"type": "conversation.item.added", "item": shown}
        part = {"type": "text", "text": ""} if self.options.written else {"type": "audio", "transcript": ""}
        yield {**self._part_of("content_part", "added"), "part": part}

    def _ended(self, status: str) -> Iterator[Event]:
        item = self.message
        if item is None:
            return
        item.status = status
        words = {"text" if self.options.written else "transcript": item.text}
        if self.options.written:
            yield {**self._part_of("output_text", "done"), **words}
        else:
            yield self._part_of("output_audio", "done")
            yield {**self._part_of("output_audio_transcript", "done"), **words}
        part = {"type": "text" if self.options.written else "audio", **words}
        yield {**self._part_of("content_part", "done"), "part": part}
        yield {"type": "response.output_item.done", **self._where(), "item": item.wire()}
        if self.conversation_id is not None:
            yield {"type": "conversation.item.done", "item": item.wire()}

    def _where(self) -> Event:
        assert self.message is not None
        return {"response_id": self.id, "output_index": self.output.index(self.message)}

    def _part_of(self, what: str, phase: str) -> Event:
        assert self.message is not None
        return {"type": f"response.{what}.{phase}", **self._where(), "item_id": self.message.id, "content_index": 0}

    def _wire(self, status: str, details: Event | None, usage: Usage | None) -> Event:
        options = self.options
        return {
            "object": "realtime.response",
            "id": self.id,
            "status": status,
            "status_details": details,
            "output": [item.wire() for item in self.output] if status != "in_progress" else [],
            "conversation_id": self.conversation_id,
            "output_modalities": ["text"] if options.written else ["audio"],
            "max_output_tokens": options.max_output_tokens,
            "audio": {"output": {"format": options.format.wire(), "voice": options.voice}},
            "usage": usage.wire() if usage is not None else None,
            "metadata": options.metadata,
        }
