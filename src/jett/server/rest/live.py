"""`GET /api/live`: Server-Sent Events, with resume by Last-Event-ID."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractContextManager, nullcontext

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream
from fastapi import APIRouter, Request
from starlette.responses import StreamingResponse

from jett.server.live import MOST_WATCHERS, Live, LiveEvent
from jett.server.refusal import wait_for

_HEARTBEAT_S = 15.0
_RETRY = b"retry: 1000\n\n"


def router(live: Live, watching: Callable[[], AbstractContextManager[None]] = nullcontext) -> APIRouter:
    """The route of the live events. `watching` lasts as long as somebody watches."""
    routes = APIRouter(tags=["live"])

    @routes.get(
        "/api/live",
        operation_id="watchLive",
        response_class=StreamingResponse,
        responses={200: {"content": {"text/event-stream": {}}, "description": "Events, until the connection ends"}},
    )
    async def watch(request: Request) -> StreamingResponse:
        """Named events with ids, until the connection ends; see docs/protocol.md."""
        if live.watchers >= MOST_WATCHERS:
            raise wait_for(429, f"{MOST_WATCHERS} pages watch already", "close some", 30)
        last_id = request.headers.get("last-event-id", "")
        return StreamingResponse(_stream(live, last_id, watching), media_type="text/event-stream")

    return routes


async def _stream(
    live: Live, last_id: str, watching: Callable[[], AbstractContextManager[None]]
) -> AsyncGenerator[bytes, None]:
    """Bytes for one watcher; a comment every fifteen seconds, so that a lost connection is noticed."""
    yield _RETRY
    with watching(), live.watching(last_id) as (missed, coming):
        for event in missed:
            yield event.encoded()
        while (encoded := await _next(coming)) is not None:
            yield encoded


async def _next(coming: MemoryObjectReceiveStream[LiveEvent]) -> bytes | None:
    """None when there will be no more."""
    try:
        with anyio.move_on_after(_HEARTBEAT_S):
            return (await coming.receive()).encoded()
    except anyio.EndOfStream:
        return None
    return b": still here\n\n"
