"""The API on a free port of this machine, with every engine real, and OpenAI's own client, unmodified."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI
from openai import OpenAI
from starlette.types import ASGIApp, Receive, Scope, Send

from jett.app import App, open_app
from jett.app.openai_api import openai_router
from jett.app.seats import open_seats
from jett.guard import Identity, Kind, Verb
from jett.guard import Scope as TokenScope
from jett.models.store import Store
from jett.server.serving import serve
from jett.server.standing import Standing
from jett.session.seats import Seats
from jett.settings import Settings

PHONE = Identity(Kind.TOKEN, "phone", TokenScope(frozenset({Verb.STATUS, Verb.LIST}), frozenset({"n8n"})))
POLICY = """
version = 1
[containers.n8n]
actions = ["status", "restart"]
[identities.token]
verbs = ["list", "status"]
[tokens.phone]
verbs = ["status", "list"]
"""
_SETTINGS = {
    "llm.model": "qwen2.5-coder-0.5b-instruct-q4_k_m",
    "llm.temperature": 0.0,
    "llm.max_tokens": 40,
    "llm.tools": "on",
    "tts.backend": "piper",
    "server.most_sessions": 2,
}


async def _good() -> bool:
    return True


class Doors:
    """Stand for the doors: whoever knocks is the phone."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {}).update(identity=PHONE, standing=Standing(PHONE, _good))
        await self._inner(scope, receive, send)


@dataclass
class Place:
    """Where the API is, and what is behind it."""

    url: str
    app: App
    seats: Seats[Identity]
    portal: BlockingPortal
    client: OpenAI

    def http(self, method: str, path: str, **more: Any) -> httpx.Response:
        """A request of one's own making."""
        with httpx.Client(base_url=self.url, trust_env=False, timeout=60) as http:
            return http.request(method, path, **more)


@pytest.fixture(scope="session")
def place(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder: Path = tmp_path_factory.mktemp("openai")
    (folder / "policy.toml").write_text(POLICY, "utf-8")
    overrides = {**_SETTINGS, "ops.policy": folder / "policy.toml", "ops.audit_dir": folder / "audit"}
    overrides |= {"ops.anchor": folder / "anchor"}
    settings = Settings.load(env={}, overrides=overrides)
    for model in ("silero-vad", "smart-turn-v3.2", settings.stt.model, settings.llm.model, "piper-en-us-joe"):
        store.path(model)
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(open_app(settings)) as app,
        portal.wrap_async_context_manager(open_seats(app)) as seats,
        socket.create_server(("127.0.0.1", 0)) as listener,
    ):
        api = FastAPI()
        api.include_router(openai_router(app, seats))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        serving = portal.start_task_soon(_served, Doors(api), listener)
        with OpenAI(base_url=f"{url}/v1", api_key="jett_test", max_retries=0, timeout=60) as client:
            yield Place(url, app, seats, portal, client)
        serving.cancel()


async def _served(api: ASGIApp, listener: socket.socket) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(serve, api, listener)
