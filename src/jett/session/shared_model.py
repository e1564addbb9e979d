"""One language model for several conversations: so many slots, and a rota that is fair to all.

Each slot is a model that answers one request at a time and remembers what it has read, so a conversation gets back the
slot that it had, if it is free. A request that was cancelled while it waited is never sent; closing a stream frees its
slot before `aclose` returns. A slow listener holds no slot: what is generated waits in a buffer, bounded by the longest
reply. Prefilling is for a model that nobody else needs, and is broken off as soon as somebody does.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, cast

import anyio
from anyio.abc import TaskGroup
from anyio.streams.memory import MemoryObjectSendStream

from jett.core.clock import Clock, MonotonicClock
from jett.core.errors import LanguageModelError, ungrouped
from jett.core.ports import LanguageModel, Message, ToolCall, ToolSpec
from jett.session.rota import Rota

Piece = str | ToolCall

_BUFFERED_PIECES = 4096
"""As `llm.max_tokens` at most; a model that says still more waits for its listener."""

_CLOSED = "llm: the model was closed while it answered; start Jett again"


@dataclass(eq=False, slots=True)
class _Prefill:
    """Work that nobody waits for."""

    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    ended: anyio.Event = field(default_factory=anyio.Event)


@dataclass(eq=False, slots=True)
class _Slot:
    """`lane` had it last. It is `taken` by a request, or by a prefill."""

    model: LanguageModel
    lane: int = 0
    taken: bool = False
    prefill: _Prefill | None = None


@dataclass(eq=False, slots=True)
class _Request:
    """Somebody who waits for a slot."""

    lane: int
    granted: anyio.Event = field(default_factory=anyio.Event)
    slot: _Slot | None = None


class SharedModel:
    """The slots, and who waits for them. `async with` it: what it begins ends with the block."""

    def __init__(self, slots: Sequence[LanguageModel], clock: Clock | None = None) -> None:
        """`slots`: a model each; the same one again where its server shares itself out."""
        self._slots = [_Slot(model) for model in slots]
        self._clock = clock or MonotonicClock()
        self._rota: Rota[_Request] = Rota()
        self._ending = AsyncExitStack()
        self._tasks: TaskGroup

    @contextmanager
    def lane(self) -> Iterator[LaneModel]:
        """One conversation's LanguageModel."""
        number = self._rota.join()
        try:
            yield LaneModel(self, number)
        finally:
            self._rota.leave(number)

    # ---- what lanes ask for -------------------------------------------------------------------------------------

    async def pieces(
        self, lane: int, needed_in_s: float, begin: Callable[[LanguageModel], AsyncGenerator[Piece, None]]
    ) -> AsyncGenerator[Piece, None]:
        """What a slot's model says to the request that `begin` sends. Closing it frees the slot at once."""
        send, receive = anyio.create_memory_object_stream[Piece](_BUFFERED_PIECES)
        pump = _Pump(begin, send)
        self._tasks.start_soon(self._pump, pump, lane, needed_in_s)
        try:
            async with receive:
                async for piece in receive:
                    yield piece
        finally:
            pump.scope.cancel()
            with anyio.CancelScope(shield=True):
                await pump.ended.wait()
        if pump.error is not None:
            raise pump.error

    async def prefill(self, lane: int, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> None:
        """In the slot that this lane would get, if there is one that nobody needs now."""
        slot = None if self._needed else self._free_slot(lane)
        if slot is None:
            return
        prefill = _Prefill()
        slot.taken, slot.prefill, slot.lane = True, prefill, lane
        try:
            with prefill.scope:
                await slot.model.prefill(messages, tools)
        finally:
            prefill.ended.set()
            self._free(slot)

    @property
    def _needed(self) -> bool:
        """Whether somebody waits for an answer."""
        return any(slot.taken for slot in self._slots)

    async def _pump(self, pump: _Pump, lane: int, needed_in_s: float) -> None:
        try:
            with pump.scope:
                async with pump.send, self._slot(lane, needed_in_s) as slot:
                    await pump.run(slot.model)
        except Exception as error:  # noqa: BLE001 - a task's boundary: who asked is told, the others go on
            pump.error = error
        finally:
            pump.ended.set()

    # ---- slots --------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _slot(self, lane: int, needed_in_s: float) -> AsyncGenerator[_Slot, None]:
        """One of them, waited for. Raises LanguageModelError where too many of this lane wait."""
        await self._end_prefills(lane)
        request = _Request(lane)
        if not self._rota.put(lane, request, self._clock.now_s() + needed_in_s):
            raise LanguageModelError("llm: too many requests of one conversation wait already, or it is over")
        self._share_out()
        try:
            await request.granted.wait()
            assert request.slot is not None
            yield request.slot
        finally:
            if request.slot is not None:
                self._free(request.slot)
            else:
                self._rota.withdraw(lane, request)

    def _share_out(self) -> None:
        """Give free slots to those whose turn it is."""
        while len(self._rota) and any(not slot.taken for slot in self._slots):
            request = self._rota.take(self._clock.now_s())
            assert request is not None
            slot = self._free_slot(request.lane)
            assert slot is not None
            slot.taken, slot.lane, request.slot = True, request.lane, slot
            request.granted.set()

    async def _end_prefills(self, lane: int) -> None:
        """The model is needed. The lane's own prefill is waited for: what it has read is worth having."""
        for slot in self._slots:
            if slot.prefill is not None:
                slot.prefill.scope.cancel()
        for prefill in [slot.prefill for slot in self._slots if slot.prefill is not None and slot.lane == lane]:
            await prefill.ended.wait()

    def _free_slot(self, lane: int) -> _Slot | None:
        """The one that the lane had, or that nobody had, or the one that is free for longest."""
        free = [slot for slot in self._slots if not slot.taken]
        return min(free, key=lambda slot: (slot.lane != lane, slot.lane != 0), default=None)

    def _free(self, slot: _Slot) -> None:
        slot.taken, slot.prefill = False, None
        self._slots.remove(slot)
        self._slots.append(slot)  # the one that is free for longest stays in front
        self._share_out()

    async def __aenter__(self) -> Self:
        self._ending.enter_context(ungrouped())
        self._tasks = await self._ending.enter_async_context(anyio.create_task_group())
        self._ending.callback(self._tasks.cancel_scope.cancel)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return await self._ending.__aexit__(kind, error, trace)


@dataclass(eq=False, slots=True)
class _Pump:
    """From a slot's model to who listens, in a task of its own, so that a slot is held no longer than it works."""

    begin: Callable[[LanguageModel], AsyncGenerator[Piece, None]]
    send: MemoryObjectSendStream[Piece]
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    ended: anyio.Event = field(default_factory=anyio.Event)
    error: Exception | None = field(default_factory=lambda: LanguageModelError(_CLOSED))

    async def run(self, model: LanguageModel) -> None:
        """Until the model has said everything."""
        async with aclosing(self.begin(model)) as pieces:
            async for piece in pieces:
                await self.send.send(piece)
        self.error = None


@dataclass(frozen=True, slots=True)
class LaneModel:
    """Port LanguageModel: one conversation's place at a model that it shares."""

    shared: SharedModel
    number: int
    needed_in_s: float = 0.0

    def within(self, needed_in_s: float) -> LaneModel:
        """The same for requests whose answer is needed only so many seconds from now: others may go first."""
        return LaneModel(self.shared, self.number, needed_in_s)

    def stream(self, messages: Sequence[Message]) -> AsyncGenerator[str, None]:
        """Port LanguageModel."""
        pieces = self.shared.pieces(self.number, self.needed_in_s, lambda model: _as_pieces(model.stream(messages)))
        return cast("AsyncGenerator[str, None]", pieces)

    def act(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> AsyncGenerator[Piece, None]:
        """Port LanguageModel."""
        return self.shared.pieces(self.number, self.needed_in_s, lambda model: model.act(messages, tools))

    async def prefill(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> None:
        """Port LanguageModel: does nothing while others need the model."""
        await self.shared.prefill(self.number, messages, tools)

    async def aclose(self) -> None:
        """Port LanguageModel: the model is everybody's, and closed by who opened it."""


def _as_pieces(texts: AsyncGenerator[str, None]) -> AsyncGenerator[Piece, None]:
    return cast("AsyncGenerator[Piece, None]", texts)
