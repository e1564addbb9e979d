"""Wyoming, judged by the package's own client: ears, voice, answers, and what is no event."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from types import MappingProxyType

import anyio
import anyio.lowlevel
import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from wyoming.asr import Transcribe, Transcript, TranscriptChunk
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.event import Event
from wyoming.handle import Handled, HandledChunk
from wyoming.info import Describe, Info
from wyoming.intent import Recognize
from wyoming.ping import Ping, Pong
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop

from jett.core.audio import Samples
from jett.guard import AuditLog, tail
from jett.turns.phrases import normalise
from tests.server.support_random import OTHERS_USE_RANDOM
from tests.server.wyoming.conftest import Place
from tests.system.recordings import WORDS, clip

_HANGS_S = 60.0
SENTENCE = "The quick brown fox jumps over the lazy dog."


@asynccontextmanager
async def client(place: Place) -> AsyncGenerator[AsyncTcpClient, None]:
    with anyio.fail_after(_HANGS_S):
        async with AsyncTcpClient("127.0.0.1", place.port) as connected:
            yield connected


async def until(connected: AsyncTcpClient, kind: str) -> list[Event]:
    """The events up to the first of `kind`, with it."""
    events: list[Event] = []
    while not events or events[-1].type != kind:
        event = await connected.read_event()
        assert event is not None, f"the server left after {[one.type for one in events]}"
        assert event.type != "error" or kind == "error", event.data
        events.append(event)
    return events


async def say(connected: AsyncTcpClient, samples: Samples, rate_hz: int = 16_000, channels: int = 1) -> None:
    """As Home Assistant does it."""
    await connected.write_event(Transcribe(language="en").event())
    await connected.write_event(AudioStart(rate_hz, 2, channels).event())
    for piece in np.array_split(samples, max(1, samples.size // 1024)):
        await connected.write_event(AudioChunk(rate_hz, 2, channels, np.repeat(piece, channels).tobytes()).event())
    await connected.write_event(AudioStop().event())


def sound_of(events: Sequence[Event]) -> tuple[Samples, int]:
    chunks = [AudioChunk.from_event(event) for event in events if AudioChunk.is_type(event.type)]
    return np.frombuffer(b"".join(chunk.audio for chunk in chunks), dtype="<i2").astype(np.int16), chunks[0].rate


def test_what_jett_says_it_can_do(place: Place) -> None:
    """Ears, voice, answers and commands, streamed; and what it is called by."""

    async def scene() -> Info:
        async with client(place) as connected:
            await connected.write_event(Describe().event())
            return Info.from_event((await until(connected, "info"))[-1])

    info = anyio.run(scene)
    assert info.asr[0].supports_transcript_streaming
    assert info.tts[0].supports_synthesize_streaming
    assert info.handle[0].name == info.intent[0].name == "jett"
    assert [(model.name, model.phrase) for model in info.wake[0].models] == [
        ("hey_jarvis", "hey jarvis"),
        ("alexa", "alexa"),
    ]


@pytest.mark.parametrize(("rate_hz", "channels"), [(16_000, 1), (16_000, 2), (8_000, 1)])
def test_what_is_said_is_written_down(place: Place, rate_hz: int, channels: int) -> None:
    """In pieces and whole, whatever the form of the sound."""

    async def scene() -> list[Event]:
        async with client(place) as connected:
            samples = clip("dark_roast_cappuccino")
            await say(connected, samples[:: 16_000 // rate_hz], rate_hz, channels)
            return await until(connected, "transcript-stop")

    events = anyio.run(scene)
    assert [event.type for event in events][:2] == ["transcript-start", "transcript-chunk"]
    text = Transcript.from_event(events[-2]).text
    assert "".join(TranscriptChunk.from_event(one).text for one in events if TranscriptChunk.is_type(one.type)) == text
    if rate_hz == 16_000:
        assert normalise(text) == WORDS["dark_roast_cappuccino"]
    else:
        assert "cappuccino" in normalise(text)


@pytest.mark.parametrize("streamed", [False, True])
def test_what_is_spoken_is_heard(place: Place, streamed: bool) -> None:
    """Text whole, or in pieces as a language model gives it; then the sound back to Jett's ears."""

    async def scene() -> str:
        async with client(place) as connected:
            if streamed:
                await connected.write_event(SynthesizeStart().event())
                for word in SENTENCE.split():
                    await connected.write_event(SynthesizeChunk(f"{word} ").event())
                await connected.write_event(Synthesize(SENTENCE).event())  # for servers that do not stream
                await connected.write_event(SynthesizeStop().event())
            else:
                await connected.write_event(Synthesize(SENTENCE).event())
            events = await until(connected, "synthesize-stopped" if streamed else "audio-stop")
            assert events[0].type == "audio-start"
            samples, rate_hz = sound_of(events)
            assert samples.size / rate_hz < 6, "spoken once"
            await say(connected, samples, rate_hz)
            return Transcript.from_event((await until(connected, "transcript"))[-1]).text

    assert "brown fox jumps over the lazy dog" in normalise(anyio.run(scene))


