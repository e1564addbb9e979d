"""A language model that is told no secret: every message but the owner's own system prompt is redacted on its way.

Whatever a message came from: a transcript, a reply, a tool's result. Wrapped around each model by `engines`.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from functools import lru_cache

from jett.core.ports import LanguageModel, Message, ToolCall, ToolSpec
from jett.guard import redact
from jett.session.redacted import flowing


class RedactedLanguageModel:
    """The port LanguageModel, in front of another."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model
        self._redacted = lru_cache(maxsize=256)(_message)  # a prompt is mostly the one before

    @property
    def slots(self) -> tuple[LanguageModel, ...]:
        """The slots of a model that has some, each as a model of its own; else the model."""
        slots: tuple[LanguageModel, ...] = getattr(self._model, "slots", (self._model,))
        return tuple(map(RedactedLanguageModel, slots))

    def stream(self, messages: Sequence[Message]) -> AsyncGenerator[str, None]:
        return self._model.stream(self._all(messages))

    def act(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> AsyncGenerator[str | ToolCall, None]:
        return self._model.act(self._all(messages), tools)

    async def prefill(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> None:
        await self._model.prefill(self._all(messages), tools)

    async def aclose(self) -> None:
        await self._model.aclose()

    def _all(self, messages: Sequence[Message]) -> list[Message]:
        return [self._redacted(message) for message in messages]


def _message(message: Message) -> Message:
    if message.role == "system":
        return message
    call = message.call and replace(message.call, arguments=_arguments(message.call.arguments))
    said = message.role == "assistant"
    return replace(message, content=flowing(message.content, redact) if said else redact(message.content), call=call)


def _arguments(text: str) -> str:
    """Still JSON, where it was, since servers read it again."""
    redacted = redact(text)
    if redacted == text:
        return text
    try:
        json.loads(redacted)
    except ValueError:
        return "{}"
    return redacted
