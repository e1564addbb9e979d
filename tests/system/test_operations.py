"""Guarded operations against a real Docker engine: what is permitted happens, and nothing is said that was not seen."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest

from jett.core.errors import AuditError, OperationError, PermitError
from jett.guard import (
    AuditLog,
    Gate,
    Identity,
    Kind,
    Outcome,
    Permit,
    Question,
    Refused,
    Request,
    Verb,
    parse_policy,
    tail,
)
from jett.ops.book import ContainerBook
from jett.ops.docker_engine import Change, DockerEngine
from jett.ops.docker_version import NEWEST
from jett.ops.operations import Operations
from jett.ops.result import Result, sentence
from tests.system.docker_engine import TestEngine

pytestmark = [pytest.mark.root, pytest.mark.anyio]

OWNER = Identity(Kind.VOICE, "owner")
POLICY = """
version = 1
place = "on the VPS"
[containers.n8n]
actions = ["status", "logs", "stats", "start", "stop", "restart"]
[containers.postgres]
actions = ["status", "logs", "stats", "start", "stop", "restart"]
[containers.proxy]
actions = ["status", "restart"]
status_only = true
[identities.voice]
verbs = ["list", "status", "logs", "stats", "start", "stop", "restart"]
"""
SERVES = "trap 'exit 0' TERM; echo ready; while :; do sleep 0.1; done"
CHECKED = ("--health-cmd", "test -e /tmp/well", "--health-interval", "1s", "--health-retries", "1")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Desktop:
    """Jett's side: the guard, the book and the operations."""

    gate: Gate
    book: ContainerBook
    operations: Operations
    docker: DockerEngine
    audit: AuditLog

    async def ask(self, verb: Verb, target: str = "", *, answer: str = "yes") -> Result | Refused:
        """A request, and the answer to its question."""
        now = datetime.now(UTC)
        decided = self.gate.ask(Request(verb, target), OWNER, self.book.live_names, now)
        if isinstance(decided, Question):
            decided = self.gate.answer(answer, OWNER, now)
        assert not isinstance(decided, Question)
        return await self.operations.carry_out(decided) if isinstance(decided, Permit) else decided


@asynccontextmanager
async def desktop(address: str, folder: Path, *, settle_s: float = 20.0) -> AsyncGenerator[Desktop, None]:
    """With the book kept, as while Jett runs."""
    docker = DockerEngine(address)
    book = ContainerBook(docker)
    audit = AuditLog(folder)
    gate = Gate(parse_policy(POLICY), audit)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(book.keep)
        with anyio.move_on_after(5):
            await book.wait_until(lambda: book.live_names is not None or "reached" in book.trouble)
        yield Desktop(gate, book, Operations(gate, docker, book, None, settle_s=settle_s), docker, audit)
        tasks.cancel_scope.cancel()
    await docker.aclose()


async def test_a_restart_is_confirmed_done_seen_and_recorded(engine: TestEngine, tmp_path: Path) -> None:
    """The way of "restart n8n": a question, a yes, another time of start, a sentence, the record."""
    engine.run("n8n", f"touch /tmp/well; {SERVES}", *CHECKED)
    before = engine.state("n8n", ".State.StartedAt")
    async with desktop(engine.address, tmp_path) as jett:
        result = await jett.ask(Verb.RESTART, "n8n")
    assert isinstance(result, Result)
    assert result.result == "done"
    assert engine.state("n8n", ".State.StartedAt") != before
    assert sentence(result).startswith("n8n is back up after ")
    assert sentence(result).endswith(", healthy.")
    assert [record.kind for record in tail(jett.audit, 9)] == ["request", "confirmation", "intent", "outcome"]


async def test_a_container_that_ended_by_itself_with_an_error_is_told_so(engine: TestEngine, tmp_path: Path) -> None:
    """From the list alone, which is what a status is answered from."""
    engine.run("n8n", "exit 3")
    engine.docker("wait", "n8n")
    async with desktop(engine.address, tmp_path) as jett:
        result = await jett.ask(Verb.STATUS, "n8n")
    assert isinstance(result, Result)
    assert result.seen[0].exit_code == 3
    assert sentence(result) == "n8n is stopped, it ended with an error."


class ClosedDoor(DockerEngine):
    """A real engine behind a proxy that permits no change."""

    async def change(self, change: Change, name: str) -> None:
        raise OperationError(f"docker: {change} {name}: the engine answered 403; the socket proxy does not permit it")


