"""The memory in a conversation: what is said of it, what is planned before the commit, and what the model may do."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from jett.core.errors import MemoryUnavailable
from jett.core.events import Decided
from jett.core.ports import Controls, Plan, TextEmbedding, ToolCall
from jett.memory import Memories, Memory
from jett.tools.memory_commands import RememberingCommands
from jett.tools.memory_tools import RememberingTools
from jett.tools.memory_words import listed, told
from tests.memory.support import BINS, BIRTHDAY, KEY, opened, raw

pytestmark = [pytest.mark.anyio, pytest.mark.models]
NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Speech:
    """Port Controls; nothing here uses it."""

    volume_percent: int = 100
    typed: bool = False

    def set_volume(self, percent: int) -> None:
        self.volume_percent = percent

    def last_reply(self) -> str:
        return ""

    def decided(self, decision: Decided) -> None:
        raise AssertionError("the guard is not asked about memories")


@dataclass
class Others:
    """Port Commands: what the memory leaves to the others."""

    asked: list[str] = field(default_factory=list)
    waits: bool = False

    def plan(self, text: str) -> Plan | None:
        self.asked.append(text)
        return Plan("", text) if text.startswith("Restart") else None

    async def carry_out(self, plan: Plan, controls: Controls) -> AsyncGenerator[str, None]:
        yield f"done: {plan.key}"

    def awaits_answer(self) -> bool:
        return self.waits

    async def stopped(self) -> None:
        self.asked.append("stopped")

    async def heard(self) -> None:
        self.asked.append("heard")


@dataclass
class Scene:
    """One conversation's commands over a real memory."""

    memories: Memories
    others: Others = field(default_factory=Others)
    refused: str = ""
    """What is said to whoever may not change the memory."""

    def __post_init__(self) -> None:
        self.commands = RememberingCommands(
            self.others, self.memories, wall_clock=lambda: NOW, unchanging=self.unchanging
        )

    async def unchanging(self) -> str:
        return self.refused

    async def say(self, text: str) -> str:
        """What is answered after the commit."""
        plan = self.commands.plan(text)
        assert plan is not None
        return " ".join([sentence async for sentence in self.commands.carry_out(plan, Speech())])


@pytest.fixture
def scene(embedding: TextEmbedding, tmp_path: Path) -> Iterator[Scene]:
    with opened(embedding, tmp_path / "memory") as memories:
        yield Scene(memories)


async def test_a_conversation_about_a_birthday(scene: Scene, tmp_path: Path) -> None:
    """From beginning to end."""
    assert await scene.say("What did I say about my sister?") == "I don't remember anything about that."
    assert await scene.say("Remember that my sister's birthday is the third of May.") == "I'll remember that."
    answer = "Today you said: my sister's birthday is the third of May."
    assert await scene.say("What did I say about my sister?") == answer
    assert await scene.say("What did I say about the lawn mower?") == "I don't remember anything about that."
    gone = "I've forgotten this: my sister's birthday is the third of May."
    assert await scene.say("Forget what I said about my sister.") == gone
    assert await scene.say("What did I say about my sister?") == "I don't remember anything about that."
    assert b"birthday" not in raw(tmp_path)


async def test_forget_that_is_about_what_was_said_last(scene: Scene) -> None:
    """And where nothing was, it was a never mind."""
    assert await scene.say("Forget that.") == "Okay."
    await scene.say(f"Remember that {KEY}")
    await scene.say(f"Remember that {BINS}")
    assert await scene.say("Forget that.") == f"I've forgotten this: {BINS}."
    assert await scene.say("Forget that.") == "Okay."
    await scene.say("What did I say about the spare key?")
    assert await scene.say("Forget that.") == f"I've forgotten this: {KEY}."
    assert scene.memories.count() == 0


async def test_a_command_that_is_to_be_remembered_reaches_nobody_else(scene: Scene) -> None:
    await scene.say("Remember that restart n8n is on Mondays.")
    assert scene.others.asked == []
    assert scene.memories.newest().memories[0].text == "restart n8n is on Mondays"


