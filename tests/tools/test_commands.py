"""Commands by words: what is asked, what is said, and what the guard lets happen; the server is a list of permits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest

from jett.core.events import Decided
from jett.guard import AuditLog, Gate, Identity, Kind, Outcome, Permit, Request, parse_policy, tail
from jett.tools.commands import GuardedCommands, Server
from jett.tools.fast_path import FastPath

pytestmark = pytest.mark.anyio

NAMES = ("n8n", "postgres", "proxy")
POLICY = """
version = 1
place = "on the VPS"
[containers.n8n]
actions = ["status", "restart", "stop"]
[containers.postgres]
actions = ["status"]
[containers.proxy]
actions = ["status"]
status_only = true
[identities.voice]
verbs = ["list", "status", "logs", "stats", "start", "stop", "restart"]
"""
QUESTION = "Restart n8n on the VPS?"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Speech:
    """What a command did to the conversation."""

    volume_percent: int = 100
    typed: bool = False
    said_before: str = "Paris."
    decisions: list[Decided] = field(default_factory=list)

    def set_volume(self, percent: int) -> None:
        self.volume_percent = min(100, max(0, percent))

    def last_reply(self) -> str:
        return self.said_before

    def decided(self, decision: Decided) -> None:
        self.decisions.append(decision)


@dataclass
class Speaks:
    """Port WhoSpeaks: `heard` is known early, `name` once the turn is over."""

    so_far: str | None
    heard: str | None

    async def name(self) -> str | None:
        return self.heard


@dataclass
class Scene:
    """One conversation at a clock that the test moves."""

    folder: Path
    at: datetime = datetime(2026, 11, 24, 16, 5, tzinfo=UTC)
    done: list[Request] = field(default_factory=list)
    speech: Speech = field(default_factory=Speech)
    live: frozenset[str] | None = frozenset(NAMES)
    during_grace: Callable[[], None] | None = None
    policy: str = POLICY
    who: Speaks | None = None

    def __post_init__(self) -> None:
        self.audit = AuditLog(self.folder)
        self.gate = Gate(parse_policy(self.policy), self.audit)
        server = Server(
            lambda: self.live,
            self._carry_out,
            self._carry_out,
            lambda request, _: f"{request.target} is up and healthy.",
        )
        self.commands = GuardedCommands(
            FastPath({name: [] for name in NAMES}, {}),
            self.gate,
            server,
            Identity(Kind.VOICE, "owner"),
            wall_clock=lambda: self.at,
            grace_s=0,
            who=self.who,
        )

    async def _carry_out(self, permit: Permit) -> str:
        request = await anyio.to_thread.run_sync(self.gate.redeem, permit, self.at)
        self.done.append(request)
        await anyio.to_thread.run_sync(self.gate.finish, permit, Outcome("done"), self.at)
        return f"{request.target} is up and healthy."

    async def say(self, text: str) -> list[str] | None:
        """The sentences of the answer; None where the language model is to answer."""
        plan = self.commands.plan(text)
        if plan is None:
            return None
        sentences = [sentence async for sentence in self.commands.carry_out(plan, self.speech)]
        if plan.preview:
            assert sentences[0] == plan.preview
        await self.commands.heard()
        return sentences

    def records(self) -> list[str]:
        return [record.kind for record in tail(self.audit, 99)]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


async def test_a_restart_waits_for_a_yes(scene: Scene) -> None:
    """The question, the yes, what is done now, what came of it."""
    assert await scene.say("Restart N eight N.") == [QUESTION]
    assert scene.done == []
    assert await scene.say("Yes, please.") == ["Restarting n8n.", "n8n is up and healthy."]
    assert [request.target for request in scene.done] == ["n8n"]
    assert scene.records() == ["request", "confirmation", "intent", "outcome"]


@pytest.mark.parametrize("words", ["No.", "No, don't.", "Cancel that.", "Wait.", "Yes, no.", "Never do that."])
async def test_a_no_ends_it(scene: Scene, words: str) -> None:
    """And a yes that comes later confirms nothing."""
    await scene.say("Restart n8n.")
    assert await scene.say(words) == ["All right, I won't."]
    assert await scene.say("Yes.") is None
    assert scene.done == []


async def test_a_yes_is_too_late_after_fifteen_seconds(scene: Scene) -> None:
    """It is told so, and kept from the language model, which might say that it did what it cannot do."""
    await scene.say("Restart n8n.")
    scene.at += timedelta(seconds=16)
    assert await scene.say("Yes.") == ["That question has run out. Please ask again."]
    assert await scene.say("What is the capital of France?") is None
    assert await scene.say("Yes, please.") == ["That question has run out. Please ask again."]
    scene.at += timedelta(minutes=2)
    assert await scene.say("Yes.") is None
    assert scene.done == []


async def test_the_fifteen_seconds_begin_when_the_question_was_heard(scene: Scene) -> None:
    """Not while it waits behind other words; and hearing another reply later does not lengthen them."""
    plan = scene.commands.plan("Restart n8n.")
    assert plan is not None
    assert [sentence async for sentence in scene.commands.carry_out(plan, scene.speech)] == [QUESTION]
    scene.at += timedelta(seconds=50)
    await scene.commands.heard()
    scene.at += timedelta(seconds=14)
    await scene.commands.heard()
    assert scene.commands.awaits_answer()
    scene.at += timedelta(seconds=1)
    assert not scene.commands.awaits_answer()
    assert await scene.say("Yes.") == ["That question has run out. Please ask again."]


async def test_something_else_is_not_an_answer(scene: Scene) -> None:
    """The question lapses; a short unclear answer has it asked once more."""
    await scene.say("Restart n8n.")
    assert await scene.say("What is the capital of France, by the way?") is None
    assert await scene.say("Perhaps.") == [f"Please say yes or no. {QUESTION}"]
    assert await scene.say("Perhaps.") == ["All right, I won't."]
    assert scene.done == []


async def test_another_command_replaces_the_question(scene: Scene) -> None:
    """A yes means what was asked last."""
    await scene.say("Restart n8n.")
    assert await scene.say("Stop n8n.") == ["Stop n8n on the VPS?"]
    await scene.say("Yes.")
    assert [request.verb for request in scene.done] == ["stop"]


async def test_stop_is_a_no(scene: Scene) -> None:
    """The stop phrase bypasses everything, and leaves no question behind."""
    await scene.say("Restart n8n.")
    await scene.commands.stopped()
    assert await scene.say("Yes.") is None


async def test_whoever_goes_on_speaking_after_a_yes_stops_it(scene: Scene) -> None:
    """Closing the answer during the grace leaves the permit unused."""
    await scene.say("Restart n8n.")
    plan = scene.commands.plan("Yes.")
    assert plan is not None
    answer = scene.commands.carry_out(plan, scene.speech)
    assert await anext(answer) == "Restarting n8n."
    await answer.aclose()
    assert scene.done == []
    assert "intent" not in scene.records()


async def test_a_plan_alone_does_nothing(scene: Scene) -> None:
    """Understanding is speculative: no record, no question, no permit."""
    for text in ("Restart n8n.", "Yes.", "Is n8n healthy?", "Turn it up."):
        scene.commands.plan(text)
    assert scene.records() == []
    assert scene.speech.volume_percent == 100


async def test_a_read_is_recorded_and_answered_at_once(scene: Scene) -> None:
    """The preview is what is said."""
    plan = scene.commands.plan("Is Postgres healthy?")
    assert plan is not None
    assert plan.preview == "postgres is up and healthy."
    assert await scene.say("Is Postgres healthy?") == ["postgres is up and healthy."]
    assert scene.records() == ["request", "intent", "outcome"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Restart proxy.", "I need proxy myself, so I never change it."),
        ("Restart Postgres.", "The policy does not allow restart for postgres."),
        ("Show me the n8n logs.", "The policy does not allow logs for n8n."),
    ],
)
async def test_a_refusal_says_why_and_is_recorded(scene: Scene, text: str, reason: str) -> None:
    """By the policy's reason."""
    assert await scene.say(text) == [reason]
    assert scene.records() == ["request"]


