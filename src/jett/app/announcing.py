"""Announcements from the user's settings: the address where they are taken, and the server beside one conversation.

Starlette and uvicorn are imported only where `ops.announcements` is set.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio

from jett.app.opening import App
from jett.app.servers import token_store
from jett.core.clock import MonotonicClock
from jett.core.errors import ungrouped
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
    """Take them for `conversation` while the block lasts: at `door`, which is nobody else's, or at a `desk`.

    `trouble` is told what its owner should know. Raises what the block raises, out of its groups.
    """
    with ungrouped():
        if app.servers is None or (door is None and desk is None):
            yield
            return
        from jett.server.announcement_desk import AnnouncementDesk
        from jett.server.announcements import Announcer

        desk = desk or AnnouncementDesk()
        async with anyio.create_task_group() as tasks:
            now_s = MonotonicClock().now_s
            announcer = Announcer(app.servers.gate, conversation, tasks, now=now, now_s=now_s, trouble=trouble)
            with desk.open_with(announcer):
                async with answering_the_door(app.settings, door, desk, trouble):
                    yield
            tasks.cancel_scope.cancel()


@asynccontextmanager
async def answering_the_door(
    settings: Settings, door: Door | None, desk: AnnouncementDesk, trouble: Callable[[str], None]
) -> AsyncGenerator[None, None]:
    """Answer each request at `door` while the block lasts, with a refusal while nobody announces at the `desk`.

    A door that listens and is not answered keeps whoever knocks waiting for ever. Raises what the block raises, out of
    its groups.
    """
    if door is None:
        yield
        return
    from jett.server.announcements import application
    from jett.server.entrance import Entrance
    from jett.server.serving import serve

    if door.trouble:
        trouble(door.trouble)
    now_s = MonotonicClock().now_s
    entrance = Entrance(door.address.hosts, token_store(settings), now=now, now_s=now_s, trouble=trouble)
    with ungrouped():
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(serve, application(entrance, lambda: desk.announcer, trouble), door.listener)
            yield
            tasks.cancel_scope.cancel()
