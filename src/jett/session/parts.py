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
    WakeWordDetector,
)
from jett.session.identifying import Identifying
from jett.session.second_look import SecondLook
from jett.turns.asleep import AsleepSettings
from jett.turns.machine import TurnSettings
from jett.turns.wake import WakeRule


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
    wake: WakeWordDetector | None = None
    """With it Jett sleeps until it is called; without it, it always listens."""
    wake_rules: tuple[WakeRule, ...] = ()
    """When each of its names counts as called; where there are none, at a score of 0.5."""
    second_look: SecondLook | None = None
    """Whether a call is one; where nothing can look, the transcript must hold the name."""
    after_name: Callable[[str], str | None] = lambda text: None
    """What a transcript says after Jett's name; None where that does not stand in front."""
    names: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConversationSettings:
    """How the conversation goes; thresholds of turns are in `turns`."""

    system_prompt: str
    context_tokens: int = 2048
    turns: TurnSettings = field(default_factory=TurnSettings)
    asleep: AsleepSettings = field(default_factory=AsleepSettings)
    refractory_s: float = 2.0
    """Time after a call in which another is not taken for a new one."""
    push_to_talk: bool = False
    """Whether Jett sleeps until somebody wakes it, also where no name could."""
    partials: bool = True
    partial_every_s: float = 0.5
    prefill: bool = True
    earlier_min_s: float = 3.0
    """A pause after this much new speech makes the text before it final, so that it is not transcribed again."""
    earlier_pause_s: float = 0.16