async def test_what_changed_since_the_preview_is_what_is_said(scene: Scene) -> None:
    """The server went out of sight between the pause and the commit."""
    plan = scene.commands.plan("Restart n8n.")
    assert plan is not None
    assert plan.preview == QUESTION
    scene.live = None
    said = [sentence async for sentence in scene.commands.carry_out(plan, scene.speech)]
    assert said == ["I can't see the containers right now."]


async def test_the_time_and_the_date(scene: Scene) -> None:
    """Of the machine's clock."""
    assert await scene.say("What time is it?") == ["It is 4:05 PM."]
    assert await scene.say("What day is it today?") == ["Today is Tuesday, November 24, 2026."]


async def test_the_volume_goes_up_and_down_within_its_limits(scene: Scene) -> None:
    """In steps, or to a number."""
    assert await scene.say("Set the volume to 20%.") == ["Volume 20 percent."]
    assert await scene.say("Turn it down.") == ["Volume 5 percent."]
    assert await scene.say("Turn it down.") == ["Volume 0 percent."]
    assert await scene.say("Louder.") == ["Volume 15 percent."]


async def test_what_was_said_last_is_said_again(scene: Scene) -> None:
    """As it was heard."""
    assert await scene.say("Say that again.") == ["Paris."]


ABOUT_SERVERS = [
    "Are you sure that Postgres is running, or did it crash again?",
    "Is everything on my servers fine tonight?",
    "Was the backup successful?",
    "Why did n eight n stop yesterday evening?",
]
NOT_ABOUT_SERVERS = [
    "What is the capital of France?",
    "What is Postgres?",
    "Is it okay to eat cheese?",
    "Who runs fastest?",
]


