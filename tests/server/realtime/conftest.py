"""Fixtures for the Realtime API: real engines, loaded once, and a real server on a port of this machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from jett.app import App, conversation_settings, needed_models, open_app
from jett.models.store import Store
from jett.settings import Settings
from tests.server.realtime.house import Hall

_SMALL = {"llm.model": "smollm2-135m-instruct-q4_1", "llm.temperature": 0.0, "tts.backend": "piper"}


@pytest.fixture(scope="session")
def portal() -> Iterator[BlockingPortal]:
    """One event loop, in a thread of its own, for all of these tests."""
    with start_blocking_portal() as portal:
        yield portal


@pytest.fixture(scope="session")
def app(store: Store, portal: BlockingPortal) -> Iterator[App]:
    """The smallest engines; a reply is of some seconds."""
    settings = Settings.load(env={}, overrides={**_SMALL, "llm.max_tokens": 40})
    for model in needed_models(settings):
        store.path(model)
    with portal.wrap_async_context_manager(open_app(settings)) as app:
        yield app


@pytest.fixture
def hall(app: App, portal: BlockingPortal) -> Iterator[Hall]:
    """A server of its own for each test, its engines shared."""
    hall = Hall(app.parts, conversation_settings(app.settings), portal)
    with portal.wrap_async_context_manager(hall.open()):
        yield hall
