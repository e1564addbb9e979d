"""Who may change what in a conversation, put together from the user's settings: a real policy, gate and record."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest

from jett.app.servers import Servers, commands, model_tools, open_servers
from jett.core.ports import ToolCall
from jett.guard import Identity, Kind, Scope, Verb, tail
from jett.session.answering import WrittenControls
from jett.settings import Settings

pytestmark = pytest.mark.anyio

POLICY = """
version = 1
[containers.n8n]
actions = ["status", "restart"]
[workflows.backup]
[identities.voice]
verbs = ["list", "status", "restart", "run_workflow"]
[identities.dashboard]
verbs = ["list", "status", "restart", "run_workflow"]
[identities.token]
verbs = ["list", "status", "restart", "run_workflow"]
"""
BROWSER, VOICE = Identity(Kind.DASHBOARD, "owner"), Identity(Kind.VOICE, "owner")
TOKEN = Identity(Kind.TOKEN, "phone", Scope(frozenset({Verb.RUN_WORKFLOW, Verb.RESTART}), frozenset({"backup", "n8n"})))
WANTED = "Run the backup workflow."
ONLY_SHOWS = "The dashboard only shows. To let it change things, turn on server actions in the settings file."


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@asynccontextmanager
async def opened(
    folder: Path, *, actions: bool, on_warning: Callable[[str], None] = print
) -> AsyncGenerator[tuple[Settings, Servers], None]:
    (folder / "policy.toml").write_text(POLICY, "utf-8")
    overrides: dict[str, Any] = {
        "ops.policy": folder / "policy.toml",
        "ops.audit_dir": folder / "audit",
        "ops.anchor": folder / "head",
    }
    overrides |= {"server.actions": actions, "llm.tools": "on"}
    settings = Settings.load(env={}, overrides=overrides)
    async with open_servers(settings, on_warning=on_warning) as servers:
        yield settings, servers


async def said(settings: Settings, servers: Servers, identity: Identity, text: str = WANTED) -> str:
    asked = commands(settings, servers, identity, model_tools(settings, servers, identity))
    plan = asked.plan(text)
    assert plan is not None
    sentences = [sentence async for sentence in asked.carry_out(plan, WrittenControls())]
    assert plan.preview == sentences[0]
    return " ".join(sentences)


async def test_a_browsers_words_change_nothing_until_the_owner_turns_actions_on(tmp_path: Path) -> None:
    """Neither as a command, nor through the language model; the attempt is in the record."""
    async with opened(tmp_path, actions=False) as (settings, servers):
        assert await said(settings, servers, BROWSER) == ONLY_SHOWS
        assert await said(settings, servers, BROWSER, "Restart n8n.") == ONLY_SHOWS
        tools = model_tools(settings, servers, BROWSER)
        assert tools is not None
        assert {spec.name for spec in tools.specs()} == {"list_containers", "container_status", "current_time"}
        assert (await tools.use(ToolCall("run_workflow_backup", "{}", "1"))).failed
        assert not servers.gate.awaits(BROWSER, datetime.now(UTC))
        noted = [record.detail for record in tail(servers.gate.audit, 9) if record.kind == "note"]
        assert noted == [
            f"identity.unchanging: {what} was not asked" for what in ("run_workflow backup", "restart n8n")
        ]


async def test_an_edited_policy_is_what_commands_and_the_models_tools_go_by(tmp_path: Path) -> None:
    """In a conversation that has begun; and a mistake is told, which changes nothing."""
    async with opened(tmp_path, actions=True) as (settings, servers):
        asked, tools = commands(settings, servers, VOICE), model_tools(settings, servers, VOICE)
        assert tools is not None
        assert asked.plan("Restart grafana.") is None
        policy = tmp_path / "policy.toml"
        policy.write_text(POLICY.replace("containers.n8n", "containers.grafana"), "utf-8")
        await anyio.to_thread.run_sync(servers.gate.settle, datetime.now(UTC) + timedelta(seconds=2))
        assert asked.plan("Restart grafana.") is not None
        assert asked.plan("Restart n8n.") is None
        status = next(spec for spec in tools.specs() if spec.name == "container_status")
        assert status.parameters["properties"]["name"]["enum"] == ["grafana"]
        policy.write_text("version = 2", "utf-8")
        await anyio.to_thread.run_sync(servers.gate.settle, datetime.now(UTC) + timedelta(seconds=4))
        assert "version is 2" in servers.trouble
        assert asked.plan("Restart grafana.") is not None


async def test_where_actions_are_on_the_browser_is_asked_first(tmp_path: Path) -> None:
    async with opened(tmp_path, actions=True) as (settings, servers):
        assert await said(settings, servers, BROWSER) == "Run the workflow backup?"


async def test_a_question_that_nobody_answered_is_in_the_record_when_jett_ends(tmp_path: Path) -> None:
    """Also where Ctrl-C ends it."""
    with anyio.CancelScope() as ends:
        async with opened(tmp_path, actions=False) as (settings, servers):
            assert await said(settings, servers, VOICE) == "Run the workflow backup?"
            ends.cancel()
            await anyio.sleep_forever()
    last = tail(servers.gate.audit, 1)[0]
    assert (last.kind, last.verdict, last.identity) == ("confirmation", "expired", "voice/owner")


async def test_a_question_that_cannot_be_recorded_at_the_end_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    async with opened(tmp_path, actions=False, on_warning=told.append) as (settings, servers):
        await said(settings, servers, VOICE)
        (tmp_path / "audit").rename(tmp_path / "away")
        (tmp_path / "audit").write_text("no folder")
    assert any(line.startswith("audit:") for line in told)


@pytest.mark.parametrize("who", [VOICE, TOKEN], ids=["voice", "token"])
async def test_others_keep_their_own_policy(tmp_path: Path, who: Identity) -> None:
    async with opened(tmp_path, actions=False) as (settings, servers):
        assert await said(settings, servers, who) == "Run the workflow backup?"
