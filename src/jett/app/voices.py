"""Which voice speaks: the one that the settings name, or the best that the machine can afford, and why.

The policy and the measuring are `engines.tts.voice_choice`'s. Called by `opening` and by the commands that only speak.
"""

from __future__ import annotations

from pathlib import Path

import platformdirs

from jett.app.card import onnx_providers
from jett.core.errors import ConfigError, ModelMissing
from jett.core.ports import TextToSpeech
from jett.engines.tts.voice_choice import MeasuredVoice, choose_voice, measure_first_audio
from jett.engines.tts.voice_memory import MeasuredVoices
from jett.models.store import Store
from jett.settings import Settings

VOICES_BEST_FIRST = ("kokoro", "piper-joe")

REMOTE = "openai"
VOICE_MODELS: dict[str, tuple[str, ...]] = {
    "kokoro": ("kokoro-82m-int8", "kokoro-voices"),
    "piper-joe": ("piper-en-us-joe",),
    REMOTE: (),
}


def load_tts(settings: Settings, models: Store) -> tuple[TextToSpeech, str]:
    """The voice that `tts.backend` names, or the best that the machine can afford; and why."""
    require_voice(settings, models)
    named = named_voice(settings)
    if named is not None:
        _require_installed(named, models)
        return _load_voice(named, settings, models), f"{named}, as the settings ask"
    budget_ms = settings.tts.first_audio_budget_ms
    measured = MeasuredVoices(voice_cache_path())
    voices = [
        MeasuredVoice(name, _first_audio_ms(name, settings, models, measured, budget_ms)) for name in VOICES_BEST_FIRST
    ]
    choice = choose_voice(voices, budget_ms)
    if not choice.name:
        raise ModelMissing("tts: no voice is installed, need one; fix: jett models pull piper-en-us-joe")
    return _load_voice(choice.name, settings, models), choice.reason


def require_voice(settings: Settings, models: Store) -> None:
    """Raises ConfigError where `tts.voice` is no voice of its backend, or the backend lacks what it needs."""
    voice = settings.tts.voice
    if settings.tts.backend == "openai":
        close_voice(_remote_voice(settings))
        return
    names = [file.name.removesuffix(".bin") for file in models.manifest.model("kokoro-voices").files]
    if voice and settings.tts.backend == "piper":
        raise ConfigError(f"tts.voice: '{voice}' is none of piper's, which has one; leave tts.voice empty")
    if voice and voice not in names:
        raise ConfigError(f"tts.voice: no voice is called '{voice}'; use one of: {', '.join(names)}")


def named_voice(settings: Settings) -> str | None:
    """The one that the settings leave no choice but to take, of `VOICE_MODELS`: named itself, or a voice of it."""
    if settings.tts.backend == "auto":
        return "kokoro" if settings.tts.voice else None
    return {"kokoro": "kokoro", "piper": "piper-joe", "openai": REMOTE}[settings.tts.backend]


def _require_installed(name: str, models: Store) -> None:
    """Raises ModelMissing with one command for all that the voice lacks."""
    needed = VOICE_MODELS[name]
    missing = [model_id for model_id in needed if models.state(model_id) in ("missing", "partial")]
    if missing:
        raise ModelMissing(
            f"tts: {name} is asked for and is not in {models.root} (no {' and no '.join(missing)}); "
            f"fix: jett models pull {' '.join(needed)}"
        )


def voice_name(tts: TextToSpeech) -> str:
    """Such as `kokoro`, for reports."""
    return type(tts).__name__.removesuffix("TextToSpeech").lower()


def voice_trouble(settings: Settings, tts: TextToSpeech) -> str:
    """Why the voice is slower than the settings ask; empty where it is not."""
    from jett.engines.onnx import has_cuda

    if settings.tts.device != "cuda" or voice_name(tts) != "kokoro" or has_cuda():
        return ""
    return "tts: device 'cuda', but the ONNX Runtime that is installed cannot use a card; the voice runs on the CPU"


def voice_cache_path() -> Path:
    """Where measured voices are remembered between starts."""
    return platformdirs.user_cache_path("jett", appauthor=False) / "voices.json"


def _first_audio_ms(
    name: str, settings: Settings, models: Store, measured: MeasuredVoices, budget_ms: float
) -> float | None:
    """Remembered from the first start on this machine; None when the voice is not in the store."""
    model_id = VOICE_MODELS[name][0]
    if not all(models.has(needed) for needed in VOICE_MODELS[name]):
        return None
    key = f"{models.manifest.model(model_id).files[0].sha256}/{settings.tts.device}/{settings.tts.threads}"
    remembered = measured.get(key)
    if remembered is not None:
        return remembered
    voice = _load_voice(name, settings, models)
    try:
        first_audio_ms = measure_first_audio(voice, budget_ms=budget_ms)
    finally:
        close_voice(voice)
    measured.remember(key, first_audio_ms)
    return first_audio_ms


def _load_voice(name: str, settings: Settings, models: Store) -> TextToSpeech:
    if name == REMOTE:
        return _remote_voice(settings)
    threads = settings.tts.threads or 2
    if name == "kokoro":
        from jett.engines.tts.kokoro import KokoroTextToSpeech

        kokoro = KokoroTextToSpeech(
            models.file("kokoro-82m-int8"),
            models.path("kokoro-voices"),
            voice=settings.tts.voice or "af_heart",
            threads=threads,
            providers=onnx_providers(settings.tts.device),
            speed=settings.tts.speed,
        )
        kokoro.warm_up()
        return kokoro
    from jett.engines.tts.piper import PiperTextToSpeech

    piper = PiperTextToSpeech(models.file("piper-en-us-joe"), threads=threads, speed=settings.tts.speed)
    piper.warm_up()
    return piper


def _remote_voice(settings: Settings) -> TextToSpeech:
    from jett.engines.tts.openai_speech import OpenAITextToSpeech

    tts = settings.tts
    return OpenAITextToSpeech(
        tts.url, tts.model, tts.voice, speed=tts.speed, api_key=tts.read_api_key(), timeout_s=tts.timeout_s
    )


def close_voice(voice: TextToSpeech) -> None:
    """Give back what the voice holds; not every voice holds something."""
    close = getattr(voice, "close", None)
    if close is not None:
        close()
