"""Which engine hears, judges turns and answers: one function a stage, which imports its engine only when it is chosen.

The voice is `voices`'s. Called by `opening`, and by the commands and benchmarks that need one engine alone.
"""

from __future__ import annotations

from dataclasses import replace

from jett.app.card import compute_type, require_card, stt_device
from jett.app.redacted_model import RedactedLanguageModel
from jett.app.voices import voice_name
from jett.core.errors import ConfigError
from jett.core.ports import LanguageModel, SpeechToText, TextToSpeech, TurnDetector, VoiceActivityDetector
from jett.engines.llm.answer import Timeouts
from jett.models.store import Store
from jett.settings import Settings


def load_vad(models: Store) -> VoiceActivityDetector:
    from jett.engines.vad.silero import SileroVoiceActivityDetector

    return SileroVoiceActivityDetector(models.file("silero-vad"))


def another_vad(vad: VoiceActivityDetector) -> VoiceActivityDetector:
    """One that hears something else, with the same weights."""
    from jett.engines.vad.silero import SileroVoiceActivityDetector

    assert isinstance(vad, SileroVoiceActivityDetector), "there is no other"
    return vad.another()


def load_turn_detector(models: Store) -> TurnDetector:
    from jett.engines.turn.smart_turn import SmartTurnDetector

    return SmartTurnDetector(models.file("smart-turn-v3.2"))


def load_stt(settings: Settings, models: Store) -> SpeechToText:
    """The engine that `stt.backend` names."""
    stt = settings.stt
    if stt.backend == "openai":
        from jett.engines.stt.openai_audio import OpenAISpeechToText

        return OpenAISpeechToText(stt.url, stt.model, api_key=stt.read_api_key(), timeout_s=stt.timeout_s)
    require_card(settings)
    require_language(settings)
    from jett.engines.stt.whisper import WhisperSpeechToText

    device = stt_device(settings)
    return WhisperSpeechToText(
        models.path(stt.model),
        device=device,
        compute_type=compute_type(stt.compute_type, device),
        threads=stt.threads or 1,
        padding_s=stt.padding_s,
        language=stt.language,
        vocabulary=stt.vocabulary,
    )


def require_language(settings: Settings) -> None:
    """Raises ConfigError where the model does not know the language."""
    stt = settings.stt
    if stt.backend != "openai" and stt.model.endswith(".en") and stt.language != "en":
        raise ConfigError(
            f"stt: {stt.model} knows English alone, stt.language is '{stt.language}'; "
            'set stt.model = "whisper-base", which knows 99 languages'
        )


def load_llm(settings: Settings, models: Store) -> RedactedLanguageModel:
    """The engine that `llm.backend` names, which is told no secret."""
    return RedactedLanguageModel(_language_model(settings, models))


def _language_model(settings: Settings, models: Store) -> LanguageModel:
    llm = settings.llm
    if llm.backend != "embedded" and not llm.url:
        raise ConfigError(f"llm: backend '{llm.backend}' has no address; set llm.url, such as http://127.0.0.1:11434")
    timeouts = Timeouts(first_byte_s=llm.timeout_s, gap_s=llm.timeout_s)
    remote = replace(timeouts, prefill_s=llm.timeout_s)  # a server that hangs must not hold up the start
    if llm.backend == "openai":
        from jett.engines.llm.openai_chat import OpenAIChatLanguageModel

        return OpenAIChatLanguageModel(
            llm.url,
            model=llm.model,
            api_key=llm.read_api_key(),
            max_tokens=llm.max_tokens,
            temperature=llm.temperature,
            timeouts=remote,
        )
    if llm.backend == "ollama":
        from jett.engines.llm.ollama import OllamaLanguageModel

        return OllamaLanguageModel(
            llm.url,
            llm.model,
            num_ctx=llm.context_tokens,
            max_tokens=llm.max_tokens,
            temperature=llm.temperature,
            timeouts=remote,
        )
    from jett.engines.llm.embedded import EmbeddedLanguageModel, EmbeddedSettings

    gpu_layers = 0 if llm.gpu_layers < 0 and settings.profile == "cpu" else llm.gpu_layers
    return EmbeddedLanguageModel(
        models.file(llm.model),
        EmbeddedSettings(
            threads=llm.threads,
            context_tokens=llm.context_tokens,
            cache_type=llm.cache_type,
            draft_path=models.file(llm.draft_model) if llm.draft_model else None,
            gpu_layers=gpu_layers,
            slots=llm.slots,
        ),
        max_tokens=llm.max_tokens,
        temperature=llm.temperature,
        timeouts=timeouts,
    )


def engine_names(settings: Settings, tts: TextToSpeech) -> dict[str, str]:
    """What does the work, stage by stage, for reports."""
    return {
        "vad": "silero-vad",
        "turn": "smart-turn-v3.2",
        "stt": f"{settings.stt.backend}/{settings.stt.model}",
        "llm": f"{settings.llm.backend}/{settings.llm.model}",
        "tts": voice_name(tts),
    }
