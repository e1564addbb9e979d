"""A log and a container's use held open by one permit, against a real Docker engine: bounded, redacted, recorded."""

from __future__ import annotations

from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest

from jett.core.clock import FakeClock
from jett.core.errors import OperationError, PermitError
from jett.guard import Permit, Request, Verb, tail, unfinished
from jett.ops import operations as ops
from jett.ops.operations import Operations
from tests.system.docker_engine import TestEngine
from tests.system.test_operations import OWNER, Desktop, desktop

pytestmark = [pytest.mark.root, pytest.mark.anyio]

COUNTS = "i=0; while :; do echo line $i password=hunter2; i=$((i+1)); sleep 0.05; done"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def permit_of(jett: Desktop, verb: Verb, target: str = "n8n") -> Permit:
    lines = 3 if verb is Verb.LOGS else None
    decided = jett.gate.ask(Request(verb, target, lines), OWNER, jett.book.live_names, datetime.now(UTC))
    assert isinstance(decided, Permit)
    return decided


def kinds(jett: Desktop) -> list[tuple[str, str, str]]:
    return [(record.kind, record.verdict, record.detail) for record in tail(jett.audit, 9)]


async def test_a_followed_log_is_one_operation_from_its_first_line_to_its_last(
    engine: TestEngine, tmp_path: Path
) -> None:
    engine.run("n8n", COUNTS)
    async with desktop(engine.address, tmp_path) as jett:
        seen: list[str] = []
        async with aclosing(jett.operations.follow(permit_of(jett, Verb.LOGS))) as log:
            async for lines in log:
                seen += lines.lines
                if len(seen) >= 8:
                    break
            assert [kind for kind, _, _ in kinds(jett)] == ["request", "intent"]
        assert kinds(jett)[-1] == ("outcome", "done", "closed by whoever looked")
    numbers = [int(line.split()[1]) for line in seen]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert all(line.endswith("password=[redacted]") for line in seen)


async def test_a_followed_log_ends_with_its_container(engine: TestEngine, tmp_path: Path) -> None:
    engine.run("n8n", "echo one; echo two >&2; sleep 1; printf three", "-t")
    async with desktop(engine.address, tmp_path) as jett:
        seen = [line async for lines in jett.operations.follow(permit_of(jett, Verb.LOGS)) for line in lines.lines]
        assert kinds(jett)[-1] == ("outcome", "done", "ended by itself")
    assert seen[:2] == ["one", "two"]


async def test_it_is_closed_after_its_time(engine: TestEngine, tmp_path: Path) -> None:
    """By the clock, while lines come."""
    engine.run("n8n", COUNTS)
    async with desktop(engine.address, tmp_path) as jett:
        clock = FakeClock()
        jett.operations = Operations(jett.gate, jett.docker, jett.book, None, clock=clock)
        seen = 0
        async for _ in jett.operations.follow(permit_of(jett, Verb.LOGS)):
            seen += 1
            clock.advance(ops.FOLLOWED_S / 4)
        assert seen == 4
        assert kinds(jett)[-1] == ("outcome", "done", "closed after 600 s")


async def test_a_flood_is_shown_in_part_and_counted(engine: TestEngine, tmp_path: Path) -> None:
    engine.run("n8n", "while :; do seq 1 100000; done")
    async with desktop(engine.address, tmp_path) as jett:
        shown = dropped = 0
        async with aclosing(jett.operations.follow(permit_of(jett, Verb.LOGS))) as log:
            async for lines in log:
                shown, dropped = shown + len(lines.lines), dropped + lines.dropped
                if dropped:
                    break
        assert shown <= 1000
        assert dropped > 0


async def test_who_leaves_in_the_middle_leaves_an_outcome(engine: TestEngine, tmp_path: Path) -> None:
    """Cancelled while nothing is logged."""
    engine.run("n8n", "echo one; sleep 60")
    async with desktop(engine.address, tmp_path) as jett:
        first = anyio.Event()

        async def look() -> None:
            async with aclosing(jett.operations.follow(permit_of(jett, Verb.LOGS))) as log:
                async for _ in log:
                    first.set()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(look)
            await first.wait()
            tasks.cancel_scope.cancel()
        assert unfinished(jett.audit) == []
        assert kinds(jett)[-1][:2] == ("outcome", "done")


async def test_a_containers_use_is_told_again_and_again(engine: TestEngine, tmp_path: Path) -> None:
    engine.run("n8n", "while :; do :; done", "--memory", "32m")
    async with desktop(engine.address, tmp_path) as jett:
        async with aclosing(jett.operations.usages(permit_of(jett, Verb.STATS))) as usages:
            found = [usage for _, usage in zip(range(2), [await anext(usages), await anext(usages)], strict=True)]
        assert kinds(jett)[-1] == ("outcome", "done", "closed by whoever looked")
    assert all(usage.cpu_percent > 5 for usage in found)
    assert {usage.memory_limit_bytes for usage in found} == {32 << 20}


async def test_a_permit_for_one_thing_holds_nothing_else_open(engine: TestEngine, tmp_path: Path) -> None:
    """And it is used up."""
    engine.run("n8n", COUNTS)
    async with desktop(engine.address, tmp_path) as jett:
        permit = permit_of(jett, Verb.STATUS)
        with pytest.raises(OperationError, match="cannot be held open as logs"):
            await anext(jett.operations.follow(permit))
        assert kinds(jett)[-1][:2] == ("outcome", "failed")
        with pytest.raises(PermitError):
            await anext(jett.operations.follow(permit))


async def test_a_container_that_is_gone_meanwhile_is_a_failure_on_record(engine: TestEngine, tmp_path: Path) -> None:
    engine.run("n8n", COUNTS)
    async with desktop(engine.address, tmp_path) as jett:
        permit = permit_of(jett, Verb.LOGS)
        engine.docker("rm", "-f", "n8n")
        with pytest.raises(OperationError, match="404"):
            await anext(jett.operations.follow(permit))
        assert kinds(jett)[-1][:2] == ("outcome", "failed")
