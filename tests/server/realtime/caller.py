"""A person at the other end: the official `openai` client, unmodified, a microphone at its own pace, and a diary."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import numpy as np
from anyio.abc import TaskGroup
from openai import AsyncOpenAI
from openai.resources.realtime.realtime import AsyncRealtimeConnection

from jett.audio.resample import resample
from jett.core.audio import SAMPLE_RATE_HZ, Samples, silence
from tests.server.realtime.house import Hall

HANG_S = 60.0
_PIECE_S = 0.04
Encode = Callable[[Samples], bytes]
Event = dict[str, Any]


def pcm(samples: Samples) -> bytes:
    """As the API has it."""
    return samples.astype("<i2").tobytes()


@dataclass
class Caller:
    """One connection. `events` is all that came, sound left out; `sound` is that of each item."""

    connection: AsyncRealtimeConnection
    tasks: TaskGroup
    rate_hz: int = 24_000
    encode: Encode = pcm
    events: list[Event] = field(default_factory=list)
    sound: dict[str, bytes] = field(default_factory=dict)
    _saying: Samples = field(default_factory=lambda: silence(0))
    _news: anyio.Event = field(default_factory=anyio.Event)

    async def listen(self) -> None:
        """Keeps the diary until the connection ends."""
        async for event in self.connection:
            known = event.to_dict()
            if known["type"] == "response.output_audio.delta":
                item_id = str(known["item_id"])
                self.sound[item_id] = self.sound.get(item_id, b"") + base64.b64decode(str(known.pop("delta")))
            self.events.append(known)
            self._news.set()

    def kinds(self, *leaving_out: str) -> list[str]:
        """The names of the events, those in a row once."""
        names = [event["type"] for event in self.events if event["type"] not in leaving_out]
        return [name for at, name in enumerate(names) if at == 0 or names[at - 1] != name]

    async def until(self, kind: str, count: int = 1, **fields: Any) -> Event:
        """The event of that name that is the `count`th so far, when it is there."""
        with anyio.fail_after(HANG_S):
            while True:
                found = [e for e in self.events if e["type"] == kind and fields.items() <= e.items()]
                if len(found) >= count:
                    return found[count - 1]
                self._news = anyio.Event()
                await self._news.wait()

    async def update(self, **session: Any) -> None:
        """A `session.update`, and its answer."""
        known = len([event for event in self.events if event["type"] == "session.updated"])
        await self.send({"type": "session.update", "session": {"type": "realtime", **session}})
        await self.until("session.updated", known + 1)

    async def send(self, event: Event) -> None:
        """As it is, also what the client's types do not know."""
        await self.connection.send(event)  # type: ignore[arg-type]

    async def append(self, speech: Samples) -> None:
        """All of it at once; 16 kHz."""
        for start in range(0, speech.size, SAMPLE_RATE_HZ):
            data = self.encode(resample(speech[start : start + SAMPLE_RATE_HZ], SAMPLE_RATE_HZ, self.rate_hz))
            await self.connection.input_audio_buffer.append(audio=base64.b64encode(data).decode())

    def say(self, speech: Samples) -> None:
        """Into the open microphone, now; 16 kHz."""
        self._saying = speech

    async def open_microphone(self) -> None:
        """At the pace of real time until the connection ends: what is said, and the quiet noise of a room."""
        room = np.random.default_rng(1)
        n_samples = int(SAMPLE_RATE_HZ * _PIECE_S)
        due_s = anyio.current_time()
        while True:
            piece = room.integers(-1, 2, n_samples).astype(np.int16)
            said, self._saying = self._saying[:n_samples], self._saying[n_samples:]
            piece[: said.size] += said
            data = self.encode(resample(piece, SAMPLE_RATE_HZ, self.rate_hz))
            await self.connection.input_audio_buffer.append(audio=base64.b64encode(data).decode())
            due_s += _PIECE_S
            await anyio.sleep_until(due_s)


@asynccontextmanager
async def calling(hall: Hall, *, rate_hz: int = 24_000, encode: Encode = pcm) -> AsyncGenerator[Caller, None]:
    """A connection while the block lasts."""
    async with (
        AsyncOpenAI(api_key="jett_test", base_url=hall.base_url) as client,
        client.realtime.connect(model="jett") as connection,
        anyio.create_task_group() as tasks,
    ):
        caller = Caller(connection, tasks, rate_hz, encode)
        tasks.start_soon(caller.listen)
        await caller.until("session.created")
        yield caller
        tasks.cancel_scope.cancel()
