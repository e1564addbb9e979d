"""What the guard said is told with its number in the audit log, by voice and by the model's tools."""

from __future__ import annotations

from pathlib import Path

import pytest

from jett.guard import tail
from tests.tools.test_commands import Scene as Spoken
from tests.tools.test_model_tools import Scene as Tools

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_a_command_s_question_and_its_yes_are_two_decisions_of_one_operation(tmp_path: Path) -> None:
    scene = Spoken(tmp_path)
    await scene.say("Restart n8n.")
    await scene.say("Yes.")
    asked, confirmed = scene.speech.decisions
    assert (asked.verb, asked.target, asked.verdict) == ("restart", "n8n", "confirm")
    assert confirmed.verdict == "confirmed"
    assert {asked.operation, confirmed.operation} == {record.operation for record in tail(scene.audit, 9)}
    assert asked.at.endswith("Z")


async def test_a_refusal_is_told_with_its_rule(tmp_path: Path) -> None:
    scene = Spoken(tmp_path)
    await scene.say("Restart postgres.")
    (refused,) = scene.speech.decisions
    assert (refused.verb, refused.target, refused.verdict) == ("restart", "postgres", "deny")
    assert refused.rule == tail(scene.audit, 1)[0].rule != ""


async def test_a_model_s_look_is_told_with_its_decision(tmp_path: Path) -> None:
    scene = Tools(tmp_path)
    said = (await scene.use("container_status", name="postgres")).decided
    assert said is not None
    assert (said.verb, said.target, said.verdict) == ("status", "postgres", "allow")
    assert said.operation == tail(scene.audit, 1)[0].operation
