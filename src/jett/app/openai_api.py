"""The OpenAI-compatible API from the user's settings: what its routes are lent. Called by `jett serve`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fastapi import APIRouter

from jett.app.opening import App
from jett.app.servers import tools_wanted
from jett.audio.encoding import FORMATS, StreamEncoder
from jett.audio.files import stream_audio
from jett.audio.resample import FileResampler
from jett.core.ports import TextToSpeech
from jett.engines.tts.kokoro import KokoroTextToSpeech
from jett.engines.tts.piper import PiperTextToSpeech
from jett.guard import Identity
from jett.server.openai import Ports, router
from jett.session.seats import Seats


def openai_router(app: App, seats: Seats[Identity]) -> APIRouter:
    """`/v1/models`, `/v1/audio/…`, `/v1/chat/completions`, to be mounted inside the doors."""
    return router(openai_ports(app, seats))


def openai_ports(app: App, seats: Seats[Identity]) -> Ports:
    """What the routes are lent."""
    settings, names = app.settings, app.parts.names
    return Ports(
        seats=seats,
        read_audio=lambda file: stream_audio(Path(file)),
        resampler=FileResampler,
        encoder=StreamEncoder,
        media_types=FORMATS,
        voices=voices_of(app.parts.tts, names["tts"]),
        voice=_voice_of(app.parts.tts, names["tts"]),
        system_prompt=settings.llm.system_prompt,
        model=names["llm"],
        stt_model=names["stt"],
        language=settings.stt.language,
        offers_tools=tools_wanted(settings),
    )


def voices_of(tts: TextToSpeech, name: str) -> tuple[str, ...]:
    """The names by which a voice can be asked for; the first is the usual one."""
    return (name, *(tts.voices() if isinstance(tts, KokoroTextToSpeech) else ()))


def _voice_of(tts: TextToSpeech, usual: str) -> Callable[[str, float], TextToSpeech]:
    def voice(name: str, speed: float) -> TextToSpeech:
        chosen = tts
        if name not in ("", usual) and isinstance(tts, KokoroTextToSpeech):
            chosen = tts.speaking_as(name)
        if speed != 1.0 and isinstance(chosen, KokoroTextToSpeech | PiperTextToSpeech):
            return chosen.at(speed)
        return chosen

    return voice
