"""The composition root: the only file that names concrete engines. Settings in, a conversation's parts out.

Called by the commands and by the benchmarks; decides nothing that a setting or a measurement does not say.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import anyio
import anyio.to_thread

from jett.core.errors import LanguageModelError
from jett.core.ports import LanguageModel, Message, SpeechToText, TextToSpeech, TurnDetector, VoiceActivityDetector
from jett.models.store import Store
from jett.session.parts import ConversationSettings, Parts
from jett.settings import Settings
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
    """What does not work yet and may later: a language model's server that is down."""

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
    needed += {"kokoro": ["kokoro-82m-int8", "kokoro-voices"]}.get(settings.tts.backend, ["piper-en-us-joe"])
    return needed


@asynccontextmanager
async def open_app(settings: Settings, on_loaded: OnLoaded = lambda name: None) -> AsyncGenerator[App, None]:
    """Load every engine (at once, each in a thread), warm it up, and close all of them at the end.

    Raises ModelMissing, ModelError, OutOfMemory, ConfigError, LanguageModelError.
    """
    models = store(settings)
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
            tasks.start_soon(load, "tts", partial(load_tts, settings, models))
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
        troubles = await warm_up(settings, parts)
        yield App(settings, parts, reason, troubles)


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
    if voice is not None and hasattr(voice[0], "close"):
        await anyio.to_thread.run_sync(voice[0].close)


async def warm_up(settings: Settings, parts: Parts) -> tuple[str, ...]:
    """Have each engine work once, so that the first turn is as fast as the second; what is down is told, not raised."""
    from jett.core.audio import silence

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
    from jett.engines.stt.whisper import WhisperSpeechToText

    device = "cuda" if stt.device == "cuda" else "cpu"
    return WhisperSpeechToText(
        models.path(stt.model),
        device=device,
        compute_type=_compute_type(stt.compute_type, device),
        threads=stt.threads or 1,
        padding_s=stt.padding_s,
        language=stt.language,
        vocabulary=stt.vocabulary,
    )


def _compute_type(named: str, device: str) -> str:
    if named != "auto":
        return named
    return "int8_float16" if device == "cuda" else "int8"


def load_llm(settings: Settings, models: Store) -> LanguageModel:
    """The engine that `llm.backend` names."""
    llm = settings.llm
    if llm.backend == "openai":
        from jett.engines.llm.openai_chat import OpenAIChatLanguageModel

        return OpenAIChatLanguageModel(
            llm.url, model=llm.model, api_key=llm.read_api_key(), max_tokens=llm.max_tokens, temperature=llm.temperature
        )
    if llm.backend == "ollama":
        from jett.engines.llm.ollama import OllamaLanguageModel

        return OllamaLanguageModel(llm.url, llm.model, num_ctx=llm.context_tokens, max_tokens=llm.max_tokens)
    from jett.engines.llm.embedded import EmbeddedLanguageModel, EmbeddedSettings

    gpu_layers = 0 if llm.gpu_layers < 0 and settings.profile == "cpu" else llm.gpu_layers
    return EmbeddedLanguageModel(
        models.file(llm.model),
        EmbeddedSettings(threads=llm.threads, context_tokens=llm.context_tokens, gpu_layers=gpu_layers),
        max_tokens=llm.max_tokens,
        temperature=llm.temperature,
    )


def load_tts(settings: Settings, models: Store) -> tuple[TextToSpeech, str]:
    """The voice that `tts.backend` names, or the best that the machine can afford; and why."""
    from jett.engines.tts.piper import PiperTextToSpeech

    voice = PiperTextToSpeech(models.file("piper-en-us-joe"), speed=settings.tts.speed)
    voice.warm_up()
    return voice, "piper"


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
        over_reply_frames=max(1, round(turn.barge_in_s * 1000 / 32)),
    )
    endpointing = Endpointing(turn.min_silence_s, turn.cap_s, turn.sure_probability)
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
