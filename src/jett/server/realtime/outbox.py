"""Events that wait until a client takes them, at most so many bytes. On the event loop alone.

When it is full the client is too slow, and whoever fills it closes the connection: sound that comes late is of no use.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from typing import Any

import anyio


class Outbox:
    """Filled by anybody, emptied by one task."""

    def __init__(self, most_bytes: int, on_full: Callable[[], None]) -> None:
        """`on_full` is called for each event that is left out."""
        self._most_bytes = most_bytes
        self._waiting: deque[str] = deque()
        self._bytes = 0
        self._filled = anyio.Event()
        self._on_full = on_full

    def put(self, event: dict[str, Any]) -> None:
        """At the end of the queue."""
        text = json.dumps(event, separators=(",", ":"))
        if self._bytes + len(text) > self._most_bytes:
            self._on_full()
            return
        self._waiting.append(text)
        self._bytes += len(text)
        self._filled.set()

    async def next(self) -> str:
        """The oldest, when there is one."""
        while not self._waiting:
            self._filled = anyio.Event()
            await self._filled.wait()
        text = self._waiting.popleft()
        self._bytes -= len(text)
        return text

    def __len__(self) -> int:
        return len(self._waiting)
