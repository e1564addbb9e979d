"""The MCP servers that the settings name and the policy uses; what it permits is done here. Called by `operations`.

Arguments are rebuilt from the checked request. What a server answers is data: cleaned, searched for secrets, cut.
A read is tried once more if the connection had died before it was sent, a change never. Nothing is started for a server
of which the policy lists no tool. Protocol: https://modelcontextprotocol.io/specification.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import anyio
import anyio.to_thread

from jett.core.errors import OperationError
from jett.guard import Policy, Request, redact
from jett.ops.mcp_address import McpAddress
from jett.ops.mcp_connection import McpConnection, NotSent
from jett.ops.mcp_tool import shortened


class McpServers:
    """All of them, by name."""

    def __init__(self, addresses: Iterable[McpAddress]) -> None:
        self._connections = {address.name: McpConnection(address) for address in addresses}

    async def keep(self) -> None:
        """Open them in the background, and again when they die; until cancelled, which closes them."""
        async with anyio.create_task_group() as tasks:
            for connection in self._connections.values():
                tasks.start_soon(connection.keep)

    async def use(self, request: Request, policy: Policy) -> str:
        """Do what was permitted; the answer to a read, nothing of the answer to a change.

        Raises OperationError: `unreachable` and not NotSent when the server may have done it and nobody saw.
        """
        server, _, tool = request.target.partition(".")
        connection, rule = self._connections.get(server), policy.tools.get(request.target)
        if connection is None or rule is None:
            raise OperationError(f"mcp: no server {server} is set; set ops.mcp.{server}")
        call = partial(connection.use, tool, rule.definition, dict(request.arguments), to_its_end=request.changes)
        try:
            answer = await call()
        except NotSent:
            if request.changes:
                raise
            answer = await call()
        if answer.failed:
            raise OperationError(f"mcp: {server}: the tool answered that it failed")
        return "" if request.changes else shortened(await anyio.to_thread.run_sync(redact, answer.text))


def used(addresses: Iterable[McpAddress], policy: Policy) -> list[McpAddress]:
    """Those of which the policy lists a tool."""
    named = {tool.partition(".")[0] for tool in policy.tools}
    return [address for address in addresses if address.name in named]
