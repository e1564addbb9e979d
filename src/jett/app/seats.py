"""Seats for conversations over the network: one of each engine for all, and for each what has a memory of its own.

Own: the voice activity detector's state (its weights are shared), the commands, the tools and the questions of the
identity. Shared, through lanes: speech-to-text, the turn detector, the voice, the language model. Called by whoever
serves: `jett serve`, the HTTP API, Wyoming, and the benchmarks.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from secrets import token_urlsafe

from jett.app.conversation import conversation_settings
from jett.app.engines import another_vad
from jett.app.memory import only_known_voices, remembering_commands, remembering_tools
from jett.app.opening import App
from jett.app.redacted_model import RedactedLanguageModel
from jett.app.servers import commands, model_tools, tools_wanted
from jett.core.errors import LanguageModelError
from jett.core.ports import Commands, LanguageModel, Message, Tools
from jett.guard import Identity, Kind
from jett.session.lanes import Lanes
from jett.session.parts import ConversationSettings, Parts
from jett.session.seats import Seat, Seats
from jett.session.shared_model import SharedModel
from jett.session.worker import Workers
from jett.settings import Settings

_SESSIONS_PER_CORE = 2
_REMEMBERS = frozenset({Kind.VOICE, Kind.DASHBOARD})
"""What the owner had Jett remember is not for programs."""
_LEAST_CONTEXT_TOKENS = 1024
"""Of one conversation: what stands before it, a dozen turns, and a reply."""


@dataclass(frozen=True, slots=True)
class _Shared:
    """The engines' threads, and the model's slots."""

    stt: Lanes
    turn: Lanes
    tts: Lanes
    llm: SharedModel


@asynccontextmanager
async def open_seats(app: App) -> AsyncGenerator[Seats[Identity], None]:
    """Seats at the engines of `app`, as long as the block lasts."""
    slots = model_slots(app)
    await _warm(slots, app)
    with ExitStack() as threads:
        stt, turn, tts = (threads.enter_context(Lanes(name)) for name in ("stt", "turn", "tts"))
        async with SharedModel(slots) as llm:
            yield Seats(_furnisher(app, _Shared(stt, turn, tts, llm)), most=most_sessions(app.settings))


def most_sessions(settings: Settings) -> int:
    """As `server.most_sessions` says."""
    return settings.server.most_sessions or _SESSIONS_PER_CORE * (os.cpu_count() or 1)


def model_slots(app: App) -> Sequence[LanguageModel]:
    """A model for each answer that may be made at once: the slots of an embedded one, or the server so many times."""
    llm = app.parts.llm
    if app.settings.llm.backend == "embedded" and isinstance(llm, RedactedLanguageModel):
        return llm.slots
    return [llm] * app.settings.llm.slots


def seat_settings(settings: Settings) -> ConversationSettings:
    """Those of a conversation in a seat: an embedded model's context is shared by as many as it answers at once."""
    whole = conversation_settings(settings)
    if settings.llm.backend != "embedded":
        return whole
    share = max(_LEAST_CONTEXT_TOKENS, settings.llm.context_tokens // settings.llm.slots) - settings.llm.max_tokens
    return replace(whole, context_tokens=min(whole.context_tokens, share))


def _furnisher(app: App, shared: _Shared) -> Callable[[Identity], AbstractAsyncContextManager[Seat]]:
    @asynccontextmanager
    async def furnish(identity: Identity) -> AsyncGenerator[Seat, None]:
        with ExitStack() as lanes:
            workers = Workers(*(lanes.enter_context(engine.lane()) for engine in (shared.stt, shared.turn, shared.tts)))
            yield Seat(_parts(app, identity, lanes.enter_context(shared.llm.lane())), workers)

    return furnish


def _parts(app: App, identity: Identity, llm: LanguageModel) -> Parts:
    tools: Tools | None = None
    own: Commands | None = None
    who = app.parts.identifying if identity.kind is Kind.VOICE else None  # that of the local microphone, which is one
    if app.servers is not None:
        here = token_urlsafe(16)  # no other seat of the same person answers what is asked at this one
        guarded = model_tools(app.settings, app.servers, identity, conversation=here, who=who)
        memories = app.memories if identity.kind in _REMEMBERS else None
        asked = commands(app.settings, app.servers, identity, guarded, conversation=here, who=who)
        unchanging = only_known_voices(app.servers, identity, who)
        own = remembering_commands(asked, memories, unchanging)
        tools = remembering_tools(guarded, memories, wanted=tools_wanted(app.settings), unchanging=unchanging)
    vad = another_vad(app.parts.vad)
    parts = replace(app.parts, vad=vad, llm=llm, commands=own, tools=tools, canceller=None, echo_reference=None)
    # Over the network it is the program's, or the browser's, to say when to listen; voices are told apart live only.
    return replace(parts, wake=None, identifying=None)


async def _warm(slots: Sequence[LanguageModel], app: App) -> None:
    """Each slot has read what every conversation begins with. The first has already; a server shares what it read."""
    if app.settings.llm.backend != "embedded":
        return
    begin = [Message("system", app.settings.llm.system_prompt), Message("user", "Hello")]
    specs = app.parts.tools.specs() if app.parts.tools is not None else ()
    with suppress(LanguageModelError):  # `open_app` has told of it
        for slot in slots[1:]:
            await slot.prefill(begin, specs)
