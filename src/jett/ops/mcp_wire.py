"""One open connection to an MCP server, over the official SDK: what it offers, and a call. Imports the SDK.

The SDK's client session is used below its conveniences: no listing is kept, an answer is not checked against a schema
of the server's own, and nothing that a server could ask of a client (sampling, elicitation, roots) is offered.
Slow to import, so `mcp_connection` does that in a thread, and only where a server is set. Called by it.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from importlib import metadata
from typing import Any

import anyio
import httpx2
import mcp_types as types
from mcp.client.session import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from jett.core.errors import OperationError, ungrouped
from jett.ops.mcp_address import McpAddress
from jett.ops.mcp_http import http_client
from jett.ops.mcp_lost import Lost
from jett.ops.mcp_stdio import child
from jett.ops.mcp_tool import Answer, Argument, Offered, answer

MAX_PAGES = 20
MAX_TOOLS = 500
_OLD = {types.UNSUPPORTED_PROTOCOL_VERSION, types.METHOD_NOT_FOUND}
"""How a server says that it knows the newer way to begin only."""
_KINDS = {
    "image": "an image",
    "audio": "a sound",
    "resource": "a resource",
    "resource_link": "a link to a resource",
}

for _name in ("mcp", "client"):  # the SDK logs what servers say, tracebacks and all
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)


class McpWire:
    """Called by one task or several; each call waits for its own answer."""

    def __init__(self, session: ClientSession, lost: Lost) -> None:
        self._session = session
        self.lost = lost

    async def tools(self) -> tuple[Offered, ...]:
        """All that the server offers now, in its order. Raises OperationError."""
        found: list[Offered] = []
        cursor: str | None = None
        with _understood():
            for _ in range(MAX_PAGES):
                params = types.PaginatedRequestParams(cursor=cursor) if cursor is not None else None
                page = await self._session.list_tools(params=params)
                found += map(_offered, page.tools)
                cursor = page.next_cursor
                if cursor is None or len(found) > MAX_TOOLS:
                    break
        if cursor is not None or len(found) > MAX_TOOLS:
            raise OperationError(f"mcp: it lists more than {MAX_TOOLS} tools, or pages without an end")
        return tuple(found)

    async def call(self, tool: str, arguments: Mapping[str, Argument]) -> Answer:
        """Once. Raises OperationError: `unreachable` when the server may have done it all the same."""
        params = types.CallToolRequestParams(name=tool, arguments=dict(arguments))
        with _understood():
            result = await self._session.send_request(types.CallToolRequest(params=params), types.CallToolResult)
        if result.result_type != "complete":
            raise OperationError("mcp: it asked for more instead of answering", unreachable=True)
        return answer([_part(block) for block in result.content], failed=result.is_error)


@asynccontextmanager
async def open_wire(address: McpAddress, timeout_s: float) -> AsyncGenerator[McpWire, None]:
    """Connect and greet; closed, with the process if it is one, at the end. Raises OperationError."""
    lost = Lost()
    with _understood(lost), ungrouped():
        async with AsyncExitStack() as closing:
            streams: tuple[Any, Any]
            if address.command:
                streams = await closing.enter_async_context(child(address.command, address.env, lost))
            else:
                client = http_client(address.token_file, timeout_s)
                await closing.enter_async_context(client)
                streams = await closing.enter_async_context(streamable_http_client(address.url, http_client=client))
            session = await closing.enter_async_context(ClientSession(streams[0], streams[1], client_info=_jett()))
            with anyio.fail_after(timeout_s):
                await _greet(session)
            yield McpWire(session, lost)


async def _greet(session: ClientSession) -> None:
    try:
        await session.initialize()
    except MCPError as error:
        if error.code not in _OLD:
            raise
        await session.discover()


def _jett() -> types.Implementation:
    return types.Implementation(name="jett", version=metadata.version("jett"))


@contextmanager
def _understood(lost: Lost | None = None) -> Iterator[None]:
    """The SDK's failures as ours, without the server's words. Whether it answered at all decides `unreachable`."""
    try:
        yield
    except MCPError as error:
        gone = error.code in (types.CONNECTION_CLOSED, types.REQUEST_TIMEOUT)
        words = _gone(lost) if gone else f"it answered with error {error.code}"
        raise OperationError(f"mcp: {words}", unreachable=gone) from error
    except TimeoutError as error:
        raise OperationError("mcp: it did not answer in time", unreachable=True) from error
    except (httpx2.HTTPError, OSError, anyio.ClosedResourceError, anyio.BrokenResourceError) as error:
        raise OperationError(f"mcp: it cannot be reached ({type(error).__name__})", unreachable=True) from error
    except (ValueError, RuntimeError) as error:
        raise OperationError(f"mcp: its answer is not understood ({type(error).__name__})", unreachable=True) from error


def _gone(lost: Lost | None) -> str:
    return f"the connection is gone: {lost.reason}" if lost and lost.reason else "the connection is gone"


def _offered(tool: types.Tool) -> Offered:
    annotations = tool.annotations.model_dump(by_alias=True, mode="json", exclude_none=True) if tool.annotations else {}
    return Offered(tool.name, tool.description or "", tool.input_schema, annotations)


def _part(block: types.ContentBlock) -> tuple[str, str]:
    if isinstance(block, types.TextContent):
        return "text", block.text
    return _KINDS.get(block.type, "something"), ""