def test_a_sentence_is_answered_and_a_change_is_not_made(place: Place) -> None:
    """Nobody knows who asks: it may look at most, and the record says who it was."""

    async def scene(text: str) -> list[Event]:
        async with client(place) as connected:
            await connected.write_event(Transcript(text).event())
            return await until(connected, "handled-stop")

    events = anyio.run(scene, "What time is it?")
    told = Handled.from_event(events[-2]).text
    assert (told or "").startswith("It is ")
    assert "".join(HandledChunk.from_event(one).text for one in events if HandledChunk.is_type(one.type)) == told
    anyio.run(scene, "Restart n8n.")
    record = tail(AuditLog(place.app.settings.ops.audit_dir), 1)[0]  # type: ignore[arg-type]
    assert (record.identity, record.verb, record.verdict, record.rule) == (
        "token/wyoming",
        "restart",
        "deny",
        "identity.scope",
    )
    assert Handled.from_event(anyio.run(scene, "Say hello.")[-2]).text


def test_intents_are_recognised_and_not_carried_out(place: Place) -> None:
    """Whether it is a command of Jett's."""

    async def scene(text: str) -> str:
        before = len(tail(AuditLog(place.app.settings.ops.audit_dir), 99))  # type: ignore[arg-type]
        async with client(place) as connected:
            await connected.write_event(Recognize(text).event())
            event = await connected.read_event()
        assert len(tail(AuditLog(place.app.settings.ops.audit_dir), 99)) == before  # type: ignore[arg-type]
        assert event is not None
        return event.type

    assert anyio.run(scene, "Restart n8n.") == "intent"
    assert anyio.run(scene, "Why is the sky blue?") == "not-recognized"


def test_a_failed_request_is_told_and_the_next_one_works(place: Place) -> None:
    """Sound of a form that is none."""

    async def scene() -> Event | None:
        async with client(place) as connected:
            await connected.write_event(AudioStart(16_000, 4, 1).event())
            await connected.write_event(AudioChunk(16_000, 4, 1, b"\0" * 64).event())
            await connected.write_event(AudioStop().event())
            await until(connected, "error")
            await connected.write_event(Ping("still here").event())
            return (await until(connected, "pong"))[-1]

    event = anyio.run(scene)
    assert event is not None
    assert Pong.from_event(event).text == "still here"


def test_a_client_that_leaves_gives_its_seat_back(place: Place) -> None:
    """In the middle of a long text."""

    async def scene() -> None:
        async with client(place) as connected:
            await connected.write_event(Synthesize(f"{SENTENCE} " * 40).event())
            await until(connected, "audio-chunk")
            assert place.seats.taken == {"token/wyoming": 1}

    async def until_free() -> None:
        with anyio.fail_after(_HANGS_S):
            while place.seats.taken:
                await anyio.lowlevel.checkpoint()

    anyio.run(scene)
    place.portal.call(until_free)


