"""Wake words over Wyoming, judged by the package's own client and real people who call."""

from __future__ import annotations

import logging
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import anyio
import numpy as np
import pytest
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.wake import Detect, Detection, NotDetected

from jett.app.wyoming import waking as wake_words
from jett.app.wyoming import wyoming_ports
from jett.audio.files import read_audio
from jett.core.audio import Samples, silence
from jett.core.ports import PhraseScorer
from jett.server.wyoming.serving import serve
from jett.server.wyoming.waking import detect, listening
from jett.session.second_look import LikelyPhrase, SecondLook
from jett.turns.phrases import normalise
from tests.server.wyoming.conftest import Place, fail
from tests.server.wyoming.test_wyoming import client, until
from tests.system.recordings import clip

pytestmark = pytest.mark.models

DATA = Path(__file__).parents[2] / "data" / "wake"


def called(name: str) -> Samples:
    return np.concatenate([read_audio(DATA / f"{name}.flac"), silence(8_000)])


async def listen(
    connected: AsyncTcpClient, samples: Samples, names: list[str] | None = None, *, start: bool = True, end: bool = True
) -> None:
    await connected.write_event(Detect(names=names).event())
    if start:
        await connected.write_event(AudioStart(16_000, 2, 1).event())
    for piece in np.array_split(samples, max(1, samples.size // 1024)):
        await connected.write_event(AudioChunk(16_000, 2, 1, piece.tobytes()).event())
    if end:
        await connected.write_event(AudioStop().event())


@pytest.mark.parametrize("start", [True, False])
def test_a_call_is_told_while_the_sound_still_comes(place: Place, start: bool) -> None:
    """Once, with its name and when; also to a satellite that does not say that sound starts."""

    async def scene() -> Detection:
        async with client(place) as connected:
            await listen(connected, called("hey_jarvis_3"), start=start, end=False)
            return Detection.from_event((await until(connected, "detection"))[-1])

    found = anyio.run(scene)
    assert found.name == "hey_jarvis"
    assert found.timestamp is not None
    assert 500 < found.timestamp < 2500


def test_each_call_is_told_and_the_end_says_nothing_more(place: Place) -> None:
    async def scene() -> list[Event]:
        async with client(place) as connected:
            sound = np.concatenate([called("hey_jarvis_2"), silence(16_000), called("alexa_1")])
            await listen(connected, sound)
            await connected.write_event(Describe().event())
            heard = await until(connected, "detection")
            heard += await until(connected, "detection")
            await listen(connected, silence(16_000))
            return heard + await until(connected, "not-detected")

    told = [event for event in anyio.run(scene) if event.type != "info"]
    assert [event.data.get("name") for event in told] == ["hey_jarvis", "alexa", None]


def test_only_what_was_asked_for_is_told(place: Place) -> None:
    async def scene() -> list[Event]:
        async with client(place) as connected:
            await listen(connected, called("hey_jarvis_3"), ["alexa", "nobody"])
            return await until(connected, "not-detected")

    assert [event.type for event in anyio.run(scene)] == ["not-detected"]


def test_a_command_on_the_same_connection_is_heard_after_the_call(place: Place) -> None:
    """`transcribe` ends the waiting."""

    async def scene() -> str:
        async with client(place) as connected:
            await listen(connected, called("alexa_1"), end=False)
            await until(connected, "detection")
            await connected.write_event(Transcribe(language="en").event())
            await connected.write_event(AudioStart(16_000, 2, 1).event())
            await connected.write_event(AudioChunk(16_000, 2, 1, clip("drip_coffee").tobytes()).event())
            await connected.write_event(AudioStop().event())
            return Transcript.from_event((await until(connected, "transcript"))[-1]).text

    assert "coffee" in normalise(anyio.run(scene))


@pytest.mark.parametrize(("phrase", "told"), [("alexa", ["detection"]), ("good morning", ["not-detected"])])
def test_a_call_that_is_looked_at_again_is_told_where_the_name_is_found(
    place: Place, phrase: str, told: list[str]
) -> None:
    """Speech-to-text looks: once for what was said, once for what was not. The sound ends with the name."""
    stt, events = place.app.parts.stt, list[Event]()
    assert isinstance(stt, PhraseScorer)
    waking = wake_words(place.app, fail)
    assert waking is not None
    waking = replace(waking, look=SecondLook({"alexa": LikelyPhrase(stt, (phrase,), most_looks=3)}))

    async def chunks() -> AsyncGenerator[AudioChunk, None]:
        for piece in np.array_split(called("alexa_1")[:-7_000], 20):
            yield AudioChunk(16_000, 2, 1, piece.tobytes())

    async def write(event: Event) -> None:
        events.append(event)

    async def scene() -> None:
        ports = wyoming_ports(place.app, place.seats, waking)
        what = listening(ports, Detect(names=["alexa"]))
        assert what is not None
        await detect(ports, what, chunks(), write)

    place.portal.call(scene)
    assert [event.type for event in events] == told


@pytest.mark.parametrize("names", ["alexa", [1], ["a"] * 33])
def test_names_that_are_none_end_the_connection(place: Place, names: object) -> None:
    async def scene() -> Event | None:
        async with client(place) as connected:
            await connected.write_event(Event("detect", {"names": names}))
            return await connected.read_event()

    assert anyio.run(scene) is None


def test_names_that_are_not_here_are_not_detected_and_logged(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    """At once; the sound that comes nevertheless is nobody's."""

    async def scene() -> list[Event]:
        async with client(place) as connected:
            await listen(connected, called("alexa_1"), ["computer"])
            await connected.write_event(Describe().event())
            return await until(connected, "info")

    with caplog.at_level(logging.ERROR):
        assert [event.type for event in anyio.run(scene)] == ["not-detected", "info"]
    assert "1 wake words that are not here; there are: hey_jarvis, alexa" in caplog.text
    assert "computer" not in caplog.text


def test_without_a_wake_word_none_is_listed_and_nothing_is_detected(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene() -> list[Event]:
        async with _without_words(place) as port, AsyncTcpClient("127.0.0.1", port) as connected:
            await connected.write_event(Describe().event())
            heard = await until(connected, "info")
            await listen(connected, called("alexa_1"))
            await connected.write_event(Describe().event())
            return heard + await until(connected, "info")

    with caplog.at_level(logging.ERROR):
        told = anyio.run(scene)
    assert [event.type for event in told] == ["info", "not-detected", "info"]
    assert Info.from_event(told[0]).wake == []
    assert NotDetected.is_type(told[1].type)
    assert "set wake.words" in caplog.text


@asynccontextmanager
async def _without_words(place: Place) -> AsyncGenerator[int, None]:
    with socket.create_server(("127.0.0.1", 0)) as listener, anyio.fail_after(30):
        listener.setblocking(False)
        ports = wyoming_ports(place.app, place.seats, None)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(serve, ports, listener)
            yield listener.getsockname()[1]
            tasks.cancel_scope.cancel()