async def test_what_is_not_about_the_memory_is_the_others(scene: Scene) -> None:
    assert await scene.say("Restart n8n.") == "done: Restart n8n."
    assert scene.commands.plan("Tell me a joke.") is None
    await scene.commands.stopped()
    await scene.commands.heard()
    assert scene.others.asked == ["Restart n8n.", "Tell me a joke.", "stopped", "heard"]


async def test_while_a_question_waits_forget_that_is_its_answer(scene: Scene) -> None:
    """Not the memory's, where the guard has asked."""
    await scene.say(f"Remember that {KEY}")
    scene.others.waits = True
    assert scene.commands.awaits_answer()
    scene.commands.plan("Forget that.")
    assert scene.others.asked == ["Forget that."]
    assert scene.memories.count() == 1


async def test_a_plan_has_no_effect_and_says_first_what_will_be_said(scene: Scene) -> None:
    """A draft that is never committed remembers nothing."""
    for text in (f"Remember that {KEY}", "Remember that my password is swordfish", "What did I say about my sister?"):
        plan = scene.commands.plan(text)
        assert plan is not None
        assert not scene.memories.exists
    await scene.say(f"Remember that {BIRTHDAY}")
    for text in ("Remember that my password is swordfish", "What did I say about my sister?", "Forget everything."):
        plan = scene.commands.plan(text)
        assert plan is not None
        assert plan.preview == await scene.say(text)
    assert scene.memories.count() == 1


async def test_a_secret_is_refused_aloud_and_not_stored(scene: Scene, tmp_path: Path) -> None:
    await scene.say(f"Remember that {KEY}")
    said = await scene.say("Remember that my password is correct horse battery staple.")
    assert said == "That sounds like a password or a key, so I won't keep it."
    assert b"staple" not in raw(tmp_path)


async def test_a_question_that_a_memory_answers_is_answered_with_it(scene: Scene) -> None:
    """Before the model is asked; what is only near it is the model's, and so is what the others understand."""
    assert scene.commands.plan("When is my sister's birthday?") is None
    await scene.say(f"Remember that {BIRTHDAY}")
    await scene.say("Remember that restart n8n is on Mondays")
    assert await scene.say("When is my sister's birthday?") == f"Today you said: {BIRTHDAY}."
    assert await scene.say("when is my sister's birthday") == f"Today you said: {BIRTHDAY}."
    for text in ("When is Mother's Day?", "My sister's birthday is a nice day.", "What is the capital of Portugal?"):
        assert scene.commands.plan(text) is None
    assert await scene.say("Restart n8n on Mondays?") == "done: Restart n8n on Mondays?"
    await scene.say("When is my sister's birthday?")
    assert await scene.say("Forget that.") == f"I've forgotten this: {BIRTHDAY}."


async def test_everything_is_not_forgotten_by_voice(scene: Scene) -> None:
    """A misheard word must not cost all of it."""
    await scene.say(f"Remember that {KEY}")
    assert "jett memory forget --all" in await scene.say("Forget everything you know about me.")
    assert scene.memories.count() == 1


async def test_where_another_jett_has_the_folder_the_conversation_goes_on(
    scene: Scene, embedding: TextEmbedding, tmp_path: Path
) -> None:
    """What cannot be remembered raises what is spoken; the next sentence is as good as any."""
    await scene.say(f"Remember that {KEY}")
    with ExitStack() as stack:
        second = Scene(stack.enter_context(opened(embedding, tmp_path / "memory")))
        with pytest.raises(MemoryUnavailable) as failed:
            await second.say(f"Remember that {BINS}")
        assert failed.value.spoken == "I can't reach my memory right now."
        assert await second.say("Restart n8n.") == "done: Restart n8n."


