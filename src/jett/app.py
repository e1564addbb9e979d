"""The composition root: the only file that names concrete engines. Settings in, a conversation's parts out.

Called by the commands and by the benchmarks; decides nothing that a setting or a measurement does not say.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import platformdirs

from jett.core.audio import silence
from jett.core.errors import ConfigError, LanguageModelError, ModelMissing
from jett.core.ports import LanguageModel, Message, SpeechToText, TextToSpeech, TurnDetector, VoiceActivityDetector
from jett.engines.llm.answer import Timeouts
from jett.engines.tts.voice_choice import MeasuredVoice, choose_voice, measure_first_audio
from jett.engines.tts.voice_memory import MeasuredVoices
from jett.models.store import Store
from jett.models.vram_card import find_card
from jett.session.parts import ConversationSettings, Parts
from jett.settings import Settings
from jett.settings.vram import fitted
from jett.turns.endpointing import Endpointing
from jett.turns.machine import TurnSettings
from jett.turns.speech_tracker import TrackerSettings
from jett.turns.spoken_text import spoken_text

OnLoaded = Callable[[str], None]
"""Told the name of each part when it is ready."""


@dataclass(frozen=True, slots=True)
class App:
    """Engines that are loaded and warm, and the settings they were made from."""

    settings: Settings
    parts: Parts
    voice_reason: str
    """Why this voice, in one sentence."""
    troubles: tuple[str, ...] = ()
    """What the owner should know: a language model's server that is down, what a full card made smaller."""

    def conversation_settings(self) -> ConversationSettings:
        """The session's settings, from the user's."""
        return conversation_settings(self.settings)


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
    return [*needed, *_VOICE_MODELS["kokoro" if settings.tts.backend == "kokoro" else "piper-joe"]]


@asynccontextmanager
async def open_app(settings: Settings, on_loaded: OnLoaded = lambda name: None) -> AsyncGenerator[App, None]:
    """Load every engine (at once, each in a thread), warm it up, and close all of them at the end.

    Raises ModelMissing, ModelError, OutOfMemory, ConfigError, LanguageModelError.
    """
    models = store(settings)
    settings, given_up = fit_to_card(settings, models)
    loaded: dict[str, Any] = {}

    async def load(name: str, make: Callable[[], Any]) -> None:
        loaded[name] = await anyio.to_thread.run_sync(make)
        on_loaded(name)

    async with AsyncExitStack() as closing:
        closing.push_async_callback(_close, loaded)
        async with _first_error(), anyio.create_task_group() as tasks:
            tasks.start_soon(load, "vad", partial(load_vad, models))
            tasks.start_soon(load, "turn", partial(load_turn_detector, models))
            tasks.start_soon(load, "stt", partial(load_stt, settings, models))
            tasks.start_soon(load, "llm", partial(load_llm, settings, models))
        await load("tts", partial(load_tts, settings, models))  # alone: a crowded machine would measure a voice wrong
        tts, reason = loaded["tts"]
        parts = Parts(
            loaded["vad"],
            loaded["turn"],
            loaded["stt"],
            loaded["llm"],
            tts,
            partial(spoken_text, pronunciations=settings.tts.pronunciations),
            names=engine_names(settings, tts),
        )
        slower = [trouble for trouble in [voice_trouble(settings, tts)] if trouble]
        troubles = await warm_up(settings, parts)
        yield App(settings, parts, reason, (*given_up, *slower, *troubles))


def fit_to_card(settings: Settings, models: Store) -> tuple[Settings, tuple[str, ...]]:
    """Plan the card's memory before anything is loaded; without a card there is nothing to plan. Raises OutOfMemory."""
    if settings.profile == "cpu":
        return settings, ()
    card = find_card()
    card_bytes = int(settings.vram.card_gib * 2**30) or (card.total_bytes if card else 0)
    if not card_bytes:
        return settings, ()
    gguf = models.file(settings.llm.model) if settings.llm.backend == "embedded" else None
    fitting, given_up = fitted(settings, card_bytes, gguf)
    return fitting, tuple(f"vram: {reason}" for reason in given_up)


@asynccontextmanager
async def _first_error() -> AsyncGenerator[None, None]:
    """Parts load in a task group; the person wants the first failure, not the group of them."""
    try:
        yield
    except ExceptionGroup as group:
        raise _leaf(group) from None


