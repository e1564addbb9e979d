"""Standard input as lines for the MCP server, read by a thread that nothing waits for at the end.

The SDK's own reader cannot be cancelled while it waits for a line, so Ctrl-C would have no effect until the client
says something. Lines wait in the thread until they are taken; one that is too long ends the input. Called by `mcp`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import AsyncGenerator
from contextlib import suppress

import anyio
import anyio.from_thread
import anyio.lowlevel

MAX_LINE_BYTES = 1 << 20
_CHUNK_BYTES = 1 << 16


async def lines_of(descriptor: int) -> AsyncGenerator[str, None]:
    """Until its end. What is not UTF-8 is replaced. Call it once; the thread stays at its read if this is closed."""
    send, receive = anyio.create_memory_object_stream[str](0)
    token = anyio.lowlevel.current_token()

    def read() -> None:
        with suppress(OSError, RuntimeError, anyio.BrokenResourceError, anyio.ClosedResourceError):
            rest = b""
            while len(rest) <= MAX_LINE_BYTES and (chunk := os.read(descriptor, _CHUNK_BYTES)):
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    anyio.from_thread.run(send.send, line.decode("utf-8", "replace"), token=token)
        with suppress(RuntimeError):  # the loop is closed already
            anyio.from_thread.run_sync(send.close, token=token)

    threading.Thread(target=read, name="jett-mcp-input", daemon=True).start()
    async with receive:
        async for line in receive:
            yield line
