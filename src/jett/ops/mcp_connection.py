"""One MCP server, kept open in the background, and opened anew when it has died. Called by `mcp_servers`.

A call waits for the connection at most as long as for an answer. What the server offers is read before every call and
compared with what the owner listed, so that a tool that has become another one is not called.
"""

from __future__ import annotations

import importlib
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

import anyio
import anyio.lowlevel
import anyio.to_thread

from jett.core.errors import OperationError
from jett.ops.mcp_address import McpAddress
from jett.ops.mcp_lost import Lost
from jett.ops.mcp_tool import Answer, Argument, Offered

FIRST_PAUSE_S, LAST_PAUSE_S = 0.25, 60.0
LASTED_S = 60.0
"""A connection that held so long was a good one: the next pause is the first again."""
KNOWN_TROUBLE_S = 2.0
"""How long a call waits for a server that has failed more than once."""


class Wire(Protocol):
    """An open connection."""

    lost: Lost

    async def tools(self) -> tuple[Offered, ...]:
        """What the server offers now. Raises OperationError."""

    async def call(self, tool: str, arguments: Mapping[str, Argument]) -> Answer:
        """Once. Raises OperationError, `unreachable` when the server may have done it."""


class NotSent(OperationError):
    """The tool was not called: there was no connection, or it was gone before the call."""


@asynccontextmanager
async def open_wire(address: McpAddress) -> AsyncGenerator[Wire, None]:
    """A connection; the SDK, which takes a second to import, is imported in a thread. Raises OperationError."""
    module = await anyio.to_thread.run_sync(importlib.import_module, "jett.ops.mcp_wire")
    opened: AbstractAsyncContextManager[Wire] = module.open_wire(address, address.timeout_s)
    async with opened as wire:
        yield wire


class McpConnection:
    """One server by its name in the settings."""

    def __init__(
        self,
        address: McpAddress,
        connect: Callable[[McpAddress], AbstractAsyncContextManager[Wire]] = open_wire,
    ) -> None:
        self._address = address
        self._connect = connect
        self._wire: Wire | None = None
        self._trouble = ""
        self._failures = 0
        self._opened = anyio.Event()

    async def keep(self) -> None:
        """Until cancelled; never raises. The process is ended with it."""
        while True:
            began_s = anyio.current_time()
            try:
                await self._hold()
            except OperationError as error:
                self._trouble = str(error)
            except Exception as error:  # noqa: BLE001 - this task's boundary: a server chose what the SDK was fed with
                self._trouble = f"mcp: its connection failed ({type(error).__name__})"
            lasted = anyio.current_time() - began_s > LASTED_S
            self._failures = 1 if lasted else self._failures + 1
            await anyio.sleep(min(FIRST_PAUSE_S * 2 ** (self._failures - 1), LAST_PAUSE_S))

    async def _hold(self) -> None:
        async with self._connect(self._address) as wire:
            self._wire, self._trouble = wire, ""
            self._opened.set()
            try:
                await wire.lost.wait()
            finally:
                self._wire, self._opened = None, anyio.Event()
                self._trouble = f"mcp: {wire.lost.reason}"

    async def use(self, tool: str, definition: str, arguments: Mapping[str, Argument], *, to_its_end: bool) -> Answer:
        """Call the tool if it is still what the owner listed. Raises NotSent; OperationError as Wire.call does.

        `to_its_end`: a call that is sent is waited for, also by whoever is cancelled.
        """
        wire = await self._now_open()
        await self._check(wire, tool, definition)
        try:
            with anyio.fail_after(self._address.timeout_s, shield=to_its_end):
                return await wire.call(tool, arguments)
        except TimeoutError as error:
            raise self._said(f"no answer within {self._address.timeout_s} s", unreachable=True) from error

    async def _now_open(self) -> Wire:
        with anyio.move_on_after(KNOWN_TROUBLE_S if self._failures > 1 else self._address.timeout_s):
            while self._wire is None or self._wire.lost:
                await self._opened.wait()
                await anyio.lowlevel.checkpoint()
            return self._wire
        raise self._not_sent(self._trouble.removeprefix("mcp: ") or "it has not come up yet")

    async def _check(self, wire: Wire, tool: str, definition: str) -> None:
        try:
            with anyio.fail_after(self._address.timeout_s):
                offered = await wire.tools()
        except (OperationError, TimeoutError) as error:  # it may hang: the next call gets another connection
            wire.lost.because("it does not say what it offers")
            raise self._not_sent(str(error).removeprefix("mcp: ") or "it does not answer") from error
        if [one.definition for one in offered if one.name == tool] != [definition]:
            changed = self._said(f"the tool {tool} has changed since you listed it; look at it with `jett mcp tools`")
            changed.spoken = f"The tool {tool.replace('_', ' ')} has changed since you listed it. I won't use it."
            raise changed

    def _not_sent(self, why: str) -> NotSent:
        error = NotSent(f"mcp: {self._address.name}: {why}", unreachable=True)
        error.spoken = f"I can't reach {self._address.name} right now."
        return error

    def _said(self, why: str, *, unreachable: bool = False) -> OperationError:
        return OperationError(f"mcp: {self._address.name}: {why}", unreachable=unreachable)
