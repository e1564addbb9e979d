"""Without a policy: what is clearly a command for a container, and all that must be left to the language model."""

from __future__ import annotations

from pathlib import Path

import pytest

from jett.core.ports import Plan
from jett.guard import AuditLog, Gate, Identity, Kind, Policy, parse_policy
from jett.session.answering import WrittenControls
from jett.tools.commands import GuardedCommands, Server
from jett.tools.fast_path import FastPath
from tests.tools.test_fast_path import sentences

CLEAR = [
    "Restart n8n.",
    "Hey Jett, restart N eight N please.",
    "Is Postgres healthy?",
    "Show me the logs of grafana.",
    "Stop the web container.",
    "Restart web-1.",
    "How much memory is redis using?",
    "What containers are running?",
]
NOT = [
    *(text for text, action, _ in sentences() if action == "-"),
    "Restart the game.",
    "Restart my phone.",
    "How is traffic?",
    "Is the container of milk empty?",
    "Is the room service running?",
    "What's running?",
    "Stop the music.",
    "What is redis?",
    "Don't restart n8n.",
]
SAID = "I may not do anything on servers yet: there is no policy that lets me. Jett guard check says how."


@pytest.fixture(scope="module")
def path() -> FastPath:
    return FastPath({}, {})


def commands(folder: Path, path: FastPath, policy: Policy) -> GuardedCommands:
    async def never(_: object) -> str:
        raise AssertionError("nothing is permitted here")

    server = Server(lambda: None, never, never, lambda *_: "")
    return GuardedCommands(path, Gate(policy, AuditLog(folder)), server, Identity(Kind.VOICE, "owner"))


@pytest.mark.anyio
@pytest.mark.parametrize("text", CLEAR)
async def test_it_is_said_at_once_that_nothing_may_be_done(text: str, path: FastPath, tmp_path: Path) -> None:
    """The model is not asked: it would chat of a restart that never was."""
    asked = commands(tmp_path, path, Policy())
    plan = asked.plan(text)
    assert isinstance(plan, Plan)
    said = [sentence async for sentence in asked.carry_out(plan, WrittenControls())]
    assert [plan.preview] == said == [SAID]


@pytest.mark.parametrize("text", NOT)
def test_anything_else_is_the_language_models(text: str, path: FastPath, tmp_path: Path) -> None:
    assert commands(tmp_path, path, Policy()).plan(text) is None


def test_where_a_policy_lists_something_its_names_count(path: FastPath, tmp_path: Path) -> None:
    """An unknown name is no command there, as ever."""
    policy = parse_policy('version = 1\n[containers.web]\nactions = ["status"]\n')
    assert commands(tmp_path, path, policy).plan("Restart n8n.") is None


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
