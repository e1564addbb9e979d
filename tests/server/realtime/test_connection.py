"""What a connection does at its limits, over real sockets: refuses clearly, and leaves nothing behind."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import anyio
import numpy as np
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from jett.app.memory import MODEL, remembering_commands
from jett.engines.embedding.minilm import MiniLmTextEmbedding
from jett.models.store import Store
from jett.server.realtime.ports import Limits
from tests.memory.support import opened
from tests.server.realtime.house import Hall
from tests.server.realtime.test_malformed import emptied
from tests.system.recordings import clip, joined, seconds

pytestmark = pytest.mark.models
T = TypeVar("T")


def within(hall: Hall, limits: Limits, play: Callable[[Hall], Awaitable[T]]) -> T:
    """A dialogue with a server of these limits."""
    other = Hall(hall.parts, hall.settings, hall.portal, limits)

    async def timed() -> T:
        with anyio.fail_after(60):
            return await play(other)

    with hall.portal.wrap_async_context_manager(other.open()):
        return hall.run(timed)


async def to_the_end(socket: ClientConnection) -> list[dict[str, Any]]:
    """All events until it is closed."""
    events: list[dict[str, Any]] = []
    try:
        while True:
            events.append(json.loads(await socket.recv()))
    except ConnectionClosed:
        return events


async def until(socket: ClientConnection, kind: str) -> dict[str, Any]:
    while True:
        event: dict[str, Any] = json.loads(await socket.recv())
        if event["type"] == kind:
            return event


def test_a_flood_of_mistakes_ends_the_connection(hall: Hall) -> None:
    """Each is told, then the reason, then it is closed."""

    async def play(hall: Hall) -> tuple[list[dict[str, Any]], int | None]:
        async with connect(hall.url, compression=None) as socket:
            for _ in range(6):
                await socket.send("nonsense")
            return await to_the_end(socket), socket.close_code

    events, code = within(hall, Limits(errors=5), play)
    assert [event["error"]["code"] for event in events[1:]] == ["invalid_json"] * 6 + ["too_many_errors"]
    assert code == 1008


def test_a_session_ends_with_its_time(hall: Hall) -> None:
    """With a reason, and the code of a normal end."""

    async def play(hall: Hall) -> tuple[list[dict[str, Any]], int | None]:
        async with connect(hall.url, compression=None) as socket:
            return await to_the_end(socket), socket.close_code

    events, code = within(hall, Limits(session_s=0.3), play)
    assert events[-1]["error"]["code"] == "session_expired"
    assert code == 1000


def test_where_every_seat_is_taken_a_client_is_told_so(hall: Hall) -> None:
    """Only once it needs one: to be connected costs nothing."""

    async def play(hall: Hall) -> tuple[list[dict[str, Any]], int | None]:
        hall.seats.most = 0
        async with connect(hall.url, compression=None) as socket:
            await until(socket, "session.created")
            await socket.send('{"type": "input_audio_buffer.append", "audio": "AAA="}')
            return await to_the_end(socket), socket.close_code

    events, code = within(hall, Limits(), play)
    assert [event["error"]["code"] for event in events] == ["sessions_full"]
    assert code == 1013


def test_a_client_that_takes_nothing_is_closed_and_stalls_nobody(hall: Hall) -> None:
    """Its own events wait for it, up to a limit; another's reply comes meanwhile."""

    async def play(hall: Hall) -> None:
        async with (
            connect(hall.url, compression=None, max_queue=1) as slow,
            connect(hall.url, compression=None) as other,
        ):
            text = [{"type": "input_text", "text": "x" * 30_000}]
            item = {"type": "message", "role": "user", "id": "big", "content": text}
            await slow.send(json.dumps({"type": "conversation.item.create", "item": item}))
            slow.transport.pause_reading()
            await other.send('{"type": "session.update", "session": {"output_modalities": ["text"]}}')
            await other.send('{"type": "response.create"}')
            try:
                while True:
                    await slow.send('{"type": "conversation.item.retrieve", "item_id": "big"}')
            except ConnectionClosed:
                pass
            done = await until(other, "response.done")
            assert done["response"]["status"] == "completed"

    within(hall, Limits(unsent_bytes=500_000), play)


def test_one_that_leaves_in_the_middle_leaves_nothing_behind(hall: Hall) -> None:
    """Neither a seat nor a thread, and its record is ended with what was heard."""
    threads = threading.active_count()

    async def play(hall: Hall) -> None:
        async with connect(hall.url, compression=None) as socket:
            await socket.send('{"type": "response.create"}')
            await until(socket, "response.output_audio.delta")
            socket.transport.abort()
        await emptied(hall)
        (witness,) = hall.witnesses
        assert witness.ended
        assert witness.reports[0].reason == "ended"

    within(hall, Limits(), play)
    assert threading.active_count() <= threads + 1


