"""Both sides of the Model Context Protocol: what Jett's own server offers to a token, and a look at other servers."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path

import anyio.to_thread

from jett.app.servers import mcp_addresses, open_servers, server_port, token_store
from jett.core.errors import ConfigError, OperationError, PolicyError, TokenError
from jett.core.ports import ToolCall, ToolResult, Tools, ToolSpec
from jett.guard import Identity
from jett.ops.mcp_address import McpAddress
from jett.ops.mcp_connection import open_wire
from jett.ops.mcp_tool import Offered
from jett.ops.operations import now
from jett.ops.secret_file import read_secret
from jett.settings import Settings
from jett.settings.keys import did_you_mean
from jett.tools.model_tools import GuardedTools

TOKEN_VARIABLE = "JETT_TOKEN"


class TokenTools:
    """Tools of a token's holder: reads only, since a token never confirms, and only as long as the token is good."""

    def __init__(
        self, inner: Tools, identify: Callable[[datetime], Identity | None], *, wall_clock: Callable[[], datetime] = now
    ) -> None:
        self._inner = inner
        self._identify = identify
        self._wall_clock = wall_clock

    def specs(self) -> tuple[ToolSpec, ...]:
        """Port Tools."""
        return self._inner.specs()

    async def use(self, call: ToolCall) -> ToolResult:
        """Port Tools."""
        if await anyio.to_thread.run_sync(self._identify, self._wall_clock()) is None:
            return ToolResult("This token is no longer good.", failed=True)
        return await self._inner.use(call)


def read_token(token_file: Path | None) -> str:
    """The secret of an API token, from a file or the environment, never from an argument. Raises TokenError."""
    if token_file is None:
        secret = os.environ.get(TOKEN_VARIABLE, "")
        if not secret:
            raise TokenError(f"mcp: whose are the requests? Name a --token-file, or set {TOKEN_VARIABLE}")
        return secret.strip()
    try:
        return read_secret(token_file, "--token-file").strip()
    except OSError as error:
        raise TokenError(f"mcp: the token's file {error}") from error


@asynccontextmanager
async def open_token_tools(settings: Settings, secret: str) -> AsyncGenerator[Tools, None]:
    """What the holder of `secret` may look at. Raises TokenError, PolicyError, ConfigError."""
    identify = partial(token_store(settings).identify, secret)
    identity = await anyio.to_thread.run_sync(identify, now())
    if identity is None:
        raise TokenError("mcp: the token is not one of Jett's, or no longer good; make one with `jett token create`")
    async with open_servers(settings) as servers:
        if servers.trouble:
            raise PolicyError(servers.trouble)
        if servers.book is not None:
            with suppress(OperationError):  # out of reach now; it may come
                await servers.book.look()
        yield TokenTools(GuardedTools(servers.gate, server_port(servers), identity, only_reads=True), identify)


def addresses(settings: Settings, only: str | None) -> list[McpAddress]:
    """The MCP servers that are set, or the one of that name. Raises ConfigError."""
    found = [one for one in mcp_addresses(settings) if only in (None, one.name)]
    if found:
        return found
    names = sorted(settings.ops.mcp)
    if only is None or not names:
        raise ConfigError(f"mcp: no server {only or ''} is set; set ops.mcp.{only or 'NAME'}".replace("  ", " "))
    raise ConfigError(
        f"mcp: no server {only} is set{did_you_mean(only, names)}, there is {', '.join(names)}; "
        f"name one of them, or set ops.mcp.{only}"
    )


async def offered_by(address: McpAddress) -> tuple[Offered, ...]:
    """What a server offers now, over a connection of its own. Raises OperationError."""
    try:
        with anyio.fail_after(2 * address.timeout_s):
            async with open_wire(address) as wire:
                return await wire.tools()
    except (OperationError, TimeoutError) as error:
        why = str(error).removeprefix("mcp: ") or "it did not answer in time"
        raise OperationError(f"mcp: {address.name}: {why}; run its command by hand to see more") from error
