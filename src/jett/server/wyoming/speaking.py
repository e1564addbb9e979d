"""`tts`: text to sound, clause by clause while the text still comes."""

from __future__ import annotations

from collections.abc import AsyncIterable
from contextlib import aclosing

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.tts import SynthesizeStopped

from jett.core.audio import Samples
from jett.server.wyoming.hearing import Write
from jett.server.wyoming.ports import Ports
from jett.session.reading import Reader

_CHUNK_SAMPLES = 2048


async def synthesize(ports: Ports, texts: AsyncIterable[str], write: Write, *, streamed: bool) -> None:
    """Speak what comes until the texts end; `streamed`: they came with `synthesize-start`. Raises JettError."""
    async with ports.a_seat() as seat:
        reader = Reader(seat)
        rate_hz = reader.engine.rate_hz
        await write(AudioStart(rate_hz, 2, 1).event())
        async with aclosing(reader.read(texts)) as clips:
            async for clip in clips:
                await _send(clip.samples, rate_hz, write)
    await write(AudioStop().event())
    if streamed:
        await write(SynthesizeStopped().event())


async def _send(samples: Samples, rate_hz: int, write: Write) -> None:
    for start in range(0, samples.size, _CHUNK_SAMPLES):
        piece = samples[start : start + _CHUNK_SAMPLES].astype("<i2", copy=False).tobytes()
        await write(AudioChunk(rate_hz, 2, 1, piece).event())
