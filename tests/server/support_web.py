"""The large server's doors on a real port, with real tokens and browser sessions, around routes that tell who came."""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import httpx
from fastapi import APIRouter, WebSocket
from starlette.requests import Request

from jett.guard import TokenStore, Verb
from jett.server.address import Address, listening
from jett.server.browser_sessions import LOGIN, BrowserSessions
from jett.server.credentials import Credentials
from jett.server.doors import Doors, Place
from jett.server.live import Live
from jett.server.page_files import Pages
from jett.server.response_headers import ResponseHeaders
from jett.server.rest import here, live
from jett.server.rest.shapes.memory import Remember
from jett.server.serving import serve
from jett.server.visitor import Visitor, standing_of
from jett.server.web import application, public_paths

PAGE = "<!doctype html><title>Jett</title><script>inline()</script><script src='/_next/static/a.js'></script>"


@dataclass
class Site:
    """One server, and what the test needs of it. `folder` has its tokens and sessions."""

    folder: Path
    address: Address
    tokens: TokenStore
    sessions: BrowserSessions
    live: Live
    http: httpx.AsyncClient
    seconds: list[float]
    troubles: list[str] = field(default_factory=list)
    days: list[int] = field(default_factory=lambda: [0])
    """How many have gone by since it was opened."""
    inside: anyio.Event = field(default_factory=anyio.Event)
    """A request is being read by `/v1/slow`."""
    doors: Doors = field(init=False)

    @property
    def origin(self) -> str:
        return f"http://{self.address.netloc}"

    def token(self, name: str = "phone", *, talk: bool = True) -> dict[str, str]:
        verbs = frozenset({Verb.STATUS})
        secret, _ = self.tokens.create(name, verbs, frozenset({"n8n"}), datetime.now(UTC), talk=talk)
        return {"Authorization": f"Bearer {secret}"}

    async def browser(self) -> dict[str, str]:
        """The headers of a browser of the owner's that shows a page of Jett's."""
        answer = await self.http.get(LOGIN, params={"code": self.sessions.link(datetime.now(UTC))})
        secret = answer.cookies["jett_session"]
        self.http.cookies.clear()
        cookie = {"Cookie": f"jett_session={secret}"}
        session = (await self.http.get("/api/session", headers=cookie)).json()
        return {**cookie, "Origin": self.origin, "X-Jett-CSRF": session["csrf"], "Sec-Fetch-Site": "same-origin"}


def _probe(inside: anyio.Event) -> APIRouter:
    routes = APIRouter()

    @routes.get("/api/who")
    @routes.get("/v1/who")
    @routes.get("/metrics")
    async def who(visitor: Visitor) -> dict[str, str]:
        return {"who": visitor.key}

    @routes.post("/api/remember")
    @routes.post("/v1/remember")
    async def remember(remember: Remember, visitor: Visitor) -> dict[str, str]:
        return {"who": visitor.key}

    @routes.get("/api/crash")
    @routes.get("/v1/crash")
    async def crash(visitor: Visitor) -> None:
        raise RuntimeError("planted: tell nobody")

    @routes.post("/v1/slow")
    async def slow(visitor: Visitor, request: Request) -> dict[str, bool]:
        inside.set()
        await request.body()
        return {"good": await standing_of(request).good()}

    @routes.post("/v1/audio/transcriptions")
    async def sound(request: Request, visitor: Visitor) -> dict[str, int]:
        return {"bytes": len(await request.body())}

    @routes.websocket("/v1/echo")
    async def echo(websocket: WebSocket) -> None:
        offered = websocket.scope["subprotocols"]
        await websocket.accept("realtime" if "realtime" in offered else None)
        identity = websocket.scope["state"]["identity"]
        await websocket.send_json({"who": identity.key})
        while (message := await websocket.receive())["type"] == "websocket.receive":
            await websocket.send_json({"heard": message["text"], "good": await standing_of(websocket).good()})

    return routes


@asynccontextmanager
async def site(folder: Path, **client: Any) -> AsyncGenerator[Site, None]:
    """Served until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = Address("127.0.0.1", free.getsockname()[1])
    pages = folder / "pages"
    (pages / "_next" / "static").mkdir(parents=True)
    (pages / "dashboard").mkdir()
    for name in ("index.html", "dashboard/index.html"):
        (pages / name).write_text(PAGE, "utf-8")
    (pages / "_next" / "static" / "a.js").write_text("//" + "a" * 5000, "utf-8")
    listener, _ = listening(address, "server.address")
    tokens, seconds = TokenStore(folder / "tokens.json"), [0.0]
    sessions = BrowserSessions(folder / "browsers.json", session_days=30)

    def now() -> datetime:
        return datetime.now(UTC) + timedelta(days=made.days[0])

    def now_s() -> float:
        return seconds[0]

    async with httpx.AsyncClient(base_url=f"http://{address.netloc}", trust_env=False, **client) as http:
        made = Site(folder, address, tokens, sessions, Live(), http, seconds)
        trouble = made.troubles.append
        credentials = Credentials(tokens, sessions, owner="owner", secure=False, now=now)
        routers = [
            here.router(sessions, cookie=credentials.cookie, secure=False, session_days=30, now=now, now_s=now_s),
            live.router(made.live),
            _probe(made.inside),
        ]
        built = Pages(pages)
        web = application(routers, [], built, version="0", trouble=trouble)
        headers = ResponseHeaders(secure=False, script_hashes=built.script_hashes)
        public = public_paths(built, LOGIN)
        place = Place(address.hosts, secure=False)
        doors = made.doors = Doors(web, place, credentials, headers, public=public, now_s=now_s, trouble=trouble)
        with listener:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(lambda: serve(doors, listener, websockets=True, most_connections=100))
                yield made
                tasks.cancel_scope.cancel()