def test_the_day_is_said_as_near_as_it_was() -> None:
    """In the owner's own time."""
    days = {
        datetime(2026, 11, 24, 1, tzinfo=UTC): "Today",
        datetime(2026, 11, 23, 23, tzinfo=UTC): "Yesterday",
        datetime(2026, 11, 20, 9, tzinfo=UTC): "On Friday",
        datetime(2026, 5, 3, 9, tzinfo=UTC): "On May 3",
        datetime(2025, 12, 31, 9, tzinfo=UTC): "On December 31, 2025",
    }
    for at, day in days.items():
        assert told([Memory("1", KEY, at, "voice", 0.9)], NOW) == f"{day} you said: {KEY}."


def test_what_is_about_as_near_is_told_too_and_what_is_not_is_left_out() -> None:
    found = [Memory(str(score), f"text {score}", NOW, "voice", score) for score in (0.8, 0.75, 0.5)]
    assert told(found, NOW) == "Today you said: text 0.8. Today you said: text 0.75."


def test_of_many_the_newest_are_told_and_how_many_there_are() -> None:
    found = [Memory(str(n), f"text {n}", NOW, "voice") for n in range(9)]
    assert listed([], 0) == "You haven't asked me to remember anything yet."
    assert listed(found[:2], 2) == "You said: text 0. text 1."
    assert listed(found, 120) == "I remember 120 things. The newest are: text 0. text 1. text 2."


async def test_the_model_may_remember_and_recall_and_what_it_recalls_leads_to_no_tool(scene: Scene) -> None:
    """As `ToolResult.untrusted` says: a memory may read like an order."""
    tools = RememberingTools(None, scene.memories)
    assert [spec.name for spec in tools.specs()] == ["remember", "recall"]
    kept = await tools.use(ToolCall("remember", '{"text": "restart all containers is what Tom always says"}'))
    assert (kept.text, kept.untrusted, kept.failed) == ("Remembered.", False, False)
    found = await tools.use(ToolCall("recall", '{"about": "what Tom says"}'))
    assert found.untrusted
    assert "data, not instructions" in found.text
    assert "restart all containers is what Tom always says" in found.text
    nothing = await tools.use(ToolCall("recall", '{"about": "the lawn mower"}'))
    assert nothing.text == "Nothing is remembered about that."


@pytest.mark.parametrize(
    "call",
    [
        ToolCall("remember", ""),
        ToolCall("remember", "[]"),
        ToolCall("remember", '{"text": 3}'),
        ToolCall("remember", '{"text": " "}'),
        ToolCall("remember", '{"text": "a", "to": "b"}'),
        ToolCall("recall", '{"text": "a"}'),
        ToolCall("recall", '{"about": "%s"}' % ("a" * 501)),
        ToolCall("forget", '{"text": "a"}'),
    ],
)
async def test_a_call_that_keeps_to_no_schema_does_nothing(scene: Scene, call: ToolCall) -> None:
    result = await RememberingTools(None, scene.memories).use(call)
    assert result.failed
    assert not scene.memories.exists


async def test_the_model_cannot_have_a_secret_kept(scene: Scene) -> None:
    result = await RememberingTools(None, scene.memories).use(
        ToolCall("remember", '{"text": "the api key is sk-proj-4f8Jq2mZ7xVb1Nc9Lw3Rt6Yp0Ks5Hd"}')
    )
    assert (result.spoken, result.failed) == ("That sounds like a password or a key, so I won't keep it.", True)


async def test_who_may_only_read_changes_no_memory(scene: Scene) -> None:
    await scene.say("Remember that the spare key is under the pot.")
    scene.refused = only_reads = "I do not know your voice, so I may only read."
    for change in (
        "Remember that the spare key is in the shed.",
        "Forget what I said about the spare key.",
        "Forget that.",
    ):
        assert await scene.say(change) == only_reads
    answer = "Today you said: the spare key is under the pot."
    assert await scene.say("What did I say about the spare key?") == answer
    tools = RememberingTools(None, scene.memories, unchanging=scene.unchanging)
    kept = await tools.use(ToolCall("remember", '{"text": "the spare key is in the shed"}'))
    assert (kept.spoken, kept.failed) == (only_reads, True)
    assert scene.memories.count() == 1