def _leaf(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def _close(loaded: dict[str, Any]) -> None:
    llm: LanguageModel | None = loaded.get("llm")
    if llm is not None:
        await llm.aclose()
    voice = loaded.get("tts")
    if voice is not None:
        await anyio.to_thread.run_sync(_close_voice, voice[0])


async def warm_up(settings: Settings, parts: Parts) -> tuple[str, ...]:
    """Have each engine work once, so that the first turn is as fast as the second; what is down is told, not raised."""
    await anyio.to_thread.run_sync(parts.stt.transcribe, silence(16_000))
    await anyio.to_thread.run_sync(parts.turn_detector.probability_finished, silence(16_000))
    system = Message("system", settings.llm.system_prompt)
    try:
        await parts.llm.prefill([system, Message("user", "Hello")])
    except LanguageModelError as error:
        return (str(error),)
    return ()


def load_vad(models: Store) -> VoiceActivityDetector:
    from jett.engines.vad.silero import SileroVoiceActivityDetector

    return SileroVoiceActivityDetector(models.file("silero-vad"))


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
    if stt.model.endswith(".en") and stt.language != "en":
        raise ConfigError(
            f"stt: {stt.model} knows English alone, stt.language is '{stt.language}'; "
            'set stt.model = "whisper-base", which knows 99 languages'
        )
    from jett.engines.stt.whisper import WhisperSpeechToText

    device = _stt_device(settings)
    return WhisperSpeechToText(
        models.path(stt.model),
        device=device,
        compute_type=_compute_type(stt.compute_type, device),
        threads=stt.threads or 1,
        padding_s=stt.padding_s,
        language=stt.language,
        vocabulary=stt.vocabulary,
    )


def _stt_device(settings: Settings) -> str:
    """`auto` is the GPU where the profile has one and CTranslate2 sees it."""
    if settings.stt.device != "auto":
        return settings.stt.device
    import ctranslate2

    return "cuda" if settings.profile == "gpu-8gb" and ctranslate2.get_cuda_device_count() > 0 else "cpu"


def missing_card(settings: Settings) -> str:
    """What is wrong where speech-to-text is to run on a card that CTranslate2 cannot see; empty where it can."""
    if settings.stt.backend != "ctranslate2" or settings.stt.device != "cuda":
        return ""
    import ctranslate2

    if ctranslate2.get_cuda_device_count():
        return ""
    other = "use --profile cpu, or " if settings.profile == "gpu-8gb" else ""
    return (
        f"stt: device 'cuda' (profile {settings.profile}), but no NVIDIA card with a driver is found here, need one; "
        f'{other}set stt.device = "cpu"'
    )


def require_card(settings: Settings) -> None:
    """Raises ConfigError where the settings ask for a card that is not there."""
    if missing := missing_card(settings):
        raise ConfigError(missing)


def _compute_type(named: str, device: str) -> str:
    if named != "auto":
        return named
    return "int8_float16" if device == "cuda" else "int8"


def load_llm(settings: Settings, models: Store) -> LanguageModel:
    """The engine that `llm.backend` names."""
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
        ),
        max_tokens=llm.max_tokens,
        temperature=llm.temperature,
        timeouts=timeouts,
    )


VOICES_BEST_FIRST = ("kokoro", "piper-joe")


def load_tts(settings: Settings, models: Store) -> tuple[TextToSpeech, str]:
    """The voice that `tts.backend` names, or the best that the machine can afford; and why."""
    require_voice(settings, models)
    named = {"kokoro": "kokoro", "piper": "piper-joe"}.get(settings.tts.backend)
    if named is not None:
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


def voice_cache_path() -> Path:
    """Where measured voices are remembered between starts."""
    return platformdirs.user_cache_path("jett", appauthor=False) / "voices.json"


def _first_audio_ms(
    name: str, settings: Settings, models: Store, measured: MeasuredVoices, budget_ms: float
) -> float | None:
    """Remembered from the first start on this machine; None when the voice is not in the store."""
    model_id = _VOICE_MODELS[name][0]
    if not all(models.has(needed) for needed in _VOICE_MODELS[name]):
        return None
    key = f"{models.manifest.model(model_id).files[0].sha256}/{settings.tts.device}/{settings.tts.threads}"
    remembered = measured.get(key)
    if remembered is not None:
        return remembered
    voice = _load_voice(name, settings, models)
    try:
        first_audio_ms = measure_first_audio(voice, budget_ms=budget_ms)
    finally:
        _close_voice(voice)
    measured.remember(key, first_audio_ms)
    return first_audio_ms


_VOICE_MODELS = {"kokoro": ("kokoro-82m-int8", "kokoro-voices"), "piper-joe": ("piper-en-us-joe",)}


