"""What is kept and where, and every open socket of Jett's, each with what it is for."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import anyio.to_thread
from fastapi import APIRouter

from jett.server.rest.failures import Person, failures
from jett.server.rest.shapes.privacy import PrivacyPage


def router(look: Callable[[], PrivacyPage]) -> APIRouter:
    """`look` takes its time, as it reads what the system knows of Jett's processes; called in a thread."""
    routes = APIRouter(prefix="/api/privacy", tags=["privacy"])
    one_at_a_time = anyio.Lock()

    @routes.get("", operation_id="getPrivacy", responses=failures())
    async def privacy(_: Person) -> PrivacyPage:
        """As things are now."""
        async with one_at_a_time:
            return await anyio.to_thread.run_sync(look)

    return routes
