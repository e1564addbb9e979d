"""`asr`: sound to text. Told while it comes (`transcript-chunk`), and whole at its end (`transcript`)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable
from contextlib import aclosing

import numpy as np
from wyoming.asr import Transcript, TranscriptChunk, TranscriptStart, TranscriptStop
from wyoming.audio import AudioChunk
from wyoming.event import Event

from jett.core.audio import SAMPLE_RATE_HZ, Samples
from jett.core.errors import AudioError
from jett.server.wyoming.ports import Ports
from jett.session.dictation import dictated

MOST_S = 600.0
"""Of sound in one request."""
_MOST_CHANNELS = 8

Write = Callable[[Event], Awaitable[None]]


async def transcribe(ports: Ports, chunks: AsyncIterable[AudioChunk], write: Write) -> None:
    """Write down what is said until the chunks end. Raises JettError."""
    text = ""
    async with ports.a_seat() as seat:
        await write(TranscriptStart(language=ports.language).event())
        async with aclosing(samples(ports, chunks)) as blocks, aclosing(dictated(seat, blocks)) as heard:
            async for segment in heard:
                delta = segment.text if not text else f" {segment.text}"
                text += delta
                await write(TranscriptChunk(delta).event())
    await write(Transcript(text, language=ports.language).event())
    await write(TranscriptStop().event())


async def samples(
    ports: Ports, chunks: AsyncIterable[AudioChunk], *, most_s: float = MOST_S
) -> AsyncGenerator[Samples, None]:
    """16 kHz mono. Raises AudioError for a form that is none, and for too much."""
    first: AudioChunk | None = None
    heard_s = 0.0
    async for chunk in chunks:
        if first is None:
            first = chunk
            resampler = ports.resampler(chunk.rate, SAMPLE_RATE_HZ)
        if (chunk.rate, chunk.width, chunk.channels) != (first.rate, first.width, first.channels):
            raise AudioError("wyoming: the form of the sound changed in the middle; begin again with audio-start")
        block = _mono(chunk)
        heard_s += block.size / chunk.rate
        if heard_s > most_s:
            raise AudioError(f"wyoming: more than {most_s:.0f} s of sound in one request; end it sooner")
        yield resampler.push(block)
    if first is not None:
        yield resampler.finish()


def _mono(chunk: AudioChunk) -> Samples:
    channels = chunk.channels
    if chunk.width != 2 or not 1 <= channels <= _MOST_CHANNELS:
        raise AudioError(f"wyoming: sound has 2 bytes a sample and 1 to {_MOST_CHANNELS} channels; convert it")
    whole = len(chunk.audio) // (2 * channels) * 2 * channels
    sound: Samples = np.frombuffer(chunk.audio[:whole], dtype="<i2").astype(np.int16)
    return sound if channels == 1 else sound.reshape(-1, channels).mean(axis=1).astype(np.int16)
