"""What commands learn of a reply: whether the question in it was heard, and whether it still stands."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from jett.core.ports import Controls, Plan
from jett.session.announcements import Announcement
from jett.session.asking import Asking
from jett.session.draft import Draft
from jett.session.playback import Track

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Told:
    """Commands that write down what they are told."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def plan(self, text: str) -> Plan | None:
        return Plan("", text) if text == "restart n8n" else None

    async def carry_out(self, plan: Plan, controls: Controls) -> AsyncGenerator[str, None]:
        yield "Restart n8n?"

    def awaits_answer(self) -> bool:
        return True

    async def stopped(self) -> None:
        self.events.append("stopped")

    async def heard(self) -> None:
        self.events.append("heard")


def reply(*, planned: bool = True, voice_failed: bool = False, announced: bool = False) -> Draft:
    plan = Plan("", "restart n8n") if planned else None
    announcement = Announcement("Announcement from n8n: say yes.") if announced else None
    return Draft(1, 0, "", Track(1), plan=plan, voice_failed=voice_failed, announcement=announcement)


ENDS: list[tuple[str, dict[str, bool], list[str]]] = [
    ("a command's reply", {}, ["heard"]),
    ("a model's reply", {"planned": False}, ["heard"]),
    ("a reply that the voice failed to say", {"voice_failed": True}, ["stopped"]),
    ("an announcement", {"planned": False, "announced": True}, []),
]
CUTS: list[tuple[str, dict[str, bool], bool, list[str]]] = [
    ("a command's question is answered into", {}, False, ["heard"]),
    ("a command's question is taken back", {}, True, ["stopped"]),
    ("a model's reply is spoken into", {"planned": False}, False, ["stopped"]),
    ("a model's reply is taken back", {"planned": False}, True, ["stopped"]),
    ("an announcement is spoken into", {"planned": False, "announced": True}, False, []),
]


@pytest.mark.parametrize(("name", "how", "events"), ENDS, ids=[row[0] for row in ENDS])
async def test_a_question_counts_when_it_was_heard(name: str, how: dict[str, bool], events: list[str]) -> None:
    """And an announcement is no question, whatever it says."""
    commands = Told()
    await Asking(commands).spoken(reply(**how))
    assert commands.events == events


@pytest.mark.parametrize(("name", "how", "withdrawn", "events"), CUTS, ids=[row[0] for row in CUTS])
async def test_a_reply_that_is_cut_off(name: str, how: dict[str, bool], withdrawn: bool, events: list[str]) -> None:
    """What was taken back was never asked."""
    commands = Told()
    await Asking(commands).cut_off(reply(**how), withdrawn=withdrawn)
    assert commands.events == events


async def test_a_conversation_without_commands_plans_and_asks_nothing() -> None:
    """And may be told the same."""
    asking = Asking(None)
    await asking.spoken(reply(planned=False))
    await asking.cut_off(reply(planned=False), withdrawn=True)
    await asking.stopped()
    assert asking.plan("restart n8n") is None
    assert not asking.awaits_answer
