"""`/v1/audio/transcriptions`: a recording written down, stretch by stretch, while conversations go on."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncGenerator, Iterator
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import Any

import anyio.to_thread
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, field_validator
from starlette.datastructures import FormData, UploadFile
from starlette.responses import JSONResponse, PlainTextResponse

from jett.core.audio import SAMPLE_RATE_HZ, Samples
from jett.guard import Identity
from jett.server.openai.ports import Ports
from jett.server.openai.receiving import answers, form_of
from jett.server.openai.refusing import ApiError
from jett.server.openai.streaming import Streamed, event, with_errors
from jett.server.openai.subtitles import srt, vtt
from jett.server.visitor import Visitor
from jett.session.dictation import Heard, dictated

MOST_S = 2 * 3600.0
"""Of sound in one file."""
FORMATS = ("json", "text", "verbose_json", "srt", "vtt")
_BLOCK_BYTES = 1 << 20


class Fields(BaseModel):
    """What stands beside the file. Model, language, prompt and temperature are taken and have no effect."""

    response_format: str = "json"
    stream: bool = False
    temperature: float = Field(default=0.0, ge=0, le=1)

    @field_validator("response_format")
    @classmethod
    def _is_written(cls, name: str) -> str:
        if name not in FORMATS:
            raise ValueError(f"use one of {', '.join(FORMATS)}")
        return name


class _Recording:
    """A file's sound, block by block, and how much there was."""

    def __init__(self, file: Path, ports: Ports) -> None:
        self._blocks: Iterator[Samples] = ports.read_audio(file)
        self.seconds = 0.0

    async def blocks(self) -> AsyncGenerator[Samples, None]:
        """Raises AudioError, ApiError for what is too long."""
        while (block := await anyio.to_thread.run_sync(next, self._blocks, None)) is not None:
            self.seconds += block.size / SAMPLE_RATE_HZ
            if self.seconds > MOST_S:
                raise ApiError(413, f"the file is longer than {MOST_S:.0f} s; send it in parts", param="file")
            yield block


def add_routes(routes: APIRouter, ports: Ports) -> None:
    """One route."""

    @routes.post(
        "/audio/transcriptions",
        operation_id="createTranscription",
        summary="Speech to text",
        openapi_extra=_FORM,
        response_class=Response,
        responses=answers("What was said", "application/json", "text/plain", "text/vtt", "text/event-stream"),
    )
    async def transcriptions(request: Request, visitor: Visitor) -> Response:
        async with AsyncExitStack() as until:
            form = await until.enter_async_context(form_of(request))
            fields = Fields.model_validate({k: v for k, v in form.items() if isinstance(v, str)})
            recording = _Recording(await _on_disk(form, until), ports)
            heard = await _begun(recording, visitor, ports, until)
            if fields.stream and fields.response_format in ("json", "text"):
                return Streamed(with_errors(_events(heard)), until.pop_all(), "text/event-stream")
            async with aclosing(heard):
                segments = [segment async for segment in heard]
            return _written(segments, recording.seconds, fields.response_format, ports)


async def _begun(
    recording: _Recording, visitor: Identity, ports: Ports, until: AsyncExitStack
) -> AsyncGenerator[Heard, None]:
    """Its first block is read before a seat is taken: what is no sound is refused with a status."""
    blocks = recording.blocks()
    first = await anext(blocks)
    seat = await until.enter_async_context(ports.seats.take(visitor))
    return dictated(seat, _after(first, blocks))


async def _on_disk(form: FormData, until: AsyncExitStack) -> Path:
    """The file under a name of its own, which the decoder can go back in."""
    upload = form.get("file")
    if not isinstance(upload, UploadFile):
        raise ApiError(400, "file: there is none; send a recording as multipart/form-data", param="file")
    kept = until.enter_context(tempfile.NamedTemporaryFile(prefix="jett-"))  # noqa: SIM115 - the stack closes it
    while block := await upload.read(_BLOCK_BYTES):
        await anyio.to_thread.run_sync(kept.write, block)
    await anyio.to_thread.run_sync(kept.flush)
    return Path(kept.name)


async def _after(first: Samples, rest: AsyncGenerator[Samples, None]) -> AsyncGenerator[Samples, None]:
    async with aclosing(rest):
        yield first
        async for block in rest:
            yield block


async def _events(heard: AsyncGenerator[Heard, None]) -> AsyncGenerator[str, None]:
    text = ""
    async with aclosing(heard):
        async for segment in heard:
            delta = segment.text if not text else f" {segment.text}"
            text += delta
            yield event({"type": "transcript.text.delta", "delta": delta})
    yield event({"type": "transcript.text.done", "text": text})


def _written(segments: list[Heard], seconds: float, kind: str, ports: Ports) -> Response:
    text = " ".join(segment.text for segment in segments)
    match kind:
        case "text":
            return PlainTextResponse(f"{text}\n")
        case "srt":
            return PlainTextResponse(srt(segments))
        case "vtt":
            return PlainTextResponse(vtt(segments), media_type="text/vtt")
        case "verbose_json":
            return JSONResponse(_verbose(segments, text, seconds, ports.language))
    return JSONResponse({"text": text, "usage": {"type": "duration", "seconds": round(seconds)}})


def _verbose(segments: list[Heard], text: str, seconds: float, language: str) -> dict[str, Any]:
    rows = [
        {
            "id": number,
            "seek": 0,
            "start": round(heard.start_s, 3),
            "end": round(heard.end_s, 3),
            "text": heard.text,
            "tokens": [],
            "temperature": 0.0,
            "avg_logprob": heard.mean_logprob,
            "compression_ratio": 1.0,
            "no_speech_prob": heard.no_speech_probability,
        }
        for number, heard in enumerate(segments)
    ]
    return {
        "task": "transcribe",
        "language": language,
        "duration": round(seconds, 3),
        "text": text,
        "segments": rows,
        "usage": {"type": "duration", "seconds": round(seconds)},
    }


_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "model": {"type": "string"},
                        "response_format": {"type": "string", "enum": list(FORMATS), "default": "json"},
                        "stream": {"type": "boolean", "default": False},
                        "language": {"type": "string"},
                        "prompt": {"type": "string"},
                        "temperature": {"type": "number", "minimum": 0, "maximum": 1},
                    },
                }
            }
        },
    }
}
