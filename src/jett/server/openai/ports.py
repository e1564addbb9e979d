"""What the API is lent by `app`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from jett.core.ports import TextToSpeech
from jett.guard import Identity
from jett.server.sound import MakeEncoder, MakeResampler, ReadAudio
from jett.session.seats import Seats


@dataclass(frozen=True, slots=True)
class Ports:
    """Seats at the engines, and what the engines are called."""

    seats: Seats[Identity]
    read_audio: ReadAudio
    resampler: MakeResampler
    encoder: MakeEncoder
    media_types: Mapping[str, str]
    """Of the formats that the encoder writes."""
    voices: tuple[str, ...]
    """Jett's own, by their names; OpenAI's names are Jett's usual voice."""
    voice: Callable[[str, float], TextToSpeech]
    """The voice of that name ("" is the usual one) at that speed; of the engine that the seats share."""
    system_prompt: str
    model: str
    """Of the language model, such as `embedded/qwen…`."""
    stt_model: str
    language: str
    """Spoken, such as `en`."""
    offers_tools: bool
    """Whether the model may be offered tools, a client's own, too (`llm.tools`)."""