async def test_what_a_container_does_by_itself_is_not_said_to_be_jetts_doing(
    engine: TestEngine, tmp_path: Path
) -> None:
    """The engine refused, and the container crashed and came back a moment later."""
    engine.run("n8n", "sleep 1; exit 1", "--restart", "always")
    async with desktop(engine.address, tmp_path) as jett:
        door = ClosedDoor(engine.address)
        jett.operations = Operations(jett.gate, door, jett.book, None)
        result = await jett.ask(Verb.RESTART, "n8n")
        await door.aclose()
    assert isinstance(result, Result)
    assert (result.result, "403" in result.trouble) == ("failed", True)
    assert "back up" not in sentence(result)
    assert tail(jett.audit, 1)[0].verdict == "failed"


class FullAfterTheIntent(Gate):
    """A gate whose disk is full once an operation has begun."""

    def finish(self, permit: Permit, outcome: Outcome, now: datetime) -> None:
        raise AuditError("audit: no space left on the device; make room")


async def test_an_outcome_that_cannot_be_recorded_is_said_and_what_was_done_is_not_denied(
    engine: TestEngine, tmp_path: Path
) -> None:
    """It was done; only the record does not say so."""
    engine.run("n8n", SERVES)
    before = engine.state("n8n", ".State.StartedAt")
    async with desktop(engine.address, tmp_path) as jett:
        jett.gate = FullAfterTheIntent(parse_policy(POLICY), jett.audit)
        jett.operations = Operations(jett.gate, jett.docker, jett.book, None)
        result = await jett.ask(Verb.RESTART, "n8n")
    assert engine.state("n8n", ".State.StartedAt") != before
    assert isinstance(result, Result)
    assert result.result == "done"
    assert result.unrecorded == (
        "audit: no space left on the device; make room; what was begun has no outcome in the record"
    )
    assert sentence(result).startswith("n8n is back up after ")
    assert sentence(result).endswith("But I could not write into my record how it ended.")
    assert [record.kind for record in tail(jett.audit, 9)] == ["request", "confirmation", "intent"]


async def test_a_real_engine_is_spoken_to_in_a_version_that_it_knows(engine: TestEngine) -> None:
    """The newest of its own, or of ours."""
    theirs = int(engine.docker("version", "-f", "{{.Server.APIVersion}}").removeprefix("1."))
    docker = DockerEngine(engine.address)
    await docker.containers()
    assert docker._api == f"/v1.{min(theirs, NEWEST)}"
    await docker.aclose()


async def test_a_no_leaves_it_alone(engine: TestEngine, tmp_path: Path) -> None:
    """And so does anything that is not a yes."""
    engine.run("n8n", SERVES)
    before = engine.state("n8n", ".State.StartedAt")
    async with desktop(engine.address, tmp_path) as jett:
        assert isinstance(await jett.ask(Verb.RESTART, "n8n", answer="no"), Refused)
    assert engine.state("n8n", ".State.StartedAt") == before


async def test_success_is_not_said_of_a_container_that_dies_again(engine: TestEngine, tmp_path: Path) -> None:
    """The engine answered "restarted", and it ended a moment later."""
    engine.run("n8n", "test -e /tmp/once && { sleep 0.7; exit 3; }; touch /tmp/once; " + SERVES)
    async with desktop(engine.address, tmp_path) as jett:
        result = await jett.ask(Verb.RESTART, "n8n")
    assert isinstance(result, Result)
    assert result.result == "failed"
    assert "is stopped, it ended with an error" in sentence(result)


async def test_success_is_not_said_of_a_container_that_is_unhealthy(engine: TestEngine, tmp_path: Path) -> None:
    """It runs, but its own check fails."""
    engine.run("n8n", f"rm -f /tmp/well; {SERVES}", *CHECKED)
    async with desktop(engine.address, tmp_path, settle_s=4.0) as jett:
        result = await jett.ask(Verb.RESTART, "n8n")
    assert isinstance(result, Result)
    assert result.result == "failed"
    assert "running, but unhealthy" in sentence(result)


async def test_stop_and_start(engine: TestEngine, tmp_path: Path) -> None:
    """Each is seen at the engine."""
    engine.run("postgres", SERVES)
    async with desktop(engine.address, tmp_path) as jett:
        stopped = await jett.ask(Verb.STOP, "postgres")
        assert isinstance(stopped, Result)
        assert stopped.result == "done"
        assert engine.state("postgres") == "exited"
        started = await jett.ask(Verb.START, "postgres")
        assert isinstance(started, Result)
        assert (started.result, engine.state("postgres")) == ("done", "running")


