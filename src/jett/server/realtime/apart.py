"""Responses apart from the conversation: neither heard with it, nor kept in it, and as fast as they can be made."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from functools import partial

import anyio
from anyio.abc import TaskGroup
from anyio.lowlevel import checkpoint

from jett.core.errors import JettError
from jett.core.ports import ToolCall
from jett.server.realtime.client_tools import ClientTools
from jett.server.realtime.codec import as_text
from jett.server.realtime.effects import AskApart
from jett.server.realtime.metered import MeteredLanguageModel
from jett.server.realtime.ports import House, Resampler, Seat
from jett.server.realtime.session import RealtimeSession
from jett.session.acting import acting
from jett.session.redacted import Pieces
from jett.turns.clauses import ClauseSplitter


class Apart:
    """Those of one session."""

    def __init__(
        self, session: RealtimeSession, seat: Seat, house: House, tasks: TaskGroup, act: Callable[[], None]
    ) -> None:
        self._session = session
        self._answering = session.answering
        self._seat = seat
        self._house = house
        self._tasks = tasks
        self._act = act
        self._scopes: dict[str, anyio.CancelScope] = {}

    def ask(self, asked: AskApart) -> None:
        """Begin it."""
        self._scopes[asked.response_id] = anyio.CancelScope()
        self._tasks.start_soon(self._answer, asked)

    def cancel(self, response_id: str) -> None:
        """No more of it."""
        self._scopes[response_id].cancel()

    async def _answer(self, asked: AskApart) -> None:
        options = self._answering.apart_options(asked.response_id)
        meter = MeteredLanguageModel(self._seat.parts.llm, lambda: options.max_output_tokens)
        error = ""
        with self._scopes[asked.response_id] as scope:
            try:
                await self._say(asked, meter)
            except JettError as failure:
                error = str(failure)
        del self._scopes[asked.response_id]
        cancelled = scope.cancelled_caught
        self._answering.apart_ended(asked.response_id, meter.take(), cancelled=cancelled, error=error)
        self._act()

    async def _say(self, asked: AskApart, meter: MeteredLanguageModel) -> None:
        output = self._answering.apart_options(asked.response_id).format
        resampler = self._house.resampler(self._seat.parts.tts.rate_hz, output.rate)
        async with aclosing(self._clauses(asked, meter)) as clauses:
            async for clause in clauses:
                self._answering.apart_text(asked.response_id, clause)
                self._act()
                if not asked.written:
                    await self._speak(asked.response_id, clause, resampler)

    async def _speak(self, response_id: str, clause: str, resampler: Resampler) -> None:
        parts = self._seat.parts
        output = self._answering.apart_options(response_id).format
        spoken = parts.spoken(clause)
        if spoken.strip():
            samples = await self._seat.workers.tts.call(parts.tts.synthesize, spoken)
            sound = resampler.push(samples)
            self._answering.apart_audio(response_id, as_text(sound, output), sound.size / output.rate)
            self._act()

    async def _clauses(self, asked: AskApart, meter: MeteredLanguageModel) -> AsyncGenerator[str, None]:
        """Redacted, as a conversation's are. None of Jett's own tools is used apart from the conversation."""
        called = partial(self._called, asked.response_id)
        options = partial(self._answering.apart_options, asked.response_id)
        tools = ClientTools(None, options, called, lambda: self._session.new_id("call"))
        splitter, pieces = ClauseSplitter(), Pieces(self._seat.parts.redact, between=" ")
        async with aclosing(acting(meter, tools, asked.messages, checkpoint)) as deltas:
            async for delta in deltas:
                for clause in splitter.feed(delta):
                    yield pieces.next(clause)
        for clause in splitter.flush():
            yield pieces.next(clause)

    def _called(self, response_id: str, call: ToolCall) -> None:
        self._answering.apart_called(response_id, call)
        self._act()
