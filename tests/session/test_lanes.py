"""One engine's thread that several conversations share: order, cancelling, bounds, and faults."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import anyio
import anyio.lowlevel
import pytest

from jett.core.clock import FakeClock
from jett.core.errors import EngineError, TextToSpeechError
from jett.session.lanes import Lane, Lanes

_HANGS_S = 20.0


@dataclass
class Engine:
    """Notes what it does; its first call lasts until the test lets it go, so that others must wait."""

    order: list[str] = field(default_factory=list)
    begun: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)
    threads: set[str] = field(default_factory=set)

    def hold(self) -> None:
        self.begun.set()
        assert self.go.wait(_HANGS_S)

    def note(self, name: str) -> str:
        self.threads.add(threading.current_thread().name)
        self.order.append(name)
        return name


@contextmanager
def shared(count: int, most_waiting: int = 8) -> Iterator[tuple[Engine, FakeClock, list[Lane]]]:
    engine, clock = Engine(), FakeClock()
    with Lanes("stt", clock, most_waiting=most_waiting) as lanes, ExitStack() as places:
        yield engine, clock, [places.enter_context(lanes.lane()) for _ in range(count)]


async def until(condition: Callable[[], object]) -> None:
    with anyio.fail_after(_HANGS_S):
        while not condition():
            await anyio.lowlevel.checkpoint()


@dataclass
class Scene:
    """Calls that wait behind a held one, in the order in which they were made."""

    engine: Engine
    tasks: anyio.abc.TaskGroup

    async def hold(self, lane: Lane) -> None:
        self.tasks.start_soon(lane.call, self.engine.hold)
        await until(self.engine.begun.is_set)

    async def put(self, lane: Lane, name: str, scope: anyio.CancelScope | None = None) -> None:
        async def call() -> None:
            with scope or anyio.CancelScope():
                await lane.call(self.engine.note, name)

        before = len(lane.lanes._rota)
        self.tasks.start_soon(call)
        await until(lambda: len(lane.lanes._rota) > before)


def test_conversations_take_turns_on_one_thread() -> None:
    """Round robin; an engine is never entered twice."""

    async def scene() -> list[str]:
        with shared(3) as (engine, _, (one, two, three)):
            async with anyio.create_task_group() as tasks:
                play = Scene(engine, tasks)
                await play.hold(one)
                for lane, name in ((one, "1a"), (one, "1b"), (two, "2a"), (three, "3a"), (two, "2b")):
                    await play.put(lane, name)
                engine.go.set()
            assert engine.threads == {"jett-stt"}
            return engine.order

    assert anyio.run(scene) == ["2a", "3a", "1a", "2b", "1b"]


def test_the_clause_that_is_needed_soonest_is_spoken_first_and_an_urgent_call_before_it() -> None:
    """Deadlines of seconds from now, on the clock that the lanes are given."""

    async def scene() -> list[str]:
        with shared(3) as (engine, clock, (one, two, three)):
            async with anyio.create_task_group() as tasks:
                play = Scene(engine, tasks)
                await play.hold(one)
                await play.put(one.within(3), "needed at 3")
                clock.advance(1)
                await play.put(two.within(1), "needed at 2")
                await play.put(three, "urgent")
                engine.go.set()
            return engine.order

    assert anyio.run(scene) == ["urgent", "needed at 2", "needed at 3"]


def test_a_call_that_was_cancelled_before_it_began_is_never_run() -> None:
    """And others wait no longer for it."""

    async def scene() -> list[str]:
        with shared(2) as (engine, _, (one, two)):
            async with anyio.create_task_group() as tasks:
                play, scope = Scene(engine, tasks), anyio.CancelScope()
                await play.hold(one)
                await play.put(two, "cancelled", scope)
                await play.put(one, "kept")
                scope.cancel()
                await until(lambda: len(one.lanes._rota) == 1)
                engine.go.set()
            return engine.order

    assert anyio.run(scene) == ["kept"]


def test_a_cancelled_call_that_has_begun_holds_the_thread_but_nobody_waits_for_its_result() -> None:
    """The next call runs after it, and the lanes are busy until then."""

    async def scene() -> None:
        with shared(1) as (engine, _, (lane,)):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(lane.call, engine.hold)
                await until(engine.begun.is_set)
                tasks.cancel_scope.cancel()
            assert lane.busy
            engine.go.set()
            assert await lane.call(engine.note, "next") == "next"
            await until(lambda: not lane.busy)

    anyio.run(scene)


def test_lanes_are_busy_for_everybody_while_anybody_calls() -> None:
    """So that partials are left out under load."""

    async def scene() -> None:
        with shared(2) as (engine, _, (one, two)):
            assert not two.busy
            async with anyio.create_task_group() as tasks:
                await Scene(engine, tasks).hold(one)
                assert two.busy
                engine.go.set()

    anyio.run(scene)


def test_one_conversation_may_let_so_many_calls_wait_and_no_more() -> None:
    """What is too much is told to who asks for it; the others are served."""

    async def scene() -> list[str]:
        with shared(2, most_waiting=1) as (engine, _, (one, two)):
            async with anyio.create_task_group() as tasks:
                play = Scene(engine, tasks)
                await play.hold(one)
                await play.put(one, "first")
                with pytest.raises(EngineError, match="1 calls of one conversation"):
                    await one.call(engine.note, "too much")
                await play.put(two, "other")
                engine.go.set()
            return engine.order

    assert anyio.run(scene) == ["other", "first"]


def test_what_waits_at_the_end_of_a_conversation_is_given_up() -> None:
    """It is told to whoever still waits, and never run."""

    async def scene() -> list[str]:
        engine = Engine()
        with Lanes("tts", FakeClock()) as lanes, lanes.lane() as holding:
            async with anyio.create_task_group() as tasks:
                play = Scene(engine, tasks)
                await play.hold(holding)
                with lanes.lane() as ending:
                    told: list[EngineError] = []

                    async def call() -> None:
                        try:
                            await ending.call(engine.note, "never")
                        except EngineError as error:
                            told.append(error)

                    tasks.start_soon(call)
                    await until(lambda: len(lanes._rota))
                await until(lambda: told)
                engine.go.set()
        return engine.order

    assert anyio.run(scene) == []


@pytest.mark.parametrize(
    ("fault", "expected"), [(IndexError("list index"), EngineError), (TextToSpeechError("tts: x"), TextToSpeechError)]
)
def test_a_fault_in_an_engine_costs_one_call_of_one_conversation(fault: Exception, expected: type[Exception]) -> None:
    """Jett's own errors pass as they are, all others as EngineError without their words."""

    def fail() -> None:
        raise fault

    async def scene() -> str:
        with shared(2) as (engine, _, (one, two)):
            with pytest.raises(expected) as raised:
                await one.call(fail)
            assert "list index" not in str(raised.value)
            return await two.call(engine.note, "fine")

    assert anyio.run(scene) == "fine"
