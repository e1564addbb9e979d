"""The engine takes the beginning of an id for a name: no name of the policy may ever mean another container."""

from __future__ import annotations

from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from jett.core.errors import OperationError
from jett.guard import AuditLog, Gate, Identity, Kind, Permit, Question, Request, Verb, parse_policy
from jett.ops.book import ContainerBook
from jett.ops.docker_engine import Change, DockerEngine
from jett.ops.operations import Operations
from tests.system.docker_engine import TestEngine

pytestmark = [pytest.mark.root, pytest.mark.anyio]

OWNER = Identity(Kind.VOICE, "owner")
SERVES = "trap 'exit 0' TERM; echo ready; while :; do sleep 0.1; done"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def beginning_of(engine: TestEngine, name: str) -> str:
    """What the engine would take for `name`, where nothing has it for a name."""
    return engine.docker("inspect", "--format", "{{.Id}}", name)[:4]


async def test_the_beginning_of_an_id_is_nobodys_name(engine: TestEngine) -> None:
    """Neither to look at, nor to change."""
    engine.run("victim", SERVES)
    started, docker = engine.state("victim", ".State.StartedAt"), DockerEngine(engine.address)
    name = beginning_of(engine, "victim")
    changes: list[Change] = ["restart", "stop", "start"]
    for change in changes:
        with pytest.raises(OperationError, match="no such container"):
            await docker.change(change, name)
    for read in (docker.inspect(name), docker.logs(name, 1), docker.stats(name)):
        with pytest.raises(OperationError, match="no such container"):
            await read
    for held in (docker.follow(name, 1), docker.usages(name)):
        async with aclosing(held) as pieces:
            with pytest.raises(OperationError, match="no such container"):
                await anext(pieces)
    await docker.aclose()
    assert engine.state("victim", ".State.StartedAt") == started


async def test_a_container_that_went_after_the_question_is_not_another_one(engine: TestEngine, tmp_path: Path) -> None:
    """Its name is the beginning of another's id, which is not touched after the yes."""
    engine.run("victim", SERVES)
    name = beginning_of(engine, "victim")
    engine.run(name, SERVES)
    started, docker = engine.state("victim", ".State.StartedAt"), DockerEngine(engine.address)
    book = ContainerBook(docker)
    policy = parse_policy(
        f'version = 1\n[containers."{name}"]\nactions = ["restart"]\n[identities.voice]\nverbs = ["restart"]'
    )
    gate = Gate(policy, AuditLog(tmp_path))
    operations = Operations(gate, docker, book, None)
    await book.look()
    assert isinstance(gate.ask(Request(Verb.RESTART, name), OWNER, book.live_names, datetime.now(UTC)), Question)
    engine.docker("rm", "--force", name)
    permit = gate.answer("yes", OWNER, datetime.now(UTC))
    assert isinstance(permit, Permit)
    result = await operations.carry_out(permit)
    await docker.aclose()
    assert result.result == "failed"
    assert engine.state("victim", ".State.StartedAt") == started


async def test_a_name_that_might_be_an_id_is_a_name_like_any_other(engine: TestEngine) -> None:
    """Looked at, read and changed, whoever's id begins like that."""
    engine.run("cafe", SERVES)
    docker = DockerEngine(engine.address)
    before = await docker.inspect("cafe")
    assert (before.name, before.running) == ("cafe", True)
    assert await docker.logs("cafe", 1) == "ready"
    assert (await docker.stats("cafe")).memory_bytes >= 0
    await docker.change("restart", "cafe")
    assert (await docker.inspect("cafe")).started_at != before.started_at
    await docker.aclose()
