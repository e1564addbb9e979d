"""That a connection is over, and why: set once by whoever notices first. Used by the MCP transports and connections."""

from __future__ import annotations

import anyio


class Lost:
    """One connection's end."""

    def __init__(self) -> None:
        self.reason = ""
        self._event = anyio.Event()

    def because(self, reason: str) -> None:
        """It is over. The first reason stays."""
        self.reason = self.reason or reason
        self._event.set()

    def __bool__(self) -> bool:
        return self._event.is_set()

    async def wait(self) -> None:
        """Until it is over."""
        await self._event.wait()
