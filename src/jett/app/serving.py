"""The large server from the user's settings: the dashboard, and the paths of OpenAI's clients, beside a loaded `App`.

    door (listens before anything is loaded) ─► serving(app, door, …) ─► doors ─► web ─► routers ─► ports

Each router gets its ports from a file of this room. Called by `jett serve`.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from importlib import metadata, resources
from pathlib import Path

import anyio
import platformdirs

from jett.app.local_loop import LocalLoop
from jett.app.opening import App
from jett.app.servers import OWNER, token_store
from jett.app.status import StatusDesk
from jett.core.clock import MonotonicClock
from jett.core.errors import ungrouped
from jett.core.events import Observer, SessionEvent
from jett.ops.operations import now
from jett.server import announcement_desk
from jett.server.address import Address, listening
from jett.server.announcement_desk import AnnouncementDesk
from jett.server.browser_sessions import BrowserSessions
from jett.server.credentials import Credentials
from jett.server.doors import Doors, Place
from jett.server.live import Live
from jett.server.live_events import LiveEvents
from jett.server.page_files import Pages
from jett.server.response_headers import ResponseHeaders
from jett.server.rest import here, live, status
from jett.server.rest.recent import RecentTurns
from jett.server.serving import Certificate, serve
from jett.server.web import application, public_paths
from jett.settings import Settings

MOST_CONNECTIONS = 4096
"""1,000 idle WebSockets and what browsers hold; file descriptors are the next limit."""


@dataclass(frozen=True, slots=True)
class ServerDoor:
    """Where the large server listens. `trouble` says why nobody can come yet."""

    listener: socket.socket
    address: Address
    secure: bool
    trouble: str = ""

    @property
    def url(self) -> str:
        """Its address for a browser."""
        return f"{'https' if self.secure else 'http'}://{self.address.netloc}"


@dataclass(slots=True)
class Serving:
    """A server that runs, for the command that runs it."""

    url: str
    desk: AnnouncementDesk
    live: Live
    _sessions: BrowserSessions
    local_observers: list[Observer] = field(default_factory=list)
    """Told of the conversation through this machine's own microphone."""

    def link(self) -> str:
        """A one-time link for a browser. Blocking; raises SessionError."""
        return login_link(self.url, self._sessions, now())

    def observe(self, event: SessionEvent) -> None:
        """Tell every local observer."""
        for observer in self.local_observers:
            observer(event)


def browser_sessions(settings: Settings) -> BrowserSessions:
    """The browsers that are let in; their file is in the user's state folder."""
    folder = Path(platformdirs.user_state_path("jett", appauthor=False))
    return BrowserSessions(folder / "browsers.json", session_days=settings.server.session_days)


def login_link(url: str, sessions: BrowserSessions, at: datetime) -> str:
    """A one-time link. Raises SessionError."""
    return f"{url}{here.LOGIN}?code={sessions.link(at)}"


def server_url(settings: Settings) -> str:
    """Where a browser finds the server of these settings."""
    scheme = "https" if settings.server.tls_certificate else "http"
    return f"{scheme}://{settings.server.listens_on.netloc}"


@contextmanager
def server_door(settings: Settings) -> Iterator[ServerDoor]:
    """Listen where the settings say, before anything else is begun. Raises ConfigError."""
    address = settings.server.listens_on
    listener, is_there = listening(address, "server.address")
    trouble = "" if is_there else f"server.address: {address.host} is no address of this machine yet; is the tunnel up?"
    with listener:
        yield ServerDoor(listener, address, settings.server.tls_certificate is not None, trouble)


@asynccontextmanager
async def serving(
    app: App, door: ServerDoor, loop: LocalLoop, trouble: Callable[[str], None]
) -> AsyncGenerator[Serving, None]:
    """Serve while the block lasts. `trouble` is told what the owner should know.

    Raises what the block raises, out of its groups.
    """
    settings, clock = app.settings, MonotonicClock()
    sessions, desk, events = browser_sessions(settings), AnnouncementDesk(), Live()
    credentials = Credentials(token_store(settings), sessions, owner=OWNER, secure=door.secure, now=now)
    recent = RecentTurns(now)
    statuses = StatusDesk(app, loop, started=now(), seats=lambda: (0, 0))
    pages = Pages(resources.files("jett.server") / "pages")
    routers = [
        here.router(
            sessions,
            cookie=credentials.cookie,
            secure=door.secure,
            session_days=settings.server.session_days,
            now=now,
            now_s=clock.now_s,
        ),
        live.router(events),
        status.router(statuses.look, recent.latest),
        announcement_desk.router(desk),
    ]
    web = application(routers, [], pages, version=metadata.version("jett"), trouble=trouble)
    guarded = Doors(
        web,
        Place(door.address.hosts, door.secure),
        credentials,
        ResponseHeaders(secure=door.secure, script_hashes=pages.script_hashes),
        public=public_paths(pages, here.LOGIN),
        now_s=clock.now_s,
        trouble=trouble,
    )
    if door.trouble:
        trouble(door.trouble)
    served = Serving(door.url, desk, events, sessions)
    served.local_observers += [loop, recent, LiveEvents(events, "local", levels=True)]
    with ungrouped():
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_serve, guarded, door, settings)
            yield served
            tasks.cancel_scope.cancel()


async def _serve(web: Doors, door: ServerDoor, settings: Settings) -> None:
    chain, key = settings.server.tls_certificate, settings.server.tls_key
    certificate = Certificate(chain, key) if chain is not None and key is not None else None
    await serve(web, door.listener, certificate=certificate, websockets=True, most_connections=MOST_CONNECTIONS)
