"""The tools of a reply: the client's own functions, beside those of Jett's that the guard watches over.

A function of the client's is never run here: the call is told to it, the reply ends, and the client asks for the next
one when it has put the result into the conversation. Where both have a name, it is the client's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from jett.core.ports import ToolCall, ToolResult, Tools, ToolSpec
from jett.server.realtime.config import ChosenFunction
from jett.server.realtime.response import Options


class ClientTools:
    """Port Tools."""

    def __init__(
        self,
        own: Tools | None,
        options: Callable[[], Options],
        called: Callable[[ToolCall], None],
        name: Callable[[], str],
    ) -> None:
        """`options` of the reply under way; `called` is told of a call that is the client's; `name` makes call ids."""
        self._own = own
        self._options = options
        self._called = called
        self._name = name

    def specs(self) -> tuple[ToolSpec, ...]:
        options = self._options()
        if options.tool_choice == "none":
            return ()
        theirs = tuple(ToolSpec(tool.name, tool.description, tool.parameters) for tool in options.tools)
        if isinstance(options.tool_choice, ChosenFunction):
            return tuple(spec for spec in theirs if spec.name == options.tool_choice.name)
        names = {spec.name for spec in theirs}
        own = self._own.specs() if self._own is not None else ()
        return (*(spec for spec in own if spec.name not in names), *theirs)

    async def use(self, call: ToolCall) -> ToolResult:
        if any(tool.name == call.name for tool in self._options().tools):
            self._called(replace(call, id=call.id or self._name()))
            return ToolResult(elsewhere=True)
        if self._own is None:
            return ToolResult("there is no such tool", failed=True)
        return await self._own.use(call)