def require_voice(settings: Settings, models: Store) -> None:
    """Raises ConfigError where `tts.voice` is no voice of its backend."""
    voice = settings.tts.voice
    names = [file.name.removesuffix(".bin") for file in models.manifest.model("kokoro-voices").files]
    if voice and settings.tts.backend == "piper":
        raise ConfigError(f"tts: voice '{voice}' is none of piper's, which has one; leave tts.voice empty")
    if voice and voice not in names:
        raise ConfigError(f"tts: no voice is called '{voice}'; use one of: {', '.join(names)}")


def _load_voice(name: str, settings: Settings, models: Store) -> TextToSpeech:
    threads = settings.tts.threads or 2
    if name == "kokoro":
        from jett.engines.tts.kokoro import KokoroTextToSpeech

        kokoro = KokoroTextToSpeech(
            models.file("kokoro-82m-int8"),
            models.path("kokoro-voices"),
            voice=settings.tts.voice or "af_heart",
            threads=threads,
            providers=_onnx_providers(settings.tts.device),
            speed=settings.tts.speed,
        )
        kokoro.warm_up()
        return kokoro
    from jett.engines.tts.piper import PiperTextToSpeech

    piper = PiperTextToSpeech(models.file("piper-en-us-joe"), threads=threads, speed=settings.tts.speed)
    piper.warm_up()
    return piper


def _close_voice(voice: TextToSpeech) -> None:
    close = getattr(voice, "close", None)
    if close is not None:
        close()


def _onnx_providers(device: str) -> tuple[str, ...]:
    from jett.engines.onnx import has_cuda

    both = ("CUDAExecutionProvider", "CPUExecutionProvider")
    return both if device == "cuda" and has_cuda() else ("CPUExecutionProvider",)


def voice_trouble(settings: Settings, tts: TextToSpeech) -> str:
    """Why the voice is slower than the settings ask; empty where it is not."""
    from jett.engines.onnx import has_cuda

    if settings.tts.device != "cuda" or engine_names(settings, tts)["tts"] != "kokoro" or has_cuda():
        return ""
    return "tts: device 'cuda', but the ONNX Runtime that is installed cannot use a card; the voice runs on the CPU"


def engine_names(settings: Settings, tts: TextToSpeech) -> dict[str, str]:
    """What does the work, stage by stage, for reports."""
    return {
        "vad": "silero-vad",
        "turn": "smart-turn-v3.2",
        "stt": f"{settings.stt.backend}/{settings.stt.model}",
        "llm": f"{settings.llm.backend}/{settings.llm.model}",
        "tts": type(tts).__name__.removesuffix("TextToSpeech").lower(),
    }


def conversation_settings(settings: Settings) -> ConversationSettings:
    """The session's settings, from the user's."""
    turn, vad = settings.turn, settings.vad
    tracker = TrackerSettings(
        speech_threshold=vad.threshold,
        onset_frames=max(1, round(vad.min_speech_ms / 32)),
        over_reply_threshold=max(vad.threshold, vad.over_reply_threshold),
        over_echo_threshold=max(vad.threshold, vad.over_echo_threshold),
        over_reply_frames=max(1, round(turn.barge_in_s * 1000 / 32)),
    )
    endpointing = Endpointing(
        min_silence_s=turn.min_silence_s,
        cap_s=turn.cap_s,
        even=turn.even_probability,
    )
    turns = TurnSettings(
        pre_roll_s=vad.pre_roll_ms / 1000,
        speculate_after_s=turn.speculate_after_s,
        continuation_s=turn.continuation_s,
        max_turn_s=turn.max_turn_s,
        endpointing=endpointing,
        tracker=tracker,
    )
    return ConversationSettings(
        system_prompt=settings.llm.system_prompt,
        context_tokens=settings.llm.context_tokens - settings.llm.max_tokens,
        turns=turns,
        partials=settings.stt.partials,
        prefill=settings.llm.backend != "ollama",
    )


def with_echo_cancellation(app: App, rate_hz: int) -> Parts:
    """The parts for a live conversation: what the speaker plays is taken out of what the microphone hears."""
    if not app.settings.audio.echo_cancellation:
        return app.parts
    from jett.audio.echo import EchoReference, WebRtcEchoCanceller

    canceller = WebRtcEchoCanceller(noise_suppression=app.settings.audio.noise_suppression)
    return replace(app.parts, canceller=canceller, echo_reference=EchoReference(rate_hz))
