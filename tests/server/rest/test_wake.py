"""Wake words from a browser: the heads there are, and a meter with a real head and real people who call."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import websockets
from websockets.asyncio.client import ClientConnection

from jett.app.dashboard_wake import DashboardWake
from jett.app.needs import store as store_of
from jett.app.wake import load_wake_words
from jett.app.wake_listening import WakeListener
from jett.audio.files import read_audio
from jett.core.audio import Samples, silence
from jett.server.rest import wake
from jett.server.wake_meter import MOST_BYTES
from jett.settings import Settings
from tests.server.rest.place import failure, served

pytestmark = [pytest.mark.anyio, pytest.mark.models]

DATA = Path(__file__).parents[2] / "data" / "wake"
FRAME = 1_280


def settings(**wake: Any) -> Settings:
    return Settings.load(env={}, overrides={f"wake.{key}": value for key, value in wake.items()})


def called(name: str = "hey_jarvis_3") -> Samples:
    return np.concatenate([read_audio(DATA / f"{name}.flac"), silence(8_000)])


@asynccontextmanager
async def place(
    chosen: Settings, *, now_s: Callable[[], float] = lambda: 0.0, limit_s: float = 60.0
) -> AsyncGenerator[httpx.AsyncClient, None]:
    port = DashboardWake(lambda: chosen, store_of(chosen))
    async with served(wake.router(port, now_s=now_s, limit_s=limit_s)) as http:
        yield http


def meter(http: httpx.AsyncClient, who: str = "desk") -> Any:
    address = f"ws://{http.base_url.netloc.decode()}{wake.METER}"
    return websockets.connect(address, additional_headers={"x-who": who}, proxy=None)


async def event(socket: ClientConnection) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(await socket.recv())
    return told


async def scores(socket: ClientConnection, sound: Samples) -> list[dict[str, Any]]:
    """Of every frame, sent in the browser's pieces of 20 ms."""
    for at in range(0, sound.size, 320):
        await socket.send(sound[at : at + 320].tobytes())
    return [await event(socket) for _ in range(sound.size // FRAME)]


async def test_heads_are_listed_with_what_their_files_say() -> None:
    async with place(settings(words=["hey_jarvis", "/nowhere/mine.onnx", "gone"], enabled=True)) as http:
        answer = await http.get("/api/wake")
        program = await http.get("/api/wake", headers={"x-who": "phone"})
    assert answer.json()["enabled"]
    heads = {head["name"]: head for head in answer.json()["heads"]}
    jarvis = heads["hey_jarvis"]
    assert (jarvis["phrase"], jarvis["origin"], jarvis["state"]) == ("hey jarvis", "stock", "ready")
    assert (jarvis["threshold"], jarvis["patience"], jarvis["chosen"]) == (0.5, 1, True)
    assert "NC" in jarvis["licence"]
    assert not heads["alexa"]["chosen"]
    assert {heads[name]["state"] for name in ("/nowhere/mine.onnx", "gone")} == {"damaged"}
    assert heads["gone"]["detail"].endswith("correct wake.words")
    failure(program, 403)


async def test_a_head_that_was_not_fetched_says_how_it_is_fetched(tmp_path: Path) -> None:
    chosen = Settings.load(env={}, overrides={"models.dir": tmp_path})
    async with place(chosen) as http:
        heads = {head["name"]: head for head in (await http.get("/api/wake")).json()["heads"]}
    assert heads["hey_jarvis"]["state"] == "missing"
    assert heads["hey_jarvis"]["detail"] == "jett models pull wake-hey-jarvis"


async def test_the_meter_gives_the_scores_that_a_conversation_would_see() -> None:
    chosen = settings(words=["hey_jarvis"])
    sound = called()
    expected = list(WakeListener(load_wake_words(chosen, store_of(chosen))).hear(sound))
    async with place(chosen) as http, meter(http) as socket:
        assert await event(socket) == {
            "type": "ready",
            "frame_ms": 80,
            "names": [{"name": "hey_jarvis", "threshold": 0.5}],
        }
        told = await scores(socket, sound)
    assert [each["at_ms"] for each in told] == [80 * (n + 1) for n in range(len(told))]
    assert [each["scores"][0] for each in told] == pytest.approx([each.scores[0] for each in expected], abs=1e-4)
    assert [each["woken"] for each in told if each["woken"]] == ["hey_jarvis"]


async def test_the_sensitivity_moves_the_threshold_from_the_next_frame_on() -> None:
    async with place(settings(words=["hey_jarvis"])) as http, meter(http) as socket:
        await event(socket)
        await socket.send('{"sensitivity": 0}')
        strict = (await event(socket))["names"][0]["threshold"]
        told = await scores(socket, called())
        await socket.send('{"sensitivity": 0.9}')
        easy = (await event(socket))["names"][0]["threshold"]
    assert easy < 0.1 < 0.9 < strict
    assert all(each["scores"][0] >= strict for each in told if each["woken"])


async def ended(socket: ClientConnection) -> tuple[str, int | None]:
    """What is said last, and the code that the connection is closed with."""
    told = await event(socket)
    while told["type"] != "ended":
        told = await event(socket)
    with pytest.raises(websockets.ConnectionClosed):
        await socket.recv()
    assert told["fix"]
    return told["what"], socket.close_code


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        (b"\0" * 321, "321 bytes of sound"),
        (b"\0" * (MOST_BYTES + 2), "32002 bytes of sound"),
        ('{"sensitivity": 2}', "no sensitivity"),
        ('{"sensitivity": NaN}', "no sensitivity"),
        ('{"words": ["alexa"]}', "no sensitivity"),
        ("{" * 5_000, "no sensitivity"),
    ],
)
async def test_what_is_no_sound_ends_it_and_says_why(sent: bytes | str, says: str) -> None:
    async with place(settings(words=["hey_jarvis"])) as http, meter(http) as socket:
        await event(socket)
        await socket.send(sent)
        what, code = await ended(socket)
    assert says in what
    assert code == 1008


