"""How Jett is now, and how fast its newest turns were."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Query

from jett.server.rest.shapes.status import Latency, Status


def router(status: Callable[[], Awaitable[Status]], latency: Callable[[int], Awaitable[Latency]]) -> APIRouter:
    """`status` looks now; `latency` reads that many of the newest turns."""
    routes = APIRouter(tags=["status"])

    @routes.get("/api/status", operation_id="getStatus")
    async def get_status() -> Status:
        """Engines, memory, sessions, troubles."""
        return await status()

    @routes.get("/api/latency", operation_id="getLatency")
    async def get_latency(last: Annotated[int, Query(ge=1, le=500)] = 40) -> Latency:
        """Stages of the newest turns, and percentiles over them."""
        return await latency(last)

    return routes