@pytest.mark.parametrize("text", ABOUT_SERVERS)
async def test_a_model_that_cannot_look_is_not_asked_how_the_servers_are(scene: Scene, text: str) -> None:
    """It would invent an answer; one that can look is asked."""
    assert await scene.say(text) is None
    scene.commands._model_looks = False
    assert await scene.say(text) == ["I'm not sure what you mean. Ask me, for instance: is n8n healthy?"]
    assert scene.records() == []


@pytest.mark.parametrize("text", NOT_ABOUT_SERVERS)
async def test_any_other_question_is_the_models(scene: Scene, text: str) -> None:
    """Also of one that cannot look."""
    scene.commands._model_looks = False
    assert await scene.say(text) is None


ENROLLED = POLICY.replace("[identities.voice]", "[identities.voice]\nchanges_need_enrolled_voice = true")
STRANGE = "I do not know your voice, so I may only read."


async def test_a_known_voice_changes_after_a_short_yes_and_a_stranger_only_reads(tmp_path: Path) -> None:
    """The yes is too short to be judged, and is the asker's."""
    speaks = Speaks("anna", "anna")
    scene = Scene(tmp_path, policy=ENROLLED, who=speaks)
    assert await scene.say("Restart n8n.") == [QUESTION]
    speaks.so_far = speaks.heard = None
    assert await scene.say("Yes.") == ["Restarting n8n.", "n8n is up and healthy."]
    speaks.so_far = speaks.heard = ""
    assert await scene.say("Restart n8n.") == [STRANGE]
    assert await scene.say("Is n8n healthy?") == ["n8n is up and healthy."]
    assert [request.verb for request in scene.done] == ["restart", "status"]
    assert [made.rule for made in scene.speech.decisions if made.verdict == "deny"] == ["identity.voice"]


async def test_a_strangers_long_yes_confirms_nothing(tmp_path: Path) -> None:
    speaks = Speaks("anna", "anna")
    scene = Scene(tmp_path, policy=ENROLLED, who=speaks)
    await scene.say("Restart n8n.")
    speaks.so_far = speaks.heard = ""
    assert await scene.say("Yes, please.") == [STRANGE]
    speaks.heard = None
    assert await scene.say("Yes.") is None
    assert scene.done == []


async def test_a_voice_that_nobody_looks_at_is_not_known(tmp_path: Path) -> None:
    """With the policy's key and `speaker.enabled` off, nothing is changed by voice."""
    assert await Scene(tmp_path, policy=ENROLLED).say("Restart n8n.") == [STRANGE]
