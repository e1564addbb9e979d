"""Calls from the audio thread into a conversation's event loop and task group."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import copy_context

from anyio.abc import TaskGroup


class LoopCalls:
    """Made on the event loop; `call` may be used on any thread."""

    def __init__(self, tasks: TaskGroup) -> None:
        self._tasks = tasks
        self._loop = asyncio.get_running_loop()
        self._context = copy_context()

    def call(self, function: Callable[..., None], *args: object) -> None:
        """Have `function` called on the event loop, unless that has ended meanwhile."""
        if not self._loop.is_closed():
            # In a context of the loop's: where sniffio is installed, anyio looks there for the library that runs.
            self._loop.call_soon_threadsafe(self._call_in_task, function, *args, context=self._context)

    def _call_in_task(self, function: Callable[..., None], *args: object) -> None:
        """As a task of the group, so that what it raises ends the conversation; asyncio would only log it."""
        if not self._tasks.cancel_scope.cancel_called:
            self._tasks.start_soon(_call, function, *args)


async def _call(function: Callable[..., None], *args: object) -> None:
    function(*args)
