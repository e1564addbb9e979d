"""Tool calls as chat servers write them: offered in a request, asked for in pieces of a stream, answered in a message.

Pure. Not whether a call is allowed or makes sense; that is `tools`. Called by `answer`, `openai_chat` and `ollama`.
API reference: https://platform.openai.com/docs/guides/function-calling, https://docs.ollama.com/capabilities/tool-calling.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from jett.core.errors import LanguageModelError
from jett.core.ports import Message, ToolCall, ToolSpec

MOST_CALLS = 8
LONGEST_ARGUMENTS = 4096


def offered(tools: Sequence[ToolSpec]) -> list[dict[str, Any]]:
    """The `tools` of a request, the same in both protocols."""
    return [
        {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": dict(tool.parameters),
            },
        }
        for tool in tools
    ]


def openai_message(message: Message) -> dict[str, Any]:
    """One message of the OpenAI-compatible protocol."""
    wire: dict[str, Any] = {"role": message.role, "content": _sendable(message.content)}
    call = message.call
    if call is None:
        return wire
    if message.role == "tool":
        return {**wire, "tool_call_id": call.id}
    function = {"name": call.name, "arguments": call.arguments}
    return {**wire, "tool_calls": [{"id": call.id, "type": "function", "function": function}]}


def ollama_message(message: Message) -> dict[str, Any]:
    """One message of Ollama's own protocol, where arguments are an object and a tool answers by its name."""
    wire: dict[str, Any] = {"role": message.role, "content": _sendable(message.content)}
    call = message.call
    if call is None:
        return wire
    if message.role == "tool":
        return {**wire, "tool_name": call.name}
    return {**wire, "tool_calls": [{"function": {"name": call.name, "arguments": _object(call.arguments)}}]}


def ollama_calls(wire: object, where: str) -> list[ToolCall]:
    """The whole calls of one of Ollama's messages. Raises LanguageModelError."""
    if wire is None:
        return []
    if not isinstance(wire, list) or len(wire) > MOST_CALLS:
        raise _no_call(where)
    return [_ollama_call(call, number, where) for number, call in enumerate(wire)]


def _ollama_call(wire: object, number: int, where: str) -> ToolCall:
    function = _function(wire, where)
    name, arguments = function.get("name"), function.get("arguments", {})
    if not isinstance(name, str) or not isinstance(arguments, Mapping):
        raise _no_call(where)
    text = json.dumps(arguments)
    _check_length(text, where)
    return ToolCall(_sendable(name), text, f"call_{number}")


class CallsInPieces:
    """Feed it each delta's `tool_calls`; the whole calls are in `calls` when the answer has ended."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._parts: dict[int, list[str]] = {}
        """Per index: id, name, arguments."""

    def feed(self, wire: object) -> None:
        """Pieces of calls, by their index. Raises LanguageModelError."""
        if wire is None:
            return
        if not isinstance(wire, list):
            raise _no_call(self._where)
        for piece in wire:
            self._take(piece)

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """In the order of their index; a call without a name is none."""
        return tuple(
            ToolCall(_sendable(name), _sendable(arguments) or "{}", _sendable(id_) or f"call_{index}")
            for index, (id_, name, arguments) in sorted(self._parts.items())
            if name
        )

    def _take(self, piece: object) -> None:
        function = _function(piece, self._where)
        assert isinstance(piece, Mapping)
        index = piece.get("index", 0)
        if type(index) is not int or not 0 <= index < MOST_CALLS:
            raise LanguageModelError(f"llm: {self._where} asked for too many tools at once, limit {MOST_CALLS}")
        parts = self._parts.setdefault(index, ["", "", ""])
        for at, value in enumerate((piece.get("id"), function.get("name"), function.get("arguments"))):
            if value is not None and not isinstance(value, str):
                raise _no_call(self._where)
            parts[at] += value or ""
        _check_length(parts[2], self._where)


def _function(wire: object, where: str) -> Mapping[str, Any]:
    function = wire.get("function", {}) if isinstance(wire, Mapping) else None
    if not isinstance(function, Mapping):
        raise _no_call(where)
    return function


def _check_length(arguments: str, where: str) -> None:
    if len(arguments) > LONGEST_ARGUMENTS:
        raise LanguageModelError(
            f"llm: {where} wrote {len(arguments)} characters of arguments for a tool, limit {LONGEST_ARGUMENTS}"
        )


def _object(text: str) -> Any:
    try:
        return json.loads(_sendable(json.dumps(json.loads(text), ensure_ascii=False)))
    except (ValueError, RecursionError):
        return {}


def _sendable(text: str) -> str:
    """Half of a surrogate pair is text to JSON and none to UTF-8, in which the next request must be written."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _no_call(where: str) -> LanguageModelError:
    return LanguageModelError(f"llm: {where} sent a tool call that is none; check that llm.url is a chat server")