def test_jetts_own_events_tell_a_dashboard_everything(hall: Hall) -> None:
    """At 16 kHz; what its player says it played is what was heard."""

    async def play(hall: Hall) -> list[dict[str, Any]]:
        seen: list[dict[str, Any]] = []
        async with connect(hall.url, compression=None) as socket:
            fast = {"format": {"type": "audio/pcm", "rate": 16_000}}
            session = {"type": "realtime", "jett": True, "audio": {"input": fast}}
            await socket.send(json.dumps({"type": "session.update", "session": session}))
            await socket.send('{"type": "response.create", "response": {"instructions": "Tell a long story."}}')
            speech = joined(clip("house_coffee"), seconds(1.5))
            spoken, flushed = False, False
            while not any(e["type"] == "jett.turn" and not e["interrupted"] for e in seen):
                event = json.loads(await socket.recv())
                seen.append(event)
                if event["type"] == "jett.clause" and not spoken:
                    spoken = True
                    await socket.send(append(np.concatenate([seconds(0.5), speech])))
                if event["type"] == "jett.flush" and not flushed:
                    flushed = True
                    answer = {"item_id": event["item_id"], "played_ms": 40, "dropped_ms": 160}
                    await socket.send(json.dumps({"type": "jett.flushed", **answer}))
        return seen

    seen = within(hall, Limits(), play)
    kinds = {event["type"] for event in seen}
    assert {"jett.state", "jett.level", "jett.clause", "jett.flush", "jett.turn"} <= kinds
    turns = [event for event in seen if event["type"] == "jett.turn"]
    assert (turns[0]["interrupted"], turns[0]["id"]) == (True, 1_001)
    assert len(turns[0]["heard"].split()) <= 1
    assert turns[-1]["engines"]
    spans = {span["name"]: span for span in turns[-1]["spans"]}
    assert {"llm", "tts", "playing"} <= set(spans)
    assert all(span["start_ms"] <= span["end_ms"] for span in spans.values())
    assert [event for event in seen if event["type"] == "error"] == []


def test_what_is_said_after_a_sign_out_is_not_done(hall: Hall) -> None:
    """Each command is looked up before it is carried out, and the connection ends there."""

    async def ask(socket: ClientConnection) -> None:
        content = [{"type": "input_text", "text": "Set the volume to 30 percent."}]
        item = {"type": "message", "role": "user", "content": content}
        await socket.send(json.dumps({"type": "conversation.item.create", "item": item}))
        await socket.send(json.dumps({"type": "response.create", "response": {"output_modalities": ["text"]}}))

    async def play() -> tuple[dict[str, Any], list[str]]:
        with anyio.fail_after(60):
            async with connect(hall.url, compression=None) as socket:
                await ask(socket)
                done = await until(socket, "response.done")
                hall.good = False
                await ask(socket)
                return done, [json.dumps(event) for event in await to_the_end(socket)]

    done, after = hall.run(play)
    assert done["response"]["output"][0]["content"][0]["text"].startswith("Volume")
    assert not any("Volume" in event for event in after)
    assert hall.looks == 2


def test_a_typed_stop_phrase_is_followed_by_silence(hall: Hall) -> None:
    """As the Talk page sends it: it cancels what sounds, then types. Nobody is asked."""

    async def play(hall: Hall) -> list[dict[str, Any]]:
        async with connect(hall.url, compression=None) as socket:
            await socket.send('{"type": "session.update", "session": {"type": "realtime", "jett": true}}')
            await socket.send('{"type": "response.create", "response": {"instructions": "Tell a long story."}}')
            await until(socket, "jett.clause")
            content = [{"type": "input_text", "text": "stop"}]
            item = {"type": "message", "role": "user", "content": content}
            await socket.send('{"type": "response.cancel"}')
            await socket.send(json.dumps({"type": "conversation.item.create", "item": item}))
            await socket.send('{"type": "response.create"}')
            return [await until(socket, "response.done") for _ in range(2)]

    cancelled, silent = within(hall, Limits(), play)
    assert cancelled["response"]["status"] == "cancelled"
    assert (silent["response"]["status"], silent["response"]["output"]) == ("completed", [])


def test_what_was_typed_is_remembered_as_typed_and_what_was_spoken_as_voice(
    hall: Hall, store: Store, tmp_path: Path
) -> None:
    """Also where the client ends the turn by itself, as with push-to-talk: such a reply is asked for, too."""

    async def play() -> None:
        with anyio.fail_after(60):
            async with connect(hall.url, compression=None) as socket:
                off: dict[str, Any] = {"type": "realtime", "audio": {"input": {"turn_detection": None}}}
                await socket.send(json.dumps({"type": "session.update", "session": off}))
                for part in (
                    {"type": "input_text", "text": "Remember that the bins go out on Tuesday."},
                    {"type": "input_audio", "transcript": "Remember that the spare key is in the shed."},
                ):
                    item = {"type": "message", "role": "user", "content": [part]}
                    await socket.send(json.dumps({"type": "conversation.item.create", "item": item}))
                    await socket.send('{"type": "response.create", "response": {"output_modalities": ["text"]}}')
                    await until(socket, "response.done")

    with opened(MiniLmTextEmbedding(store.file(MODEL)), tmp_path / "memory") as memories:
        assert hall.parts.commands is not None
        hall.seats.parts = replace(hall.parts, commands=remembering_commands(hall.parts.commands, memories))
        hall.run(play)
        kept = {memory.source: memory.text for memory in memories.newest().memories}
    assert kept == {"typed": "the bins go out on Tuesday", "voice": "the spare key is in the shed"}


def append(speech: Any) -> str:
    """An event that carries `speech`, 16 kHz."""
    audio = base64.b64encode(speech.astype("<i2").tobytes()).decode()
    return json.dumps({"type": "input_audio_buffer.append", "audio": audio})
