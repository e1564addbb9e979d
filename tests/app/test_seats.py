"""Seats at real engines: what conversations share, what is each one's own, and four of them at once."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import anyio
import pytest

from jett.app import App, open_app
from jett.app.seats import most_sessions, open_seats, seat_settings
from jett.core.errors import SessionsFull
from jett.core.ports import Message
from jett.guard import Identity, Kind, Scope, Verb
from jett.models.store import Store
from jett.session.seats import Seats
from jett.settings import Settings
from tests.system.recordings import Scene, at_once, clip, play, understood

_SMALL = {
    "llm.model": "smollm2-135m-instruct-q4_1",
    "llm.temperature": 0.0,
    "llm.max_tokens": 12,
    "llm.slots": 3,
    "tts.backend": "piper",
    "server.most_sessions": 4,
}
BROWSER = Identity(Kind.DASHBOARD, "owner")
PHONE = Identity(Kind.TOKEN, "phone", Scope(frozenset({Verb.STATUS}), frozenset()))
CLIPS = ("dark_roast_cappuccino", "drip_coffee", "house_coffee", "confused_complaint")


@pytest.fixture
def settings(store: Store, tmp_path: Path) -> Settings:
    settings = Settings.load(env={"XDG_CONFIG_HOME": str(tmp_path)}, overrides=_SMALL)
    for model in ("silero-vad", "smart-turn-v3.2", settings.stt.model, settings.llm.model, "piper-en-us-joe"):
        store.path(model)
    return settings


@asynccontextmanager
async def opened(settings: Settings) -> AsyncGenerator[tuple[App, Seats[Identity]], None]:
    async with open_app(settings) as app, open_seats(app) as seats:
        yield app, seats


def test_four_conversations_at_once_are_all_answered(settings: Settings) -> None:
    """Each hears its own speaker and gets a reply; the engines are the same for all."""

    async def scene() -> dict[str, Scene]:
        scenes: dict[str, Scene] = {}
        async with opened(settings) as (app, seats):

            async def talk(identity: Identity, name: str) -> None:
                async with seats.take(identity) as seat:
                    scenes[name] = await play(
                        seat.parts, seat_settings(app.settings), (at_once, clip(name)), workers=seat.workers
                    )

            async with anyio.create_task_group() as tasks:
                for identity, name in zip((BROWSER, BROWSER, BROWSER, PHONE), CLIPS, strict=True):
                    tasks.start_soon(talk, identity, name)
            assert seats.taken == {}
        return scenes

    scenes = anyio.run(scene)
    for name in CLIPS:
        assert understood([report.transcript for report in scenes[name].reports], name), name
        assert scenes[name].clauses, name
        assert scenes[name].reports[0].error == "", name


def test_engines_are_shared_and_what_has_a_memory_is_not(settings: Settings) -> None:
    """One visitor's voice, questions and slot are nobody else's."""

    async def scene() -> None:
        async with opened(settings) as (app, seats), AsyncExitStack() as taken:
            one, other = [await taken.enter_async_context(seats.take(who)) for who in (BROWSER, PHONE)]
            assert one.parts.stt is other.parts.stt is app.parts.stt
            assert one.parts.tts is other.parts.tts
            assert len({id(parts.vad) for parts in (one.parts, other.parts, app.parts)}) == 3
            assert len({id(parts.commands) for parts in (one.parts, other.parts, app.parts)}) == 3
            assert one.parts.canceller is None
            frame = clip("drip_coffee")[8000:8512]
            before = other.parts.vad.score(frame)
            other.parts.vad.reset()
            for _ in range(20):
                one.parts.vad.score(frame)
            assert other.parts.vad.score(frame) == before

    anyio.run(scene)


def test_the_model_answers_several_at_once(settings: Settings) -> None:
    """Each in its own slot of the embedded server; a stream that is closed gives its slot back."""

    async def scene() -> None:
        async with opened(settings) as (_, seats), AsyncExitStack() as taken:
            owners = [await taken.enter_async_context(seats.take(who)) for who in (BROWSER, BROWSER, PHONE)]
            asked = [Message("user", "Count to ten.")]
            streams = [seat.parts.llm.stream(asked) for seat in owners]
            first = [await anext(stream) for stream in streams]
            assert all(first)
            for stream in streams:
                await stream.aclose()
            again = [piece async for piece in owners[0].parts.llm.stream(asked)]
            assert again[0] == first[0]

    anyio.run(scene)


def test_as_many_are_let_in_as_the_settings_say(settings: Settings) -> None:
    """Two for each core, unless they say a number."""

    async def scene() -> None:
        async with opened(settings) as (_, seats), AsyncExitStack() as taken:
            for who in (BROWSER, BROWSER, PHONE, PHONE):
                await taken.enter_async_context(seats.take(who))
            with pytest.raises(SessionsFull, match="4 of 4"):
                await taken.enter_async_context(seats.take(PHONE))
            async with seats.local(Identity(Kind.VOICE, "owner")) as seat:
                assert await seat.workers.stt.call(lambda: "there is a place") == "there is a place"

    anyio.run(scene)


def test_how_many_that_is_and_what_context_each_has() -> None:
    """An embedded model's context is shared by as many as it answers at once; a server has its own."""
    settings = Settings.load(env={}, overrides={"llm.context_tokens": 8192, "llm.slots": 4, "llm.max_tokens": 200})
    assert most_sessions(settings) >= 2
    assert most_sessions(Settings.load(env={}, overrides={"server.most_sessions": 7})) == 7
    assert seat_settings(settings).context_tokens == 2048 - 200
    remote = settings.model_copy(update={"llm": settings.llm.model_copy(update={"backend": "openai"})})
    assert seat_settings(remote).context_tokens == 8192 - 200
