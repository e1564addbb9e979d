"""The guard's policy, to read. There is no way to change it from here: a session that was stolen must not."""

from __future__ import annotations

from collections.abc import Callable

import anyio.to_thread
from fastapi import APIRouter

from jett.server.rest.failures import Person, failures
from jett.server.rest.shapes.settings import PolicyText


def router(read: Callable[[], PolicyText]) -> APIRouter:
    """`read` gives the file as it is now; called in a thread."""
    routes = APIRouter(prefix="/api/policy", tags=["policy"])

    @routes.get("", operation_id="getPolicy", responses=failures())
    async def policy(_: Person) -> PolicyText:
        """The policy file, redacted, and what is wrong with it."""
        return await anyio.to_thread.run_sync(read)

    return routes
