"""Sentences about the memory, done before all other commands: the port Commands, in front of another.

    plan       a sentence ─► what is asked of the memory ─► what would be said, where that is at hand
    carry_out  after the commit: remember, recall, forget

What it does not understand is the other's, and so is every answer to a question of the guard's. A question that
neither understands, and that a memory clearly answers ("when is my sister's birthday?"), is answered with it: at once,
in the owner's own words, where a small model would invent a date. Called by the conversation.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import anyio.to_thread

from jett.core.errors import SecretRefused
from jett.core.ports import Commands, Controls, Plan
from jett.memory import Memories, Memory
from jett.memory.memories import ANSWERS
from jett.tools.memory_path import MemoryAction, Remembering, understand_memory
from jett.tools.memory_words import (
    ASK_ELSEWHERE,
    NOTHING_ABOUT,
    NOTHING_TO_FORGET,
    REMEMBERED,
    forgotten,
    listed,
    told,
)
from jett.turns.phrases import is_question

Unchanging = Callable[[], Awaitable[str]]
"""What is said to whoever may not change anything; nothing where they may."""

_MOST_RECALLED = 5
_CHANGES = (MemoryAction.REMEMBER, MemoryAction.FORGET_LAST, MemoryAction.FORGET_ABOUT)
_ASKS = re.compile(
    r"^\W*(?:(?:hey|ok|okay|so|and|jett|jet)\W+)*(?:when|where|what|who|whose|which|how|is|are|do|does|did)\b"
)


async def nobody_is() -> str:
    """Everybody may change the memory."""
    return ""


@dataclass(frozen=True, slots=True)
class _Known:
    """A question that a memory answers."""

    memory: Memory


class RememberingCommands:
    """One conversation's commands, those about the memory among them."""

    def __init__(
        self,
        inner: Commands,
        memories: Memories,
        *,
        wall_clock: Callable[[], datetime] = lambda: datetime.now().astimezone(),
        unchanging: Unchanging = nobody_is,
    ) -> None:
        """`unchanging`: asked before the memory is changed: the sentence for a voice that may only read, or nothing."""
        self._inner = inner
        self._memories = memories
        self._wall_clock = wall_clock
        self._unchanging = unchanging
        self._last: Memory | None = None
        """What "forget that" means: the last that was remembered or told in this conversation."""

    def plan(self, text: str) -> Plan | None:
        """Port Commands."""
        understood = understand_memory(text)
        if understood is None or (understood.action is MemoryAction.FORGET_LAST and self._inner.awaits_answer()):
            return self._inner.plan(text) or self._known(text)
        return Plan(self._preview(understood), understood)

    async def carry_out(self, plan: Plan, controls: Controls) -> AsyncGenerator[str, None]:
        """Port Commands."""
        if isinstance(plan.key, Remembering):
            yield await self._done(plan.key, "typed" if controls.typed else "voice")
            return
        if isinstance(plan.key, _Known):
            self._last = plan.key.memory
            yield plan.preview
            return
        async with aclosing(self._inner.carry_out(plan, controls)) as sentences:
            async for sentence in sentences:
                yield sentence

    def awaits_answer(self) -> bool:
        """Port Commands."""
        return self._inner.awaits_answer()

    async def stopped(self) -> None:
        """Port Commands."""
        await self._inner.stopped()

    async def heard(self) -> None:
        """Port Commands."""
        await self._inner.heard()

    def _known(self, text: str) -> Plan | None:
        """Only of what is loaded, since a plan waits for nothing; one look takes 5 ms."""
        if not (is_question(text) or _ASKS.search(text.lower())):
            return None
        found = self._memories.at_hand(text, 1, least=ANSWERS)
        return Plan(told(found, self._wall_clock()), _Known(found[0])) if found else None

    def _preview(self, asked: Remembering) -> str:
        match asked.action:
            case MemoryAction.REMEMBER:
                return SecretRefused.spoken if self._memories.is_secret(asked.text) else REMEMBERED
            case MemoryAction.RECALL:
                at_hand = self._memories.at_hand(asked.text, _MOST_RECALLED)
                return told(at_hand, self._wall_clock()) if at_hand is not None else ""
            case MemoryAction.FORGET_ALL:
                return ASK_ELSEWHERE
            case _:
                return ""

    async def _done(self, asked: Remembering, source: str) -> str:
        """The sentence to say. Raises MemoryUnavailable, MemoryFull, ModelError, EmbeddingError."""
        if asked.action in _CHANGES and (refused := await self._unchanging()):
            return refused
        match asked.action:
            case MemoryAction.REMEMBER:
                return await self._remember(asked.text, source)
            case MemoryAction.RECALL:
                return await self._recall(asked.text)
            case MemoryAction.LIST:
                page = await anyio.to_thread.run_sync(self._memories.newest)
                return listed(page.memories, await anyio.to_thread.run_sync(self._memories.count))
            case MemoryAction.FORGET_LAST:
                return await self._forget(self._last, NOTHING_TO_FORGET)
            case MemoryAction.FORGET_ABOUT:
                found = await anyio.to_thread.run_sync(self._memories.recall, asked.text, 1)
                return await self._forget(found[0] if found else None, NOTHING_ABOUT)
            case MemoryAction.FORGET_ALL:
                return ASK_ELSEWHERE

    async def _remember(self, text: str, source: str) -> str:
        try:
            self._last = await anyio.to_thread.run_sync(self._memories.remember, text, source)
        except SecretRefused as refused:
            return refused.spoken
        return REMEMBERED

    async def _recall(self, about: str) -> str:
        found = await anyio.to_thread.run_sync(partial(self._memories.recall, about, _MOST_RECALLED))
        self._last = found[0] if found else self._last
        return told(found, self._wall_clock())

    async def _forget(self, memory: Memory | None, otherwise: str) -> str:
        if memory is None or not await anyio.to_thread.run_sync(self._memories.forget, memory.id):
            return otherwise
        self._last = None
        return forgotten(memory)
