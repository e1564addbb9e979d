"""What Jett tells of itself when it is asked to describe."""

from __future__ import annotations

from wyoming.info import (
    AsrModel,
    AsrProgram,
    Attribution,
    HandleModel,
    HandleProgram,
    Info,
    IntentModel,
    IntentProgram,
    TtsProgram,
    TtsVoice,
)

from jett.server.wyoming.ports import Ports

_NAME = "jett"


def info(ports: Ports) -> Info:
    """Ears, voice, answers and commands; no wake word."""
    by = Attribution("Jett", "https://github.com/OHF-Voice/wyoming")
    about = {"attribution": by, "installed": True, "version": ports.version}
    languages = [ports.language]
    hears = AsrModel(name=ports.stt_model, description="What hears", languages=languages, **about)  # type: ignore[arg-type]
    speaks = TtsVoice(name=ports.voice, description="What speaks", languages=languages, **about)  # type: ignore[arg-type]
    answers = HandleModel(name=ports.model, description="What answers", languages=languages, **about)  # type: ignore[arg-type]
    knows = IntentModel(name=_NAME, description="Jett's own commands", languages=languages, **about)  # type: ignore[arg-type]
    return Info(
        asr=[
            AsrProgram(
                name=_NAME,
                description="Jett's ears",
                models=[hears],
                supports_transcript_streaming=True,
                prefers_auto_gain_enabled=False,
                prefers_noise_reduction_enabled=False,
                **about,  # type: ignore[arg-type]
            )
        ],
        tts=[
            TtsProgram(
                name=_NAME,
                description="Jett's voice",
                voices=[speaks],
                supports_synthesize_streaming=True,
                **about,  # type: ignore[arg-type]
            )
        ],
        handle=[
            HandleProgram(
                name=_NAME,
                description="Jett",
                models=[answers],
                supports_handled_streaming=True,
                **about,  # type: ignore[arg-type]
            )
        ],
        intent=[IntentProgram(name=_NAME, description="Jett's commands", models=[knows], **about)],  # type: ignore[arg-type]
    )
