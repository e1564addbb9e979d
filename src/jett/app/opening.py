"""Loads every engine that the settings name, warms each up, and closes them all at the end.

Called by the commands that hold a conversation, and by the benchmarks.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread

from jett.app.card import fit_to_card
from jett.app.engines import engine_names, load_llm, load_stt, load_turn_detector, load_vad
from jett.app.needs import store
from jett.app.servers import Servers, commands, model_tools, open_servers, owner, tools_wanted, with_server_words
from jett.app.voice_identity import load_identifying
from jett.app.voices import close_voice, load_tts, voice_trouble
from jett.app.wake import WakeWords, sleeping_words, with_wake_phrases
from jett.app.wake_looks import LookingEngines, unsure_of_calls
from jett.core.audio import silence
from jett.core.errors import EngineError, LanguageModelError, ungrouped
from jett.core.events import Observer, unobserved
from jett.core.ports import LanguageModel, Message
from jett.guard import Kind, redact
from jett.session.parts import Parts
from jett.settings import Settings
from jett.tools.wake_phrase import WakePhrase
from jett.turns.spoken_text import spoken_text

if TYPE_CHECKING:
    from jett.history import Archive
    from jett.memory import Memories

HISTORY_CLOSING_S = 2.0
"""For turns that still wait when Jett ends."""
_log = logging.getLogger(__name__)

OnLoaded = Callable[[str], None]
"""Told the name of each part when it is ready."""
OnWarning = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class App:
    """Engines that are loaded and warm, and the settings they were made from."""

    settings: Settings
    parts: Parts
    voice_reason: str
    """Why this voice, in one sentence."""
    lasting: tuple[str, ...] = ()
    """What the owner should know from the start on: a language model's server that is down, what a full card made
    smaller."""
    servers: Servers | None = None
    llm_trouble: str = ""
    """Why the language model did not answer when everything was warmed up."""
    memories: Memories | None = None
    """None where `memory.keep` is off."""
    trace: Observer = unobserved
    """To be told what each conversation tells; does nothing where telemetry is off."""
    history: Archive | None = None
    """Where conversations may be kept (`app.history.keeping`); None where the owner keeps nothing."""
    wake: WakeWords | None = None
    """What wakes it; None where it always listens."""

    @property
    def troubles(self) -> tuple[str, ...]:
        """All that the owner should know, with the policy's file as it is now: it may be edited while Jett runs."""
        policy = self.servers.trouble if self.servers is not None else ""
        return (*self.lasting, *filter(None, [policy]))


@asynccontextmanager
async def open_app(
    settings: Settings, on_loaded: OnLoaded = lambda name: None, on_warning: OnWarning = _log.warning
) -> AsyncGenerator[App, None]:
    """Load every engine (at once, each in a thread), warm it up, and close all of them at the end.

    `on_warning` is told what was not as it should be when everything was closed.

    Raises ModelMissing, ModelError, OutOfMemory, ConfigError, LanguageModelError.
    """
    # Databases and their like are loaded only where a conversation begins: most commands hold none.
    from jett.app.history import open_history
    from jett.app.memory import kept_open, memories_of, only_known_voices, remembering_commands, remembering_tools
    from jett.app.telemetry import open_telemetry

    models = store(settings)
    loaded: dict[str, Any] = {}

    async def load(name: str, make: Callable[[], Any]) -> None:
        loaded[name] = await anyio.to_thread.run_sync(make)
        on_loaded(name)

    async with AsyncExitStack() as closing:
        servers = await closing.enter_async_context(open_servers(settings, on_warning=on_warning))
        woken = await anyio.to_thread.run_sync(sleeping_words, settings, models)
        phrases = woken.phrases if woken is not None else ()
        worded = with_wake_phrases(with_server_words(settings, servers.gate.policy), phrases)
        settings, given_up = fit_to_card(worded, models)
        history = open_history(settings)
        closing.push_async_callback(_close_history, history, on_warning)
        closing.push_async_callback(_close, loaded)
        with ungrouped():
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(load, "vad", partial(load_vad, models))
                tasks.start_soon(load, "turn", partial(load_turn_detector, models))
                tasks.start_soon(load, "stt", partial(load_stt, settings, models))
                tasks.start_soon(load, "llm", partial(load_llm, settings, models))
                tasks.start_soon(load, "speaker", partial(load_identifying, settings, models))
        await load("tts", partial(load_tts, settings, models))  # alone: a crowded machine would measure a voice wrong
        tts, reason = loaded["tts"]
        memories = memories_of(settings)
        who = loaded["speaker"]
        looking = LookingEngines(settings, models, loaded["stt"])
        look = await anyio.to_thread.run_sync(woken.second_look, looking) if woken is not None else None
        me = owner(Kind.VOICE)
        tools = model_tools(settings, servers, me, who=who)
        unchanging = only_known_voices(servers, me, who)
        parts = Parts(
            loaded["vad"],
            loaded["turn"],
            loaded["stt"],
            loaded["llm"],
            tts,
            partial(spoken_text, pronunciations=settings.tts.pronunciations),
            commands=remembering_commands(commands(settings, servers, me, tools, who=who), memories, unchanging),
            tools=remembering_tools(tools, memories, wanted=tools_wanted(settings), unchanging=unchanging),
            identifying=who,
            redact=redact,
            wake=woken.detector if woken else None,
            wake_rules=woken.rules if woken else (),
            second_look=look,
            after_name=WakePhrase(phrases).rest,
            names=engine_names(settings, tts),
        )
        slower = [trouble for trouble in [voice_trouble(settings, tts)] if trouble]
        troubles = await warm_up(settings, parts)
        told = (*given_up, *slower, *unsure_of_calls(settings, models), *troubles)
        await closing.enter_async_context(kept_open(memories, on_warning))
        trace = await closing.enter_async_context(open_telemetry(settings, on_warning))
        down = next(iter(troubles), "")
        yield App(settings, parts, reason, told, servers, down, memories, trace, history, woken)


async def warm_up(settings: Settings, parts: Parts) -> tuple[str, ...]:
    """Have each engine work once, so that the first turn is as fast as the second; what is down is told, not raised."""
    await anyio.to_thread.run_sync(parts.stt.transcribe, silence(16_000))
    await anyio.to_thread.run_sync(parts.turn_detector.probability_finished, silence(16_000))
    troubles: tuple[str, ...] = ()
    if parts.second_look is not None:
        try:
            await anyio.to_thread.run_sync(parts.second_look.warm_up)
        except EngineError as error:
            troubles = (f"wake: calls cannot be looked at again, so that their transcripts decide ({error})",)
    system = Message("system", settings.llm.system_prompt)
    try:
        specs = parts.tools.specs() if parts.tools is not None else ()
        await parts.llm.prefill([system, Message("user", "Hello")], specs)
    except LanguageModelError as error:
        return (*troubles, str(error))
    return troubles


async def _close_history(history: Archive | None, on_warning: OnWarning) -> None:
    """What waits is written first, for a moment."""
    if history is None:
        return
    with anyio.CancelScope(shield=True):
        lost = await anyio.to_thread.run_sync(history.close, HISTORY_CLOSING_S)
    if lost:
        on_warning(f"history: {lost} turns could not be kept in {history.place}; see the trouble told before")


async def _close(loaded: dict[str, Any]) -> None:
    llm: LanguageModel | None = loaded.get("llm")
    if llm is not None:
        await llm.aclose()
    voice = loaded.get("tts")
    if voice is not None:
        await anyio.to_thread.run_sync(close_voice, voice[0])
