"""Jett's operations run a real n8n's workflows through their webhooks, and say what came of it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread

from jett.app.servers import open_servers, owner
from jett.guard import Kind, Permit, Question, Request, Verb
from jett.ops.operations import now
from jett.ops.result import Result, sentence
from jett.settings import Settings
from tests.n8n.desktop import Server, recorded, running_server, server

__all__ = ["running_server", "server"]  # the fixtures


def run(settings: Settings, workflow: str) -> Result:
    """At the terminal, with a yes."""

    async def asked() -> Result:
        async with open_servers(settings) as servers:
            me = owner(Kind.TERMINAL)
            assert isinstance(servers.gate.ask(Request(Verb.RUN_WORKFLOW, workflow), me, None, now()), Question)
            permit = servers.gate.answer("yes", me, now())
            assert isinstance(permit, Permit)
            return await servers.operations.carry_out(permit)

    return anyio.run(asked)


def test_an_allowlisted_workflow_runs_through_its_webhook(server: Server, tmp_path: Path) -> None:
    """With header authentication, and n8n's own database has the execution."""
    settings, before = server.settings(tmp_path), server.n8n.executions("backup")
    result = run(settings, "backup")
    assert (result.result, sentence(result)) == ("done", "The backup workflow has run.")
    assert server.n8n.executions("backup") == [*before, ("webhook", "success")]
    assert [record.kind for record in recorded(settings)] == ["request", "confirmation", "intent", "outcome"]
    assert recorded(settings)[-1].verdict == "done"


def test_a_workflow_that_breaks_is_said_to_have_failed(server: Server, tmp_path: Path) -> None:
    settings = server.settings(tmp_path)
    result = run(settings, "broken")
    assert result.result == "failed"
    assert "answered 500; look into n8n's executions" in result.trouble
    assert server.n8n.executions("broken")[-1] == ("webhook", "error")
    assert recorded(settings)[-1].verdict == "failed"


def test_a_wrong_token_is_a_clear_error_and_nothing_runs(server: Server, tmp_path: Path) -> None:
    settings, before = server.settings(tmp_path, token="wrong"), server.n8n.executions("backup")
    result = run(settings, "backup")
    assert result.result == "failed"
    assert "the token is wrong; set the same in n8n's credential and in ops.n8n_token_file" in result.trouble
    assert server.n8n.executions("backup") == before
    assert recorded(settings)[-1].verdict == "failed"


def test_an_unpublished_workflow_is_told_as_one(server: Server, tmp_path: Path) -> None:
    settings = server.settings(tmp_path)
    result = run(settings, "draft")
    assert result.result == "failed"
    assert "answered 404; there is no such webhook; is the workflow published" in result.trouble
    assert server.n8n.executions("draft") == []


def test_n8n_killed_in_the_middle_is_unknown_and_never_a_success(server: Server, tmp_path: Path) -> None:
    """It dies once the workflow has asked somebody who does not answer; after it, n8n cannot be reached at all."""
    settings = server.settings(tmp_path)

    async def killed() -> Result:
        results: list[Result] = []

        async def asked() -> None:
            results.append(await anyio.to_thread.run_sync(partial(run, settings, "slow")))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(asked)
            connection, _ = await anyio.to_thread.run_sync(server.hanging.accept)
            with connection:
                await anyio.to_thread.run_sync(server.n8n.kill)
        return results[0]

    result = anyio.run(killed)
    assert result.result == "unknown"
    assert sentence(result) == "I started the slow workflow, but could not see how it ended."
    assert recorded(settings)[-1].verdict == "unknown"
    down = run(settings, "backup")
    assert down.result == "failed"
    assert "cannot be reached" in down.trouble