async def test_sound_that_comes_faster_than_time_ends_it() -> None:
    """Here no time passes."""
    async with place(settings(words=["hey_jarvis"])) as http, meter(http) as socket:
        await event(socket)
        for _ in range(6):
            await socket.send(b"\0" * MOST_BYTES)
        what, code = await ended(socket)
    assert (what, code) == ("sound comes faster than time passes", 1008)


async def test_one_page_at_a_time_and_the_next_when_it_is_closed() -> None:
    async with place(settings(words=["hey_jarvis"])) as http:
        async with meter(http) as first:
            await event(first)
            async with meter(http) as second:
                assert await ended(second) == ("the meter is open in another page", 1013)
            assert len(await scores(first, silence(FRAME))) == 1
        assert (await free_meter(http))["type"] == "ready"


async def free_meter(http: httpx.AsyncClient) -> dict[str, Any]:
    """The first event of one that is opened while another is being let go."""
    while True:
        async with meter(http) as socket:
            told = await event(socket)
            if told["type"] == "ready":
                return told


async def test_it_ends_after_its_time() -> None:
    async with place(settings(words=["hey_jarvis"]), limit_s=0.0) as http, meter(http) as socket:
        assert await ended(socket) == ("the meter ends after 0 s", 1000)


async def test_without_a_word_or_with_one_that_does_not_load_it_says_so() -> None:
    async with place(settings()) as http, meter(http) as socket:
        assert await ended(socket) == ("no wake word is chosen", 1008)
    async with place(settings(words=["gone"])) as http, meter(http) as socket:
        what, code = await ended(socket)
        assert "no head is called 'gone'" in what
        assert code == 1011


async def test_a_token_gets_no_meter() -> None:
    async with place(settings(words=["hey_jarvis"])) as http:
        with pytest.raises(websockets.InvalidStatus) as refused:
            await meter(http, "phone")
    assert refused.value.response.status_code == 403
