"""The model store, and what of it the settings need. Called before anything is loaded."""

from __future__ import annotations

from collections.abc import Iterator

from jett.app.voices import VOICE_MODELS, named_voice
from jett.app.wake_heads import wake_models
from jett.app.wake_looks import lookers
from jett.core.errors import ModelError
from jett.models.manifest import Role, load_manifest
from jett.models.store import Store
from jett.settings import Settings


def store(settings: Settings) -> Store:
    """The model store that the settings name."""
    return Store(settings.models.dir, mirror=settings.models.mirror or None)


def needed_models(settings: Settings) -> list[str]:
    """Ids of the models that must be in the store before these settings can talk."""
    needed = ["silero-vad", "smart-turn-v3.2", *(model_id for _, _, model_id in _named_models(settings))]
    if settings.wake.enabled:
        needed += wake_models(settings.wake.words, load_manifest())
        needed += lookers(settings.wake.words, settings)
    if settings.speaker.enabled:
        needed.append("ge2e")
    if settings.memory.keep:
        needed.append("all-minilm-l6-v2")
    return [*needed, *VOICE_MODELS[named_voice(settings) or "piper-joe"]]


def require_known_models(settings: Settings, models: Store) -> None:
    """Raises ModelError where a setting names no model of its kind; a server may name its models as it likes."""
    for key, role, model_id in _named_models(settings):
        known = [model.id for model in models.manifest.models.values() if model.role == role]
        if model_id not in known:
            kind = {"stt": "speech-to-text", "llm": "language"}.get(role, role)
            raise ModelError(f"{key}: no {kind} model is called {model_id!r}; use one of: {', '.join(known)}")


def _named_models(settings: Settings) -> Iterator[tuple[str, Role, str]]:
    """Those that run here: the setting, the kind, and the model."""
    if settings.stt.backend == "ctranslate2":
        yield "stt.model", "stt", settings.stt.model
    if settings.llm.backend == "embedded":
        yield "llm.model", "llm", settings.llm.model
        if settings.llm.draft_model:
            yield "llm.draft_model", "llm", settings.llm.draft_model
