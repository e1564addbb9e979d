"""Samples of what containers take: few operations, only while somebody looks, and only what the guard still permits."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import anyio.abc
import anyio.to_thread
import pytest

from jett.core.clock import FakeClock
from jett.core.errors import OperationError
from jett.guard import AuditLog, Gate, Identity, Kind, Outcome, Permit, Policy, parse_policy, tail
from jett.server.container_port import Done, Logged, Sight
from jett.server.container_usage import EVERY_S, LOOKED_S, MOST_OPENED, REST_S, UsageSampler

pytestmark = pytest.mark.anyio

NAMES = [f"c{number}" for number in range(8)]
DESK = Identity(Kind.DASHBOARD, "owner")
START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
POLICY = "version = 1\n" + "".join(f'[containers.{name}]\nactions = ["stats"]\n' for name in NAMES)
POLICY += '[identities.dashboard]\nverbs = ["stats"]\n'


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Taken:
    """What a container takes."""

    cpu_percent: float = 5.0
    memory_bytes: int = 1
    memory_limit_bytes: int = 2


@dataclass
class Streams:
    """Port ContainerPort, whose streams the test feeds: the guard's permits are used as `ops` uses them."""

    gate: Gate
    clock: FakeClock
    open: dict[str, anyio.abc.ObjectSendStream[Taken]] = field(default_factory=dict)
    ended: dict[str, anyio.Event] = field(default_factory=dict)
    opened: anyio.Event = field(default_factory=anyio.Event)
    fails: bool = False

    def now(self) -> datetime:
        return START + timedelta(seconds=self.clock.now_s())

    def live_names(self) -> frozenset[str] | None:
        return frozenset(NAMES)

    async def usages(self, permit: Permit) -> AsyncGenerator[Taken, None]:
        name = self.gate.redeem(permit, self.now()).target
        send, receive = anyio.create_memory_object_stream[Taken](0)
        self.open[name], self.ended[name] = send, anyio.Event()
        self.opened.set()
        try:
            async with send, receive:
                if self.fails:
                    raise OperationError("docker: gone")
                async for taken in receive:
                    yield taken
        finally:
            self.gate.finish(permit, Outcome("done"), self.now())
            del self.open[name]
            self.ended[name].set()

    async def wait_for(self, count: int) -> None:
        with anyio.fail_after(10):
            while len(self.open) < count:
                self.opened = anyio.Event()
                await self.opened.wait()

    def trouble(self) -> str:
        return ""

    def seen(self, name: str) -> Sight | None:
        return None

    async def look_closer(self, names: Sequence[str]) -> None: ...

    async def carry_out(self, permit: Permit) -> Done:
        raise AssertionError("nothing is carried out here")

    def follow(self, permit: Permit) -> AsyncGenerator[Logged, None]:
        raise AssertionError("nothing is followed here")


@asynccontextmanager
async def sampling(folder: Path, policy: Policy | None = None) -> AsyncGenerator[tuple[UsageSampler, Streams], None]:
    gate = Gate(policy or parse_policy(POLICY), AuditLog(folder))
    streams = Streams(gate, FakeClock())
    sampler = UsageSampler(gate, streams, now=streams.now, now_s=streams.clock.now_s)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(sampler.keep)
        yield sampler, streams
        tasks.cancel_scope.cancel()


def asked(streams: Streams) -> int:
    return sum(record.kind == "request" for record in tail(streams.gate.audit, 999))


async def test_one_stream_is_one_operation_however_often_somebody_looks(tmp_path: Path) -> None:
    """And gives a sample every few seconds, not with every word of the engine."""
    async with sampling(tmp_path) as (sampler, streams):
        for _ in range(20):
            sampler.look(DESK, ["c0"])
        await streams.wait_for(1)
        for _ in range(9):
            await streams.open["c0"].send(Taken())
            streams.clock.advance(1.0)
            sampler.look(DESK, ["c0"])
        await streams.open["c0"].send(Taken(cpu_percent=9.0))
        await anyio.wait_all_tasks_blocked()
        assert asked(streams) == 1
        assert len(sampler.samples("c0")) == 1 + int(9 / EVERY_S)
        assert sampler.samples("c1") == []


async def test_at_most_half_of_what_may_be_read_in_a_minute_is_used(tmp_path: Path) -> None:
    """The others come a minute later."""
    async with sampling(tmp_path) as (sampler, streams):
        for _ in range(5):
            sampler.look(DESK, NAMES)
            await streams.wait_for(MOST_OPENED)
        assert asked(streams) == MOST_OPENED
        streams.clock.advance(61)
        sampler.look(DESK, NAMES)
        await streams.wait_for(len(NAMES))
        assert asked(streams) == len(NAMES)


async def test_it_ends_a_minute_after_the_last_look(tmp_path: Path) -> None:
    async with sampling(tmp_path) as (sampler, streams):
        sampler.look(DESK, ["c0"])
        await streams.wait_for(1)
        streams.clock.advance(LOOKED_S - 1)
        await streams.open["c0"].send(Taken())
        await anyio.wait_all_tasks_blocked()
        assert list(streams.open) == ["c0"]
        streams.clock.advance(1)
        await streams.open["c0"].send(Taken())
        await streams.ended["c0"].wait()
        assert tail(streams.gate.audit, 1)[0].kind == "outcome"


async def test_it_ends_with_the_policy_that_permitted_it(tmp_path: Path) -> None:
    async with sampling(tmp_path) as (sampler, streams):
        sampler.look(DESK, ["c0"])
        await streams.wait_for(1)
        streams.gate.replace_policy(Policy(), streams.now())
        await streams.open["c0"].send(Taken())
        await streams.ended["c0"].wait()
        assert sampler.samples("c0") == []


async def test_what_is_refused_is_not_asked_for_with_every_look(tmp_path: Path) -> None:
    """Each would be a line of the record."""
    async with sampling(tmp_path, Policy()) as (sampler, streams):
        for _ in range(10):
            sampler.look(DESK, ["c0"])
            await anyio.to_thread.run_sync(lambda: None)
            await anyio.wait_all_tasks_blocked()
        assert asked(streams) <= 1


async def test_what_fails_is_tried_again_a_minute_later(tmp_path: Path) -> None:
    async with sampling(tmp_path) as (sampler, streams):
        streams.fails = True
        sampler.look(DESK, ["c0"])
        with anyio.fail_after(10):
            await streams.opened.wait()
            await streams.ended["c0"].wait()
        streams.fails = False
        sampler.look(DESK, ["c0"])
        await anyio.wait_all_tasks_blocked()
        assert asked(streams) == 1
        streams.clock.advance(REST_S)
        sampler.look(DESK, ["c0"])
        await streams.wait_for(1)
        assert asked(streams) == 2


async def test_old_samples_are_forgotten(tmp_path: Path) -> None:
    async with sampling(tmp_path) as (sampler, streams):
        sampler.look(DESK, ["c0"])
        await streams.wait_for(1)
        await streams.open["c0"].send(Taken())
        await anyio.wait_all_tasks_blocked()
        assert len(sampler.samples("c0")) == 1
        streams.clock.advance(301)
        assert sampler.samples("c0") == []