async def _raw(place: Place, sent: bytes) -> bytes:
    """All that comes back to bytes that are no events, until the server leaves."""
    answer = b""
    with anyio.fail_after(_HANGS_S):
        async with await anyio.connect_tcp("127.0.0.1", place.port) as stream:
            await stream.send(sent)
            await stream.send_eof()
            try:
                while True:
                    answer += await stream.receive()
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                return answer


_HEADERS = st.dictionaries(
    st.sampled_from(["type", "data", "data_length", "payload_length", "version"]),
    st.sampled_from(["synthesize", "audio-chunk", "audio-start", "transcript", "recognize", "ping", "transcribe"])
    | st.integers(-5, 1 << 40)
    | st.none()
    | st.dictionaries(st.sampled_from(["text", "rate", "width"]), st.integers() | st.none() | st.text(max_size=5)),
)


@pytest.mark.filterwarnings(OTHERS_USE_RANDOM)
@examples(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200) | _HEADERS.map(lambda header: json.dumps(header).encode() + b"\n"))
def test_whatever_is_sent_ends_one_connection_and_no_other(place: Place, sent: bytes) -> None:
    """Bytes, and headers that are not quite one."""
    ends_only_its_own(place, sent)


def ends_only_its_own(place: Place, sent: bytes) -> None:
    """Somebody else's connection answers after it."""

    async def scene() -> None:
        async with client(place) as other:
            await _raw(place, sent)
            await other.write_event(Ping("alive").event())
            assert (await until(other, "pong"))[-1].data["text"] == "alive"

    anyio.run(scene)


def _event(kind: str, data: Mapping[str, object] = MappingProxyType({}), payload: bytes = b"") -> bytes:
    header = {"type": kind, "data": dict(data), "payload_length": len(payload)}
    return json.dumps(header).encode() + b"\n" + payload


_FORM: dict[str, object] = {"rate": 16_000, "width": 2, "channels": 1}


@pytest.mark.parametrize("begin", ["audio-start", "detect"])
@pytest.mark.parametrize("wrong", [{"rate": "x"}, {"rate": [1]}, {"channels": "1"}, {"width": True}, {"rate": 16e3}])
def test_sound_in_no_form_ends_its_connection_only(place: Place, begin: str, wrong: dict[str, object]) -> None:
    started = _event(begin, _FORM if begin == "audio-start" else {})
    sent = started + _event("audio-chunk", {**_FORM, **wrong}, bytes(640))
    ends_only_its_own(place, sent)


@pytest.mark.parametrize("text", [[1], None, 5, {}])
def test_text_in_pieces_that_are_none_ends_its_connection_only(place: Place, text: object) -> None:
    sent = _event("synthesize-start") + _event("synthesize-chunk", {"text": text}) + _event("synthesize-stop")
    ends_only_its_own(place, sent)


@pytest.mark.parametrize(
    "sent",
    [
        b"x" * (1 << 20),
        b'{"type": "audio-chunk", "payload_length": 99999999}\n',
        b'{"type": "synthesize", "data_length": 9999999999}\n',
        b'{"type": "synthesize", "data": {"text": "' + b"x" * 3000 + b'"}}\n',
    ],
)
def test_what_is_too_large_is_not_waited_for(place: Place, sent: bytes) -> None:
    """The connection ends at once; nothing of that size is kept."""
    assert anyio.run(_raw, place, sent) == b""


def test_more_connections_than_may_be_are_closed(place: Place) -> None:
    """Those that are open go on."""

    async def scene() -> None:
        async with anyio.create_task_group() as tasks:
            clients = [AsyncTcpClient("127.0.0.1", place.port) for _ in range(16)]
            for one in clients:
                await one.connect()
                await one.write_event(Ping("in").event())
                await until(one, "pong")
            async with client(place) as refused:
                assert await refused.read_event() is None
            for one in clients:
                await one.disconnect()
            tasks.cancel_scope.cancel()

    anyio.run(scene)
