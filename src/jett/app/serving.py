"""The large server from the user's settings: the dashboard, and the paths of OpenAI's clients, beside a loaded `App`.

    door (listens before anything is loaded) ─► serving(app, door, …) ─► doors ─► web ─► routers ─► ports

Each router gets its ports from a file of this room. Called by `jett serve`.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import metadata, resources

import anyio
from anyio.abc import TaskGroup
from fastapi import APIRouter
from starlette.routing import BaseRoute

from jett.app.browsers import browser_sessions, login_link
from jett.app.dashboard_pages import OtherJetts
from jett.app.dashboard_routes import dashboard_routes
from jett.app.history import told_of_ageing
from jett.app.latency import LatencyDesk
from jett.app.local_loop import LocalLoop
from jett.app.openai_api import openai_router
from jett.app.opening import App
from jett.app.seats import open_seats, seat_settings
from jett.app.servers import OWNER, token_store
from jett.app.settings_in_force import SettingsInForce
from jett.app.status import StatusDesk
from jett.app.witnesses import Witnesses
from jett.app.wyoming import WyomingDoor, speaking_wyoming
from jett.audio.resample import LiveResampler
from jett.core.clock import MonotonicClock
from jett.core.errors import ungrouped
from jett.core.events import Observer, SessionEvent
from jett.guard import Identity
from jett.ops.operations import now
from jett.server import announcement_desk, metrics
from jett.server.address import Address, listening
from jett.server.announcement_desk import AnnouncementDesk
from jett.server.browser_sessions import LOGIN, BrowserSessions
from jett.server.credentials import Credentials
from jett.server.doors import Doors, Place
from jett.server.live import Live
from jett.server.metrics import Metrics
from jett.server.page_files import Pages
from jett.server.realtime.ports import House
from jett.server.realtime.routes import routes as realtime_routes
from jett.server.response_headers import ResponseHeaders
from jett.server.rest import here, history, live, memories, sleep, status
from jett.server.rest.recent import RecentTurns
from jett.server.rest.sleep import SleepDesk
from jett.server.serving import Certificate, serve
from jett.server.web import application, public_paths
from jett.session.seats import Seats
from jett.settings import Settings

MOST_CONNECTIONS = 4096
"""1,000 idle WebSockets and what browsers hold; file descriptors are the next limit."""

MOST_UNKNOWN = 512
"""Of one address, while nobody is known to be behind them: many programs may connect at once, but not wait there."""


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


@dataclass(frozen=True, slots=True)
class Serving:
    """A server that runs, for the command that runs it."""

    url: str
    desk: AnnouncementDesk
    sleep_desk: SleepDesk
    seats: Seats[Identity]
    in_force: SettingsInForce
    observe: Callable[[SessionEvent], None]
    """To be told of the conversation through this machine's own microphone."""
    sessions: BrowserSessions

    def link(self) -> str:
        """A one-time link for a browser. Blocking; raises SessionError."""
        return login_link(self.url, self.sessions, now())


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
    app: App,
    door: ServerDoor,
    loop: LocalLoop,
    trouble: Callable[[str], None],
    *,
    wyoming: WyomingDoor | None = None,
    has_gpu: bool = False,
    profile: str | None = None,
    others: OtherJetts = tuple,
) -> AsyncGenerator[Serving, None]:
    """Serve while the block lasts. `trouble` is told what the owner should know.

    `has_gpu` and `profile` are what the settings were read with, `others` the user's other Jetts. Raises what the block
    raises, out of its groups, and ConfigError.
    """
    house = _Assembly(app, door, loop, trouble)
    if door.trouble:
        trouble(door.trouble)
    with ungrouped(), told_of_ageing(app.history, house.live.forget):
        async with open_seats(app) as seats, anyio.create_task_group() as tasks:
            in_force = SettingsInForce(seat_settings(app.settings), app.settings)
            dashboard = _dashboard(app, tasks, house, in_force, has_gpu=has_gpu, profile=profile, others=others)
            async with dashboard as routers, speaking_wyoming(app, seats, wyoming, trouble):
                doors = house.web(seats, in_force, routers)
                tasks.start_soon(doors.standings.keep)
                tasks.start_soon(_serve, doors, door, app.settings)
                yield Serving(
                    door.url, house.desk, house.sleep_desk, seats, in_force, house.observe_local, house.sessions
                )
                tasks.cancel_scope.cancel()


