"""A response of Server-Sent Events that ends: with its source, with its time, or with whoever reads it.

    source ─► queue of one event ─► the browser
                 └ nothing for KEEP_ALIVE_S: a comment, so that a browser that is gone is noticed

The source is closed before the response is over, whatever ended it. WHATWG HTML, 9.2.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

KEEP_ALIVE_S = 15.0
MEDIA_TYPE = "text/event-stream"
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def event(name: str, data: Mapping[str, object]) -> bytes:
    """One event. JSON has no line ends of its own, so one line of data holds it."""
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


class EventStream(Response):
    """`events` are encoded; the response lasts `limit_s` at most, also for a browser that takes nothing."""

    media_type = MEDIA_TYPE

    def __init__(
        self, events: AsyncGenerator[bytes, None], *, limit_s: float, keep_alive_s: float = KEEP_ALIVE_S
    ) -> None:
        super().__init__(headers=_HEADERS)
        del self.headers["content-length"]
        self._events = events
        self._limit_s = limit_s
        self._keep_alive_s = keep_alive_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        filled, taken = anyio.create_memory_object_stream[bytes](0)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._fill, filled)
            tasks.start_soon(_until_gone, receive, tasks.cancel_scope)
            with anyio.move_on_after(self._limit_s), taken:
                await self._send(taken, send)
            tasks.cancel_scope.cancel()

    async def _fill(self, filled: MemoryObjectSendStream[bytes]) -> None:
        with filled, suppress(anyio.BrokenResourceError):
            async with aclosing(self._events) as events:
                async for one in events:
                    await filled.send(one)

    async def _send(self, taken: MemoryObjectReceiveStream[bytes], send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        ended = False
        while not ended:
            body = b":\n\n"
            with anyio.move_on_after(self._keep_alive_s):
                try:
                    body = await taken.receive()
                except anyio.EndOfStream:
                    body, ended = b"", True
            await send({"type": "http.response.body", "body": body, "more_body": not ended})


async def _until_gone(receive: Receive, scope: anyio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()
