"""Fixtures for whole conversations: every engine real and loaded once, on one event loop in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from jett.app import App, conversation_settings, load_llm, needed_models, open_app
from jett.audio.simulated_room import EchoPath
from jett.core.audio import Samples
from jett.core.events import Observer
from jett.models.store import Store
from jett.session.parts import ConversationSettings, Parts
from jett.settings import Settings
from tests.system.recordings import Cue, Scene, play

_SMALL = {"llm.model": "smollm2-135m-instruct-q4_1", "llm.temperature": 0.0, "tts.backend": "piper"}
_LONG_TOKENS, _BRIEF_TOKENS = 60, 12


@dataclass(frozen=True)
class Stage:
    """Where scenes are played. `talkative` parts give replies of 10 s and more, `brief` ones of about 3 s."""

    portal: BlockingPortal
    app: App
    talkative: Parts
    brief: Parts

    @property
    def settings(self) -> ConversationSettings:
        """Those of a user who changed nothing."""
        return conversation_settings(self.app.settings)

    def play(
        self,
        parts: Parts,
        *sayings: tuple[Cue, Samples],
        settings: ConversationSettings | None = None,
        echo: EchoPath | None = None,
        observer: Observer | None = None,
    ) -> Scene:
        """One conversation, from a test's own thread."""

        async def scene() -> Scene:
            return await play(parts, settings or self.settings, *sayings, echo=echo, observer=observer)

        return self.portal.call(scene)


def _settings(max_tokens: int) -> Settings:
    return Settings.load(env={}, overrides={**_SMALL, "llm.max_tokens": max_tokens})


@contextmanager
def _on(portal: BlockingPortal, close: Callable[[], object]) -> Iterator[None]:
    try:
        yield
    finally:
        portal.call(close)


@pytest.fixture(scope="session")
def stage(store: Store) -> Iterator[Stage]:
    """Real engines; the smallest language model, which need not be clever here."""
    talkative = _settings(_LONG_TOKENS)
    for model in needed_models(talkative):
        store.path(model)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(open_app(talkative)) as app:
        llm = load_llm(_settings(_BRIEF_TOKENS), store)
        with _on(portal, llm.aclose):
            yield Stage(portal, app, app.parts, replace(app.parts, llm=llm))
