"""Announcements from the user's settings: the address where they are taken, and the server beside one conversation.

Starlette and uvicorn are imported only where `ops.announcements` is set.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio

from jett.app.opening import App
from jett.app.servers import token_store
from jett.core.clock import MonotonicClock
from jett.core.errors import ungrouped
from jett.guard import Gate
from jett.ops.operations import now
from jett.server.address import Address, listening, parse_address
from jett.session.conversation import Conversation
from jett.settings import Settings

if TYPE_CHECKING:
    from jett.server.announcement_desk import AnnouncementDesk


@dataclass(frozen=True, slots=True)
class Door:
    """Where announcements knock. `trouble` says why nobody can yet."""

    listener: socket.socket
    address: Address
    trouble: str = ""


@contextmanager
def announcement_door(settings: Settings) -> Iterator[Door | None]:
    """Listen where the settings say, before anything else is begun; None where they say nothing. Raises ConfigError."""
    if not settings.ops.announcements:
        yield None
        return
    address = parse_address(settings.ops.announcements)
    listener, is_there = listening(address, "ops.announcements")
    trouble = (
        "" if is_there else f"ops.announcements: {address.host} is no address of this machine yet; is the tunnel up?"
    )
    with listener:
        yield Door(listener, address, trouble)


@asynccontextmanager
async def taking_announcements(
    app: App,
    door: Door | None,
    conversation: Conversation,
    trouble: Callable[[str], None],
    desk: AnnouncementDesk | None = None,
) -> AsyncGenerator[None, None]:
    """Take them for `conversation` while the block lasts, at `door` and at the large server's `desk`.

    `trouble` is told what its owner should know. Raises what the block raises, out of its groups.
    """
    with ungrouped():
        if app.servers is None or (door is None and desk is None):
            yield
            return
        async with _serving(app.settings, app.servers.gate, door, conversation, trouble, desk):
            yield


@asynccontextmanager
async def _serving(
    settings: Settings,
    gate: Gate,
    door: Door | None,
    conversation: Conversation,
    trouble: Callable[[str], None],
    desk: AnnouncementDesk | None,
) -> AsyncGenerator[None, None]:
    from jett.server.announcements import Announcer, application
    from jett.server.entrance import Entrance
    from jett.server.serving import serve

    clock = MonotonicClock()
    async with anyio.create_task_group() as tasks:
        announcer = Announcer(gate, conversation, tasks, now=now, now_s=clock.now_s, trouble=trouble)
        if door is not None:
            if door.trouble:
                trouble(door.trouble)
            entrance = Entrance(door.address.hosts, token_store(settings), now=now, now_s=clock.now_s, trouble=trouble)
            tasks.start_soon(serve, application(entrance, announcer, trouble), door.listener)
        with desk.open_with(announcer) if desk is not None else nullcontext():
            yield
        tasks.cancel_scope.cancel()
