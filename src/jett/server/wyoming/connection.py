"""One client of Wyoming's: its events in, one request after another, and what comes of each out.

A request runs in a task beside the reading, so that sound is heard while it comes; what it has not taken yet waits in a
bounded channel, and then in the client. A request that fails is told as an `error` event. Leaving ends requests.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

import anyio
from anyio.abc import TaskGroup
from anyio.streams.memory import MemoryObjectSendStream
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event, async_write_event
from wyoming.info import Describe
from wyoming.intent import Recognize
from wyoming.ping import Ping, Pong
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop
from wyoming.wake import Detect, NotDetected

from jett.core.errors import JettError
from jett.server.wyoming.described import info
from jett.server.wyoming.handling import MOST_CHARACTERS, handle, recognize
from jett.server.wyoming.hearing import transcribe
from jett.server.wyoming.ports import Ports
from jett.server.wyoming.reading import WrongEvent, read_event
from jett.server.wyoming.speaking import synthesize
from jett.server.wyoming.waking import Listening, detect, listening

T = TypeVar("T")

IDLE_S = 120.0
"""Home Assistant connects for each request; who says nothing for so long has gone."""
_WRITE_WITHIN_S = 30.0
_WAITING = 64


class Connection:
    """Until the client leaves, or says what is no event."""

    def __init__(
        self, ports: Ports, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, idle_s: float = IDLE_S
    ) -> None:
        self._ports = ports
        self._reader = reader
        self._writer = writer
        self._idle_s = idle_s
        self._tasks: TaskGroup
        self._working = anyio.Lock()
        self._sound: MemoryObjectSendStream[AudioChunk] | None = None
        self._text: MemoryObjectSendStream[str] | None = None
        self._waits_for: Listening | None = None
        self._deaf = False
        """Until another request: sound comes for wake words that are not here."""

    async def run(self) -> None:
        """Raises WrongEvent, OSError, TimeoutError: whoever accepted it ends it."""
        try:
            async with anyio.create_task_group() as self._tasks:
                while True:
                    with anyio.fail_after(self._idle_s):
                        event = await read_event(self._reader)
                    if event is None:
                        break
                    await self._take(event)
                self._tasks.cancel_scope.cancel()
        finally:
            self._end_inputs()

    async def _take(self, event: Event) -> None:
        try:
            await self._dispatch(event)
        except (KeyError, TypeError, ValueError, AttributeError):  # a field that the package misses or cannot use
            raise WrongEvent(f"a {event.type[:40]!r} lacks a field, or has a wrong one") from None

    async def _dispatch(self, event: Event) -> None:
        kind = event.type
        if Describe.is_type(kind):
            await self._write(info(self._ports).event())
        elif Ping.is_type(kind):
            await self._write(Pong(Ping.from_event(event).text).event())
        elif Transcribe.is_type(kind):
            self._end_inputs()
            self._waits_for, self._deaf = None, False
        elif Detect.is_type(kind):
            await self._wait_for(Detect.from_event(event))
        elif AudioStart.is_type(kind):
            self._hear()
        elif AudioChunk.is_type(kind):
            await self._hear_more(_sound(AudioChunk.from_event(event)))
        elif AudioStop.is_type(kind):
            self._end_inputs()
        else:
            await self._dispatch_text(event)

    async def _dispatch_text(self, event: Event) -> None:
        kind = event.type
        if SynthesizeStart.is_type(kind):
            self._speak(streamed=True)
        elif SynthesizeChunk.is_type(kind):
            await self._speak_more(_checked(SynthesizeChunk.from_event(event).text))
        elif SynthesizeStop.is_type(kind):
            self._end_inputs()
        elif Synthesize.is_type(kind) and self._text is None:  # else it repeats for others what was streamed
            text = _checked(Synthesize.from_event(event).text)
            self._speak(streamed=False)
            await self._speak_more(text)
            self._end_inputs()
        elif Transcript.is_type(kind):
            self._begin(partial(handle, self._ports, _checked(Transcript.from_event(event).text), self._write))
        elif Recognize.is_type(kind):
            self._begin(partial(recognize, self._ports, _checked(Recognize.from_event(event).text), self._write))

    async def _wait_for(self, asked: Detect) -> None:
        self._end_inputs()
        self._waits_for = listening(self._ports, asked)
        self._deaf = self._waits_for is None
        if self._deaf:
            await self._write(NotDetected().event())

    def _hear(self) -> None:
        self._end_inputs()
        if self._deaf:
            return
        self._sound, chunks = anyio.create_memory_object_stream[AudioChunk](_WAITING)
        if self._waits_for is None:
            request = partial(transcribe, self._ports, chunks, self._write)
        else:
            request = partial(detect, self._ports, self._waits_for, chunks, self._write)
        self._begin(request, chunks.close)

    async def _hear_more(self, chunk: AudioChunk) -> None:
        if self._sound is None and self._waits_for is not None:  # satellites do not always say that sound starts
            self._hear()
        if self._sound is not None:
            await _send(self._sound, chunk)

    def _speak(self, *, streamed: bool) -> None:
        self._end_inputs()
        self._text, texts = anyio.create_memory_object_stream[str](_WAITING)
        self._begin(partial(synthesize, self._ports, texts, self._write, streamed=streamed), texts.close)

    async def _speak_more(self, text: str) -> None:
        if self._text is not None:
            await _send(self._text, text)

    def _end_inputs(self) -> None:
        """What was being heard or spoken is complete."""
        for stream in (self._sound, self._text):
            if stream is not None:
                stream.close()
        self._sound = self._text = None

    def _begin(self, request: Callable[[], Awaitable[None]], end: Callable[[], None] = lambda: None) -> None:
        if self._working.statistics().tasks_waiting >= _WAITING:
            raise WrongEvent(f"more than {_WAITING} requests wait")
        self._tasks.start_soon(self._to_its_end, request, end)

    async def _to_its_end(self, request: Callable[[], Awaitable[None]], end: Callable[[], None]) -> None:
        try:
            async with self._working:
                try:
                    await request()
                except JettError as error:
                    await self._write(Error(error.spoken, type(error).__name__).event())
        finally:
            end()

    async def _write(self, event: Event) -> None:
        with anyio.fail_after(_WRITE_WITHIN_S):
            await async_write_event(event, self._writer)


async def _send(stream: MemoryObjectSendStream[T], item: T) -> None:
    """Unless what it is for has failed already, which was told."""
    with suppress(anyio.BrokenResourceError):
        await stream.send(item)


def _sound(chunk: AudioChunk) -> AudioChunk:
    """The package takes whatever stands in the header."""
    form: tuple[object, ...] = (chunk.rate, chunk.width, chunk.channels)
    if any(type(number) is not int for number in form):
        raise WrongEvent("rate, width and channels of sound are whole numbers")
    return chunk


def _checked(text: object) -> str:
    if not isinstance(text, str) or len(text) > MOST_CHARACTERS:
        raise WrongEvent(f"a text is not one of at most {MOST_CHARACTERS} characters")
    return text