async def test_a_lifeline_and_a_stranger_are_refused(engine: TestEngine, tmp_path: Path) -> None:
    """On the list but a lifeline; not on the list; on the list but not there."""
    engine.run("proxy", SERVES)
    engine.run("stranger", SERVES)
    async with desktop(engine.address, tmp_path) as jett:
        rules = [await jett.ask(Verb.RESTART, name) for name in ("proxy", "stranger", "n8n")]
    assert [rule.rule for rule in rules if isinstance(rule, Refused)] == [
        "container.lifeline",
        "container.unlisted",
        "container.absent",
    ]


async def test_the_book_follows_what_happens_on_the_server(engine: TestEngine, tmp_path: Path) -> None:
    """A container that comes, becomes ill, and goes, each without being asked for."""
    async with desktop(engine.address, tmp_path) as jett:
        book = jett.book
        engine.run("n8n", f"touch /tmp/well; {SERVES}", *CHECKED)
        with anyio.fail_after(20):
            await book.wait_until(lambda: (seen := book.seen("n8n")) is not None and seen.health == "healthy")
        engine.docker("exec", "n8n", "rm", "/tmp/well")
        with anyio.fail_after(20):
            await book.wait_until(lambda: (seen := book.seen("n8n")) is not None and seen.health == "unhealthy")
        status = await jett.ask(Verb.STATUS, "n8n")
        assert isinstance(status, Result)
        assert sentence(status) == "n8n is running, but unhealthy."
        engine.docker("rm", "-f", "n8n")
        with anyio.fail_after(20):
            await book.wait_until(lambda: book.live_names == frozenset())


async def test_logs_are_redacted_and_stats_measured(engine: TestEngine, tmp_path: Path) -> None:
    """What a container prints is data, without its secrets."""
    engine.run("n8n", f"echo starting; echo PASSWORD=hunter2hunter2; {SERVES}")
    async with desktop(engine.address, tmp_path) as jett:
        log = await jett.ask(Verb.LOGS, "n8n")
        stats = await jett.ask(Verb.STATS, "n8n")
    assert isinstance(log, Result)
    assert isinstance(stats, Result)
    assert "hunter2" not in log.log
    assert log.log.splitlines()[0] == "starting"
    assert stats.usage is not None
    assert stats.usage.memory_bytes > 0
    assert "of memory" in sentence(stats)


async def test_a_permit_is_good_once(engine: TestEngine, tmp_path: Path) -> None:
    """Nothing is done with it again."""
    engine.run("n8n", SERVES)
    async with desktop(engine.address, tmp_path) as jett:
        permit = jett.gate.ask(Request(Verb.STATUS, "n8n"), OWNER, jett.book.live_names, datetime.now(UTC))
        assert isinstance(permit, Permit)
        await jett.operations.carry_out(permit)
        with pytest.raises(PermitError):
            await jett.operations.carry_out(permit)


async def test_a_restart_that_nobody_waits_for_is_done_and_recorded_as_unknown(
    engine: TestEngine, tmp_path: Path
) -> None:
    """Whoever asked goes away while Docker restarts it: it is not left stopped, and the record has an outcome."""
    engine.run("n8n", "trap 'sleep 1; exit 0' TERM; while :; do sleep 0.1; done")
    before = engine.state("n8n", ".State.StartedAt")
    async with desktop(engine.address, tmp_path) as jett:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(jett.ask, Verb.RESTART, "n8n")
            with anyio.fail_after(20):
                await jett.book.wait_until(lambda: _begun(jett))
            tasks.cancel_scope.cancel()
        assert engine.state("n8n") == "running"
        assert engine.state("n8n", ".State.StartedAt") != before
        assert [(record.kind, record.verdict) for record in tail(jett.audit, 2)][-1] == ("outcome", "unknown")


def _begun(jett: Desktop) -> bool:
    """Whether Docker was asked: the container's own events tell, since its book notes each of them."""
    return any(record.kind == "intent" for record in tail(jett.audit, 9))


async def test_without_an_engine_everything_is_unknown(tmp_path: Path) -> None:
    """And said to be so; nothing is asked of a server that cannot be seen."""
    async with desktop(f"unix://{tmp_path}/none.sock", tmp_path / "audit") as jett:
        refused = await jett.ask(Verb.STATUS, "n8n")
        assert isinstance(refused, Refused)
        assert refused.rule == "container.live_unknown"
        with pytest.raises(OperationError, match="cannot be reached"):
            await jett.docker.containers()
        assert "cannot be reached" in jett.book.trouble


async def test_what_is_listed_and_not_there_is_named(engine: TestEngine, tmp_path: Path) -> None:
    """Everything that is there is well; that is not everything."""
    engine.run("n8n", SERVES)
    async with desktop(engine.address, tmp_path) as jett:
        result = await jett.ask(Verb.LIST)
    assert isinstance(result, Result)
    assert sentence(result) == "n8n is up and well. postgres and proxy are not there."
