"""Wake words on the dashboard: which there are, and a meter that scores a browser's microphone while it is watched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import anyio.to_thread
from fastapi import APIRouter
from starlette.websockets import WebSocket

from jett.guard import Kind
from jett.server.rest.failures import Person, failures
from jett.server.rest.shapes.wake import WakeWords
from jett.server.visitor import identity_of
from jett.server.wake_meter import LIMIT_S, MeterEars, WakeMeter

METER = "/api/wake/meter"
_POLICY = 1008


class WakePort(Protocol):
    """The heads of this machine. Blocking: called in a thread."""

    def words(self) -> WakeWords:
        """All heads. Raises Refusal where the settings file has a mistake."""

    def ears(self) -> MeterEars:
        """The chosen heads, loaded, to score one stream of sound. Raises Refusal, JettError."""


def router(port: WakePort, *, now_s: Callable[[], float], limit_s: float = LIMIT_S) -> APIRouter:
    """`now_s` is monotonic; a meter is open for `limit_s` at most."""
    routes = APIRouter(tags=["wake"])
    metered: set[str] = set()

    @routes.get("/api/wake", operation_id="getWakeWords", responses=failures(409))
    async def words(_: Person) -> WakeWords:
        """What Jett can be called by, and what it is called by."""
        return await anyio.to_thread.run_sync(port.words)

    @routes.websocket(METER)
    async def meter(websocket: WebSocket) -> None:
        identity = identity_of(websocket)
        if identity.kind is not Kind.DASHBOARD:
            await websocket.close(_POLICY)
            return
        meter = WakeMeter(websocket, port.ears, now_s=now_s, limit_s=limit_s)
        await websocket.accept()
        if identity.key in metered:
            await meter.busy()
            return
        metered.add(identity.key)
        try:
            await meter.run()
        finally:
            metered.discard(identity.key)

    return routes
