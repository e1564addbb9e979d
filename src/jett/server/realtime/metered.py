"""A language model whose work is counted, and ended where a response may have no more tokens."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

from jett.core.ports import LanguageModel, Message, ToolCall, ToolSpec
from jett.server.realtime.response import Usage
from jett.session.history import estimated_tokens


class MeteredLanguageModel:
    """The port LanguageModel, in front of another, for one reply at a time."""

    def __init__(self, model: LanguageModel, most: Callable[[], int | str]) -> None:
        """`most` pieces of an answer, "inf" for the model's own limit."""
        self._model = model
        self._most = most
        self._usage = Usage()

    def take(self) -> Usage:
        """Of everything since the last time: of one reply."""
        usage, self._usage = self._usage, Usage()
        return usage

    async def stream(self, messages: Sequence[Message]) -> AsyncGenerator[str, None]:
        async with aclosing(self.act(messages, ())) as pieces:
            async for piece in pieces:
                if isinstance(piece, str):
                    yield piece

    async def act(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> AsyncGenerator[str | ToolCall, None]:
        read = self._usage.input_tokens + sum(estimated_tokens(message.content) for message in messages)
        wrote = self._usage.output_tokens
        self._usage = Usage(read, wrote)
        stream: AsyncGenerator[str | ToolCall, None] = (
            self._model.act(messages, tools) if tools else _plain(self._model, messages)
        )
        async with aclosing(stream) as pieces:
            async for piece in pieces:
                most = self._most()
                if isinstance(most, int) and wrote >= most:
                    self._usage = Usage(read, wrote, cut=True)
                    return
                wrote += 1
                self._usage = Usage(read, wrote)
                yield piece

    async def prefill(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> None:
        await self._model.prefill(messages, tools)

    async def aclose(self) -> None:
        """The model is somebody else's."""


async def _plain(model: LanguageModel, messages: Sequence[Message]) -> AsyncGenerator[str | ToolCall, None]:
    async with aclosing(model.stream(messages)) as pieces:
        async for piece in pieces:
            yield piece
