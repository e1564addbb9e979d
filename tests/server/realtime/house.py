"""A server with the Realtime endpoint alone: doors that let everybody in, and seats around the engines of a test."""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TypeVar

import anyio
import uvicorn
from anyio.from_thread import BlockingPortal
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from jett.audio.resample import LiveResampler
from jett.core.errors import SessionsFull
from jett.core.events import SessionEvent, TurnReport
from jett.core.ports import LanguageModel
from jett.guard import Identity, Kind
from jett.server.realtime.ports import House, Limits
from jett.server.realtime.routes import PATH, routes
from jett.server.standing import Standing
from jett.session.parts import ConversationSettings, Parts
from jett.session.worker import Worker, Workers

T = TypeVar("T")
OWNER = Identity(Kind.DASHBOARD, "owner")


@dataclass
class OneSeat:
    """What a conversation is made of."""

    parts: Parts
    workers: Workers


@dataclass
class FewSeats:
    """Port Seats: the test's engines, threads of its own for each seat."""

    parts: Parts
    most: int = 4
    taken: int = 0
    left: anyio.Event = field(default_factory=anyio.Event)

    @asynccontextmanager
    async def take(self, who: Identity, /) -> AsyncGenerator[OneSeat, None]:
        if self.taken >= self.most:
            raise SessionsFull(f"sessions: {self.taken} of {self.most} conversations are taken; wait until one ends")
        self.taken += 1
        try:
            with ExitStack() as threads:
                made = Workers(*(threads.enter_context(Worker(name)) for name in ("stt", "turn", "tts")))
                self.parts.vad.reset()
                yield OneSeat(self.parts, made)
        finally:
            self.taken -= 1
            self.left.set()


@dataclass
class Notes:
    """Port Witness: all that was told, in order; it gives ids, too."""

    events: list[SessionEvent] = field(default_factory=list)
    ended: bool = False

    @property
    def reports(self) -> list[TurnReport]:
        return [event for event in self.events if isinstance(event, TurnReport)]

    def observe(self, event: SessionEvent, /) -> None:
        self.events.append(event)

    def end(self) -> None:
        self.ended = True

    def turn_id(self, turn: int, /) -> int | None:
        return 1_000 + turn


class _Server(uvicorn.Server):
    def install_signal_handlers(self) -> None:
        """None: the test's are pytest's."""


class Hall:
    """One server. `url` is what a client is given."""

    def __init__(
        self, parts: Parts, settings: ConversationSettings, portal: BlockingPortal, limits: Limits | None = None
    ) -> None:
        self.parts = parts
        self.settings = settings
        self.portal = portal
        self.limits = limits or Limits()
        self.good, self.looks = True, 0
        self.witnesses: list[Notes] = []
        self.seats = FewSeats(parts)

    def with_model(self, model: LanguageModel) -> None:
        """Another language model for what comes."""
        self.seats.parts = replace(self.parts, llm=model)

    def run(self, play: Callable[[], Awaitable[T]]) -> T:
        """A test's own dialogue, on the loop of the server."""
        return self.portal.call(play)

    def standing(self) -> Standing:
        """Of a caller that is good as long as the test says."""

        async def look() -> bool:
            self.looks += 1
            return self.good

        return Standing(OWNER, look)

    def _begin(self, source: str, identity: Identity, /) -> Notes:
        assert (source, identity) == ("realtime", OWNER)
        self.witnesses.append(Notes())
        return self.witnesses[-1]

    def application(self) -> ASGIApp:
        house = House(
            seats=self.seats,
            settings=lambda: self.settings,
            resampler=LiveResampler,
            begin=self._begin,
            limits=self.limits,
        )
        inner = Starlette(routes=routes(house))

        async def doors(scope: Scope, receive: Receive, send: Send) -> None:
            standing = self.standing()
            scope.setdefault("state", {}).update(identity=OWNER, standing=standing)
            with standing.scope:
                await inner(scope, receive, send)

        return doors

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[None, None]:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
            self.base_url = f"http://127.0.0.1:{port}/v1"
            self.url = f"ws://127.0.0.1:{port}{PATH}"
            config = uvicorn.Config(
                self.application(),
                ws="websockets-sansio",
                ws_per_message_deflate=False,
                ws_max_size=16 * 1024 * 1024,
                lifespan="off",
                log_config=None,
                timeout_graceful_shutdown=1,
            )
            server = _Server(config)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(server.serve, [listener])
                try:
                    yield
                finally:
                    server.should_exit = True
