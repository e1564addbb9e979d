"""Wyoming on a free port of this machine, with every engine real."""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio.lowlevel
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from jett.app import App, open_app
from jett.app.seats import open_seats
from jett.app.wyoming import WyomingDoor, speaking_wyoming
from jett.guard import Identity
from jett.models.store import Store
from jett.server.address import Address
from jett.session.seats import Seats
from jett.settings import Settings

POLICY = """
version = 1
[containers.n8n]
actions = ["status", "restart"]
[identities.token]
verbs = ["list", "status", "restart", "logs"]
"""
WAKE = ("wake-features", "wake-hey-jarvis", "wake-alexa")
_SETTINGS = {
    "llm.model": "smollm2-135m-instruct-q4_1",
    "llm.temperature": 0.0,
    "llm.max_tokens": 16,
    "tts.backend": "piper",
    "server.most_sessions": 2,
    "wake.words": ["hey_jarvis", "alexa"],
}


@dataclass(frozen=True)
class Place:
    """Where Wyoming is spoken, and what is behind it."""

    app: App
    seats: Seats[Identity]
    port: int
    portal: BlockingPortal


def fail(trouble: str) -> None:
    """Nothing is to tell."""
    pytest.fail(trouble)


@pytest.fixture(scope="session")
def place(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder: Path = tmp_path_factory.mktemp("wyoming")
    (folder / "policy.toml").write_text(POLICY, "utf-8")
    overrides = {**_SETTINGS, "ops.policy": folder / "policy.toml", "ops.audit_dir": folder / "audit"}
    settings = Settings.load(env={}, overrides={**overrides, "ops.anchor": folder / "anchor"})
    for model in ("silero-vad", "smart-turn-v3.2", settings.stt.model, settings.llm.model, "piper-en-us-joe", *WAKE):
        store.path(model)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(_served(settings, portal)) as served:
        yield served


@asynccontextmanager
async def _served(settings: Settings, portal: BlockingPortal) -> AsyncGenerator[Place, None]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        port = listener.getsockname()[1]
        door = WyomingDoor(listener, Address("127.0.0.1", port))
        async with open_app(settings) as app, open_seats(app) as seats, speaking_wyoming(app, seats, door, fail):
            await anyio.lowlevel.checkpoint()
            yield Place(app, seats, port, portal)
