"""What Jett tells of itself when it is asked to describe."""

from __future__ import annotations

from typing import Any

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
    WakeModel,
    WakeProgram,
)

from jett.server.wyoming.ports import Ports, Waking

_NAME = "jett"


def info(ports: Ports) -> Info:
    """Ears, voice, answers and commands, and wake words where there are any."""
    by = Attribution("Jett", "https://github.com/OHF-Voice/wyoming")
    about: dict[str, Any] = {"attribution": by, "installed": True, "version": ports.version}
    languages = [ports.language]
    hears = AsrModel(name=ports.stt_model, description="What hears", languages=languages, **about)
    speaks = TtsVoice(name=ports.voice, description="What speaks", languages=languages, **about)
    answers = HandleModel(name=ports.model, description="What answers", languages=languages, **about)
    knows = IntentModel(name=_NAME, description="Jett's own commands", languages=languages, **about)
    return Info(
        asr=[
            AsrProgram(
                name=_NAME,
                description="Jett's ears",
                models=[hears],
                supports_transcript_streaming=True,
                prefers_auto_gain_enabled=False,
                prefers_noise_reduction_enabled=False,
                **about,
            )
        ],
        tts=[
            TtsProgram(
                name=_NAME,
                description="Jett's voice",
                voices=[speaks],
                supports_synthesize_streaming=True,
                **about,
            )
        ],
        handle=[
            HandleProgram(
                name=_NAME,
                description="Jett",
                models=[answers],
                supports_handled_streaming=True,
                **about,
            )
        ],
        wake=[] if ports.waking is None else [_wakes(ports.waking, about, languages)],
        intent=[IntentProgram(name=_NAME, description="Jett's commands", models=[knows], **about)],
    )


def _wakes(waking: Waking, about: dict[str, Any], languages: list[str]) -> WakeProgram:
    models = [
        WakeModel(name=rule.name, description=phrase, phrase=phrase, languages=languages, **about)
        for rule, phrase in zip(waking.rules, waking.phrases, strict=True)
    ]
    return WakeProgram(name=_NAME, description="What Jett is called by", models=models, **about)