@asynccontextmanager
async def _dashboard(
    app: App,
    tasks: TaskGroup,
    house: _Assembly,
    in_force: SettingsInForce,
    *,
    has_gpu: bool,
    profile: str | None,
    others: OtherJetts,
) -> AsyncGenerator[list[APIRouter], None]:
    if app.servers is None:
        yield []
        return
    async with dashboard_routes(
        app.settings,
        app.servers,
        tasks,
        house.live.publish,
        voice=app.parts.names["tts"],
        overrides={"profile": profile},
        has_gpu=has_gpu,
        appliers=in_force.appliers(),
        others=others,
    ) as routers:
        yield routers


class _Assembly:
    """What the routes share, and the application made of them."""

    def __init__(self, app: App, door: ServerDoor, loop: LocalLoop, trouble: Callable[[str], None]) -> None:
        self._app = app
        self._door = door
        self._loop = loop
        self._trouble = trouble
        self._now_s = MonotonicClock().now_s
        self.sessions = browser_sessions(app.settings)
        self.desk = AnnouncementDesk()
        self.sleep_desk = SleepDesk()
        self.live = Live()
        self._metrics = Metrics()
        self._recent = RecentTurns(now)
        self._witnesses = Witnesses(app.history, self.live, self._metrics, [self._recent, app.trace])
        self._local: list[Observer] = [loop, *self._witnesses.local(self._recent)]
        for stage in app.parts.names:
            self._metrics.engine(stage, up=not (stage == "llm" and app.llm_trouble))

    def observe_local(self, event: SessionEvent) -> None:
        """Tell everybody of the local conversation."""
        for observer in self._local:
            observer(event)

    def web(self, seats: Seats[Identity], in_force: SettingsInForce, dashboard: list[APIRouter]) -> Doors:
        """The application, behind its doors."""
        credentials = Credentials(
            token_store(self._app.settings), self.sessions, owner=OWNER, secure=self._door.secure, now=now
        )
        pages = Pages(resources.files("jett.server") / "pages")
        web = application(
            [*self._routers(credentials, seats), *dashboard],
            self._realtime(seats, in_force),
            pages,
            version=metadata.version("jett"),
            trouble=self._trouble,
        )
        return Doors(
            web,
            Place(self._door.address.hosts, self._door.secure),
            credentials,
            ResponseHeaders(secure=self._door.secure, script_hashes=pages.script_hashes),
            public=public_paths(pages, LOGIN),
            now_s=self._now_s,
            trouble=self._trouble,
            connected=partial(self._metrics.connection, "websocket"),
        )

    def _routers(self, credentials: Credentials, seats: Seats[Identity]) -> list[APIRouter]:
        app = self._app
        seated = partial(_seats_of, seats)
        statuses = StatusDesk(app, self._loop, self.sleep_desk, started=now(), seats=seated)
        latency = LatencyDesk(app.history, self._recent)
        entrance = here.router(
            self.sessions,
            cookie=credentials.cookie,
            secure=self._door.secure,
            session_days=app.settings.server.session_days,
            now=now,
            now_s=self._now_s,
        )
        return [
            entrance,
            live.router(self.live, partial(self._metrics.connection, "sse")),
            status.router(statuses.look, latency.latest),
            announcement_desk.router(self.desk),
            sleep.router(self.sleep_desk),
            history.router(app.history, self.live.forget),
            memories.router(app.memories),
            metrics.router(self._metrics),
            openai_router(app, seats),
        ]

    def _realtime(self, seats: Seats[Identity], in_force: SettingsInForce) -> list[BaseRoute]:
        house = House(
            seats,
            settings=in_force.conversation,
            resampler=LiveResampler,
            begin=self._witnesses.begin,
            model=self._app.parts.names["llm"],
        )
        return realtime_routes(house)


def _seats_of(seats: Seats[Identity]) -> tuple[int, int]:
    return sum(seats.taken.values()), seats.most


async def _serve(web: Doors, door: ServerDoor, settings: Settings) -> None:
    chain, key = settings.server.tls_certificate, settings.server.tls_key
    certificate = Certificate(chain, key) if chain is not None and key is not None else None
    await serve(
        web,
        door.listener,
        certificate=certificate,
        websockets=True,
        most_connections=MOST_CONNECTIONS,
        most_unknown=MOST_UNKNOWN,
    )
