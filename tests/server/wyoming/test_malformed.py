"""Whatever a Wyoming client sends: an answer of the protocol or the end of its connection, and nobody else disturbed.

`JETT_WYOMING_CASES=5000` opens as many connections, with up to six events on each; a few are opened every day.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
from contextlib import suppress
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from wyoming.audio import AudioStop
from wyoming.event import Event, async_read_event, async_write_event
from wyoming.intent import Recognize
from wyoming.ping import Ping

from tests.server.support_random import OTHERS_USE_RANDOM
from tests.server.wyoming.conftest import Place
from tests.server.wyoming.test_wyoming import client, until

CASES = int(os.environ.get("JETT_WYOMING_CASES", "60"))
_HANGS_S = 60.0
LAST = "What time is it?"
_TAKEN = [
    "describe", "ping", "transcribe", "audio-start", "audio-chunk", "audio-stop", "synthesize", "synthesize-start",
    "synthesize-chunk", "synthesize-stop", "transcript", "recognize", "detect", "run-pipeline",
]  # fmt: skip
_TOLD = {
    "info", "pong", "error", "intent", "not-recognized", "synthesize-stopped", "audio-start", "audio-chunk",
    "audio-stop", "transcript", "transcript-start", "transcript-chunk", "transcript-stop", "handled", "handled-start",
    "handled-chunk", "handled-stop", "detection", "not-detected",
}  # fmt: skip
_FIELDS = ["text", "rate", "width", "channels", "language", "name", "voice", "timestamp", "context", "entities"]

junk: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.sampled_from([0, -1, 1, 2, 3, 8_000, 16_000, 1 << 40]) | st.floats()
    | st.text(max_size=12) | st.sampled_from(["Hello.", "Restart n8n.", "\ud800", "…"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_FIELDS), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
_SOUND = {"rate": 16_000, "width": 2, "channels": 1, "text": "Hello."}
data = st.dictionaries(st.sampled_from(_FIELDS), junk, max_size=5) | st.dictionaries(
    st.sampled_from(_FIELDS), junk, max_size=1
).map(lambda wrong: {**_SOUND, **wrong})
"""Anything, or what fits with one thing wrong."""


@st.composite
def events(draw: st.DrawFn) -> bytes:
    """One event as it is sent: its data in the header or after it, and a payload."""
    header: dict[str, Any] = {"type": draw(st.sampled_from(_TAKEN) | st.text(max_size=8)), "version": "1.8.0"}
    body, payload = draw(data), draw(st.binary(max_size=64))
    after = b""
    if draw(st.booleans()):
        header["data"] = body
    else:
        after = json.dumps(body).encode()
        header["data_length"] = len(after)
    if payload:
        header["payload_length"] = len(payload)
    return json.dumps(header).encode() + b"\n" + after + payload


async def answered(place: Place, script: list[bytes], stays: bool) -> list[Event]:
    """What came back up to the answer to a last ping, or to the end that the server made.

    Who `stays` ends what was begun, asks once more, and leaves when that was answered: requests wait for each other.
    """
    told: list[Event] = []
    reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
    with suppress(ConnectionError):
        try:
            writer.write(b"".join(script))
            for event in (AudioStop().event(), Recognize(LAST).event()) if stays else (Ping(LAST).event(),):
                await async_write_event(event, writer)
            while (told_now := await async_read_event(reader)) is not None:
                told.append(told_now)
                if told_now.type in ("pong", "intent") and told_now.data.get("text") == LAST:
                    break
        finally:
            writer.close()
            await writer.wait_closed()
    return told


@pytest.mark.models
@pytest.mark.filterwarnings(OTHERS_USE_RANDOM)
def test_no_event_breaks_a_connection_but_its_own(place: Place) -> None:
    """One connection after another; what the last began ends with it, and its seat is free."""

    async def scene(script: list[bytes], stays: bool) -> None:
        with anyio.fail_after(_HANGS_S):
            for event in await answered(place, script, stays):
                assert event.type in _TOLD
                assert event.type != "error" or event.data["text"].endswith("."), event.data
        async with client(place) as other:
            await other.write_event(Ping("alive").event())
            assert (await until(other, "pong"))[-1].data["text"] == "alive"

    @examples(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
    @given(st.lists(events(), min_size=1, max_size=6), st.booleans())
    def many(script: list[bytes], stays: bool) -> None:
        anyio.run(scene, script, stays)

    before = own_threads()
    many()
    place.portal.call(emptied, place)
    assert own_threads() == before


def own_threads() -> set[threading.Thread]:
    """Others come and go with the pools of libraries."""
    return {thread for thread in threading.enumerate() if thread.name.startswith("jett-")}


async def emptied(place: Place) -> None:
    """When every seat was left."""
    with anyio.fail_after(_HANGS_S):
        while place.seats.taken:
            await anyio.lowlevel.checkpoint()
