"""The model store, and what of it the settings need. Called before anything is loaded."""

from __future__ import annotations

from jett.app.voices import VOICE_MODELS, named_voice
from jett.models.store import Store
from jett.settings import Settings


def store(settings: Settings) -> Store:
    """The model store that the settings name."""
    return Store(settings.models.dir, mirror=settings.models.mirror or None)


def needed_models(settings: Settings) -> list[str]:
    """Ids of the models that must be in the store before these settings can talk."""
    needed = ["silero-vad", "smart-turn-v3.2"]
    if settings.stt.backend == "ctranslate2":
        needed.append(settings.stt.model)
    if settings.llm.backend == "embedded":
        needed.append(settings.llm.model)
    if settings.memory.keep:
        needed.append("all-minilm-l6-v2")
    return [*needed, *VOICE_MODELS[named_voice(settings) or "piper-joe"]]
