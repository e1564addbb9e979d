"""Something that must come to its end once it was begun, whoever is cancelled meanwhile. Called by `operations`.

A shielded scope alone holds off anyio's cancelling. Ctrl-C cancels the main task past every scope; a task of its own,
shielded, is not that task, and its group waits for it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

T = TypeVar("T")


async def to_its_end(begun: Callable[[], Awaitable[T]]) -> T:
    """What `begun` returns or raises; a cancel that came meanwhile is raised after its end."""
    ended: list[T] = []
    failed: list[Exception] = []

    async def run() -> None:
        with anyio.CancelScope(shield=True):
            try:
                ended.append(await begun())
            except Exception as error:  # noqa: BLE001 - handed on below, outside of the group
                failed.append(error)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run)
    if failed:
        raise failed[0]
    return ended[0]
