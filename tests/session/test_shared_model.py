"""One language model that several conversations share: whose request is sent, and when a slot is free again."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import ExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

import anyio
import anyio.lowlevel
import pytest

from jett.core.clock import FakeClock
from jett.core.errors import LanguageModelError
from jett.core.ports import Message, ToolCall, ToolSpec
from jett.session.shared_model import LaneModel, SharedModel

_HANGS_S = 20.0


@dataclass
class Slot:
    """Port LanguageModel: says what it was asked, in pieces, once the test lets it; notes what it was sent."""

    sent: list[str] = field(default_factory=list)
    working: str = ""
    go: anyio.Event = field(default_factory=anyio.Event)
    pieces: int = 2

    async def stream(self, messages: Sequence[Message]) -> AsyncGenerator[str, None]:
        asked = messages[-1].content
        assert not self.working, "a slot answers one request at a time"
        self.sent.append(asked)
        self.working = asked
        try:
            await self.go.wait()
            if asked == "broken":
                raise LanguageModelError("llm: down")
            for n in range(self.pieces):
                yield f"{asked} {n}"
        finally:
            self.working = ""

    async def act(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> AsyncGenerator[str | ToolCall, None]:
        async with aclosing(self.stream(messages)) as pieces:
            async for piece in pieces:
                yield piece
        yield ToolCall("clock", "{}")

    async def prefill(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> None:
        async with aclosing(self.stream(messages)) as pieces:
            async for _ in pieces:
                pass

    async def aclose(self) -> None:
        """Nothing to close."""


def ask(text: str) -> list[Message]:
    return [Message("user", text)]


async def until(condition: Callable[[], object]) -> None:
    with anyio.fail_after(_HANGS_S):
        while not condition():
            await anyio.lowlevel.checkpoint()


@dataclass
class Stage:
    """A shared model, a lane for each conversation, and what each has heard."""

    slots: list[Slot]
    lanes: list[LaneModel]
    tasks: anyio.abc.TaskGroup
    shared: SharedModel
    heard: list[str] = field(default_factory=list)

    async def begin(self, lane: LaneModel, text: str) -> anyio.CancelScope:
        """A request that is sent, or waits, when this returns; its listener may be cancelled."""
        scope = anyio.CancelScope()

        async def listen() -> None:
            with scope:
                async with aclosing(lane.stream(ask(text))) as pieces:
                    async for piece in pieces:
                        self.heard.append(piece)

        before = self._known
        self.tasks.start_soon(listen)
        await until(lambda: self._known > before)
        return scope

    @property
    def _known(self) -> int:
        return sum(len(slot.sent) for slot in self.slots) + len(self.shared._rota)


@asynccontextmanager
async def stage(slots: int = 1, lanes: int = 2) -> AsyncGenerator[Stage, None]:
    models = [Slot() for _ in range(slots)]
    async with SharedModel(models, FakeClock()) as shared:
        with ExitStack() as places:
            joined = [places.enter_context(shared.lane()) for _ in range(lanes)]
            async with anyio.create_task_group() as tasks:
                yield Stage(models, joined, tasks, shared)


def test_conversations_take_turns_at_one_slot() -> None:
    """Round robin, and never two requests at once."""

    async def scene() -> list[str]:
        async with stage(lanes=3) as on:
            one, two, three = on.lanes
            for lane, text in ((one, "1a"), (one, "1b"), (one, "1c"), (two, "2a"), (three, "3a")):
                await on.begin(lane, text)
            on.slots[0].go.set()
        return on.slots[0].sent

    assert anyio.run(scene) == ["1a", "2a", "3a", "1b", "1c"]


def test_each_slot_answers_somebody_else_and_remembers_who_it_was() -> None:
    """A conversation gets back the slot that has read it."""

    async def scene() -> None:
        async with stage(slots=2) as on:
            one, two = on.lanes
            for slot in on.slots:
                slot.go.set()
            for _ in range(2):
                for lane, text in ((one, "one"), (two, "two")):
                    await on.begin(lane, text)
                    await until(partial(on.heard.__contains__, f"{text} 1"))
                on.heard.clear()
            assert [slot.sent for slot in on.slots] == [["one", "one"], ["two", "two"]]

    anyio.run(scene)


def test_a_request_that_was_cancelled_while_it_waited_is_never_sent() -> None:
    """The turn went on; the model works for others meanwhile."""

    async def scene() -> list[str]:
        async with stage() as on:
            one, two = on.lanes
            await on.begin(one, "first")
            waiting = await on.begin(two, "cancelled")
            waiting.cancel()
            await until(lambda: not len(on.shared._rota))
            await on.begin(two, "second")
            on.slots[0].go.set()
        return on.slots[0].sent

    assert anyio.run(scene) == ["first", "second"]


def test_closing_a_stream_frees_its_slot_before_it_returns() -> None:
    """The next request is sent at once."""

    async def scene() -> None:
        async with stage(lanes=1) as on:
            slot = on.slots[0]
            slot.pieces = 1_000_000
            slot.go.set()
            stream = on.lanes[0].stream(ask("long"))
            await anext(stream)
            assert slot.working
            await stream.aclose()
            assert not slot.working

    anyio.run(scene)


def test_a_listener_that_is_slow_holds_no_slot() -> None:
    """The model says all that it has to say to a buffer, and answers somebody else."""

    async def scene() -> list[str]:
        async with stage() as on:
            one, two = on.lanes
            on.slots[0].go.set()
            async with aclosing(one.stream(ask("slow"))) as slow:
                said = [await anext(slow)]
                await on.begin(two, "quick")
                await until(lambda: on.heard == ["quick 0", "quick 1"])
                said += [piece async for piece in slow]
        return said

    assert anyio.run(scene) == ["slow 0", "slow 1"]


def test_a_model_that_is_down_costs_one_answer_of_one_conversation() -> None:
    """Who asked is told, the slot is free, the next request is sent."""

    async def scene() -> list[str]:
        async with stage() as on:
            one, two = on.lanes
            on.slots[0].go.set()
            with pytest.raises(LanguageModelError, match="down"):
                await one.prefill(ask("broken"))
            with pytest.raises(LanguageModelError, match="down"):
                await anext(one.stream(ask("broken")))
            return [piece async for piece in two.stream(ask("fine"))]

    assert anyio.run(scene) == ["fine 0", "fine 1"]


def test_calls_of_tools_pass_as_they_are() -> None:
    """Port LanguageModel, the whole of it."""

    async def scene() -> list[str | ToolCall]:
        async with stage(lanes=1) as on:
            on.slots[0].go.set()
            return [piece async for piece in on.lanes[0].act(ask("act"), [])]

    assert anyio.run(scene) == ["act 0", "act 1", ToolCall("clock", "{}")]


def test_a_prefill_is_left_out_while_anybody_needs_the_model() -> None:
    """It returns at once."""

    async def scene() -> list[str]:
        async with stage(slots=2) as on:
            one, two = on.lanes
            await on.begin(one, "reply")
            await two.prefill(ask("not now"))
            for slot in on.slots:
                slot.go.set()
        return [text for slot in on.slots for text in slot.sent]

    assert anyio.run(scene) == ["reply"]


@pytest.mark.parametrize("other", [0, 1])
def test_a_prefill_is_broken_off_when_somebody_needs_the_model(other: int) -> None:
    """Its own conversation goes on in the slot that has read so much already."""

    async def scene() -> list[str]:
        async with stage() as on:
            slot = on.slots[0]
            on.tasks.start_soon(on.lanes[0].prefill, ask("prefill"))
            await until(lambda: slot.working)
            await on.begin(on.lanes[other], "reply")
            await until(lambda: slot.working == "reply")
            slot.go.set()
        return slot.sent

    assert anyio.run(scene) == ["prefill", "reply"]


def test_one_conversation_may_let_so_many_requests_wait_and_no_more() -> None:
    """Bounded; what is too much is told."""

    async def scene() -> None:
        async with stage() as on:
            one, two = on.lanes
            await on.begin(two, "holds it")
            for n in range(8):
                await on.begin(one, f"{n}")
            with pytest.raises(LanguageModelError, match="too many"):
                await anext(one.stream(ask("too much")))
            on.slots[0].go.set()

    anyio.run(scene)


def test_an_answer_that_the_end_of_everything_cut_off_is_told_as_such() -> None:
    """Not as one that was complete."""

    async def scene() -> None:
        slot = Slot()
        told: list[LanguageModelError] = []

        async def listen(lane: LaneModel) -> None:
            try:
                await anext(lane.stream(ask("cut off")))
            except LanguageModelError as error:
                told.append(error)

        async with anyio.create_task_group() as tasks, SharedModel([slot], FakeClock()) as shared:
            with shared.lane() as lane:
                tasks.start_soon(listen, lane)
                await until(lambda: slot.working)
        assert "closed while it answered" in str(told[0])

    anyio.run(scene)
