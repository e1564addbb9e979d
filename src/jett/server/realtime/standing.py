"""Jett's commands and tools for a connection that lasts: before they do anything, who asks is looked up once more."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from jett.core.ports import Commands, Controls, Plan, ToolCall, ToolResult, Tools, ToolSpec
from jett.server.standing import Standing


class StandingCommands:
    """Port Commands."""

    def __init__(self, inner: Commands, standing: Standing) -> None:
        self._inner = inner
        self._standing = standing
        self.plan = inner.plan
        self.awaits_answer = inner.awaits_answer
        self.stopped = inner.stopped
        self.heard = inner.heard

    async def carry_out(self, plan: Plan, controls: Controls) -> AsyncGenerator[str, None]:
        if not await self._standing.good():
            return
        async with aclosing(self._inner.carry_out(plan, controls)) as sentences:
            async for sentence in sentences:
                yield sentence


class StandingTools:
    """Port Tools."""

    def __init__(self, inner: Tools, standing: Standing) -> None:
        self._inner = inner
        self._standing = standing

    def specs(self) -> tuple[ToolSpec, ...]:
        return self._inner.specs()

    async def use(self, call: ToolCall) -> ToolResult:
        if not await self._standing.good():
            return ToolResult("not done: whoever asks is no longer let in", failed=True)
        return await self._inner.use(call)
