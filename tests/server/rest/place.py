"""Routes served on a port of this machine, with who asks in a header that only these tests know."""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import anyio
import httpx
from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from jett.guard import Identity, Kind, Verb
from jett.guard import Scope as TokenScope
from jett.server.address import Address, listening
from jett.server.connections import known
from jett.server.serving import serve
from jett.server.web import add_failures

DESK = Identity(Kind.DASHBOARD, "owner")
PHONE = Identity(Kind.TOKEN, "phone", TokenScope(frozenset(Verb), frozenset({"n8n", "postgres"})))
VOICE = Identity(Kind.VOICE, "owner")
PEOPLE = {"desk": DESK, "phone": PHONE}


class Doors:
    """Stands where the real doors stand, and believes everybody."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        who = dict(scope["headers"]).get(b"x-who", b"desk").decode()
        known(scope)
        await self._inner({**scope, "state": {"identity": PEOPLE[who]}}, receive, send)


def application(*routers: APIRouter) -> FastAPI:
    """As the real one is put together, as far as these routes go."""
    app = FastAPI()
    add_failures(app, lambda _: None)
    for router in routers:
        app.include_router(router)
    app.add_middleware(Doors)
    return app


@asynccontextmanager
async def served(*routers: APIRouter) -> AsyncGenerator[httpx.AsyncClient, None]:
    """A client of a real server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = Address("127.0.0.1", free.getsockname()[1])
    listener, _ = listening(address, "server.address")
    async with httpx.AsyncClient(base_url=f"http://{address.netloc}", trust_env=False, timeout=60) as http:
        with listener:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(partial(serve, application(*routers), listener, websockets=True))
                yield http
                tasks.cancel_scope.cancel()


def failure(answer: httpx.Response, status: int) -> str:
    """What was wrong; the answer has the one shape, and nothing else in it."""
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert set(answer.json()) == {"error"}
    assert set(error) == {"what", "fix"}
    assert error["what"]
    assert error["fix"]
    return str(error["what"])


async def events(response: httpx.Response) -> AsyncGenerator[tuple[str, Any], None]:
    """Server-Sent Events by name; comments are left out."""
    name = ""
    async for line in response.aiter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def documented(app: FastAPI) -> Iterable[tuple[str, str, dict[str, Any]]]:
    """Path, method and operation of everything in the OpenAPI document."""
    for path, methods in app.openapi()["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation
