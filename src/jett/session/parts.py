"""The parts a conversation is made of, and its settings: what `app` puts together and `Conversation` uses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from jett.core.ports import (
    Commands,
    EchoCanceller,
    EchoReference,
    LanguageModel,
    SpeechToText,
    TextToSpeech,
    Tools,
    TurnDetector,
    VoiceActivityDetector,
)
from jett.session.identifying import Identifying
from jett.turns.machine import TurnSettings


@dataclass(frozen=True, slots=True)
class Parts:
    """Engines, ready to work. `spoken` turns written text into words for the voice."""

    vad: VoiceActivityDetector
    turn_detector: TurnDetector
    stt: SpeechToText
    llm: LanguageModel
    tts: TextToSpeech
    spoken: Callable[[str], str]
    canceller: EchoCanceller | None = None
    echo_reference: EchoReference | None = None
    commands: Commands | None = None
    tools: Tools | None = None
    """What the language model may use; None where it only talks."""
    identifying: Identifying | None = None
    """Whose voice it is; None where that is not looked at."""
    redact: Callable[[str], str] = str
    """Takes secrets out of what is heard, answered and told; `app` gives the guard's."""
    names: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConversationSettings:
    """How the conversation goes; thresholds of turns are in `turns`."""

    system_prompt: str
    context_tokens: int = 2048
    turns: TurnSettings = field(default_factory=TurnSettings)
    partials: bool = True
    partial_every_s: float = 0.5
    prefill: bool = True
    earlier_min_s: float = 3.0
    """A pause after this much new speech makes the text before it final, so that it is not transcribed again."""
    earlier_pause_s: float = 0.16
