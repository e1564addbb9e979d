"""`/v1/audio/speech`: text in Jett's voice, sent clause by clause while it is made."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from jett.server.openai.ports import Ports
from jett.server.openai.receiving import answers, body_schema, json_of
from jett.server.openai.refusing import ApiError
from jett.server.openai.streaming import Streamed, event, with_errors
from jett.server.visitor import Visitor
from jett.session.reading import Reader

RATE_HZ = 24_000
"""Of every format, as OpenAI's `pcm`."""
OPENAI_VOICES = frozenset(
    ("alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage", "shimmer", "verse")
)
"""Nobody's but OpenAI's; clients have one of them built in, so they are Jett's usual voice."""


class SpeechRequest(BaseModel):
    """What to say, and how. Other fields are taken and have no effect."""

    input: str = Field(min_length=1, max_length=4096)
    model: str = ""
    voice: str = Field(default="alloy", max_length=64)
    response_format: str = Field(default="mp3", max_length=16)
    speed: float = Field(default=1.0, ge=0.25, le=4.0)
    stream_format: Literal["audio", "sse"] = "audio"


def add_routes(routes: APIRouter, ports: Ports) -> None:
    """One route."""

    @routes.post(
        "/audio/speech",
        operation_id="createSpeech",
        summary="Text to speech",
        openapi_extra=body_schema(SpeechRequest),
        response_class=Response,
        responses=answers("The sound", *ports.media_types.values(), "text/event-stream"),
    )
    async def speech(request: Request, visitor: Visitor) -> Response:
        asked = await json_of(request, SpeechRequest)
        _check(asked, ports)
        async with AsyncExitStack() as until:
            seat = await until.enter_async_context(ports.seats.take(visitor))
            voice = ports.voice("" if asked.voice in OPENAI_VOICES else asked.voice, asked.speed)
            sound = _sound(Reader(seat, voice), asked, ports)
            if asked.stream_format == "sse":
                return Streamed(with_errors(_events(sound, asked)), until.pop_all(), "text/event-stream")
            first = await anext(sound)  # a voice that fails at once is told with a status
            return Streamed(_after(first, sound), until.pop_all(), ports.media_types[asked.response_format])


def _check(asked: SpeechRequest, ports: Ports) -> None:
    if asked.response_format not in ports.media_types:
        formats = ", ".join(ports.media_types)
        raise ApiError(400, f"this format is not written here; use one of: {formats}", param="response_format")
    if asked.voice not in OPENAI_VOICES and asked.voice not in ports.voices:
        voices = ", ".join(ports.voices)
        raise ApiError(400, f"there is no such voice; use one of: {voices}, or one of OpenAI's names", param="voice")


async def _sound(reader: Reader, asked: SpeechRequest, ports: Ports) -> AsyncGenerator[bytes, None]:
    encoder = ports.encoder(asked.response_format, RATE_HZ)
    resampler = ports.resampler(reader.engine.rate_hz, RATE_HZ)
    async with aclosing(reader.read(_once(asked.input))) as clips:
        async for clip in clips:
            if encoded := encoder.feed(resampler.push(clip.samples)):
                yield encoded
    yield encoder.feed(resampler.finish()) + encoder.finish()


async def _events(sound: AsyncGenerator[bytes, None], asked: SpeechRequest) -> AsyncGenerator[str, None]:
    async with aclosing(sound):
        async for piece in sound:
            yield event({"type": "speech.audio.delta", "audio": base64.b64encode(piece).decode("ascii")})
    tokens = len(asked.input) // 4
    usage = {"input_tokens": tokens, "output_tokens": 0, "total_tokens": tokens}
    yield event({"type": "speech.audio.done", "usage": usage})


async def _after(first: bytes, rest: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(rest):
        yield first
        async for piece in rest:
            yield piece


async def _once(text: str) -> AsyncGenerator[str, None]:
    yield text
