"""A language model by a script, for the one thing that the smallest real one cannot do: ask for a tool."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from jett.core.ports import Message, ToolCall, ToolSpec


class Weatherman:
    """Port LanguageModel by a script, for the smallest model cannot ask for tools: it asks once, then it answers."""

    def __init__(self) -> None:
        self.asked: list[tuple[Sequence[Message], Sequence[ToolSpec]]] = []

    async def stream(self, messages: Sequence[Message]) -> AsyncGenerator[str, None]:
        self.asked.append((messages, ()))
        yield "It rains."

    async def act(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> AsyncGenerator[str | ToolCall, None]:
        self.asked.append((messages, tools))
        if messages[-1].role == "tool":
            yield f"They say: {messages[-1].content}."
            return
        yield "Let me look, "
        yield ToolCall("weather", '{"city":"Paris"}', "")

    async def prefill(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> None:
        """Nothing to read ahead."""

    async def aclose(self) -> None:
        """Nothing to release."""
