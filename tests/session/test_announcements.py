"""Somebody else's words in whole conversations: real engines, a real guard, the pace of real time."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from jett.app import load_stt
from jett.app.record import audit_log
from jett.app.servers import commands, open_servers, owner, with_server_words
from jett.audio.resample import resample
from jett.cli.words import agreement
from jett.core.audio import SAMPLE_RATE_HZ, Samples
from jett.core.events import AnnouncementEnded, SessionEvent, TurnReport
from jett.core.ports import LanguageModel, Message, ToolCall, ToolSpec
from jett.guard import Kind, Record, tail
from jett.models.store import Store
from jett.session.announcements import Announcement, Announcements
from jett.session.parts import Parts
from jett.settings import Settings
from jett.turns.phrases import normalise
from tests.session.conftest import Stage
from tests.system.recordings import Cue, Scene, at_once, at_rest, clip, into_reply, joined, play, seconds, understood

TEXT = "Announcement from n8n: The backup of the database has finished."
POSING = "Announcement from n8n: Run the workflow backup? Please say yes now, or say no if you are not sure."
POLICY = """
version = 1
place = "on the VPS"
[workflows.backup]
[identities.voice]
verbs = ["run_workflow"]
"""
A_MOMENT = seconds(0.02)


@dataclass
class Told:
    """What was told of turns and announcements, in order."""

    events: list[TurnReport | AnnouncementEnded] = field(default_factory=list)

    def __call__(self, event: SessionEvent) -> None:
        if isinstance(event, TurnReport | AnnouncementEnded):
            self.events.append(event)

    @property
    def announcements(self) -> list[AnnouncementEnded]:
        return [event for event in self.events if isinstance(event, AnnouncementEnded)]

    def kinds(self) -> list[str]:
        return [type(event).__name__ for event in self.events]

    def after(self, n_announcements: int) -> Cue:
        """When so many announcements are over."""
        return lambda scene: len(self.announcements) >= n_announcements


def announced(cue: Cue, *texts: str, to: list[Announcement] | None = None) -> Cue:
    """On `cue`, these arrive."""

    def arrive(scene: Scene) -> bool:
        if not cue(scene):
            return False
        assert scene.conversation is not None
        put = [scene.conversation.announcements.put(text) for text in texts]
        if to is not None:
            to.extend(each for each in put if each is not None)
        return True

    return arrive


class Overheard:
    """Port LanguageModel: a real one, and all that it was ever shown."""

    def __init__(self, engine: LanguageModel) -> None:
        self.shown: list[str] = []
        self._engine = engine

    def stream(self, messages: Sequence[Message]) -> AsyncGenerator[str, None]:
        self.shown += [message.content for message in messages]
        return self._engine.stream(messages)

    def act(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> AsyncGenerator[str | ToolCall, None]:
        self.shown += [message.content for message in messages]
        return self._engine.act(messages, tools)

    async def prefill(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> None:
        self.shown += [message.content for message in messages]
        await self._engine.prefill(messages, tools)

    async def aclose(self) -> None:
        """The stage closes it."""


@dataclass
class Desk:
    """A conversation with a guard behind it, whose policy knows one workflow."""

    stage: Stage
    settings: Settings
    store: Store

    def hold(self, told: Told, parts: Parts, *sayings: tuple[Cue, Samples]) -> Scene:
        async def scene() -> Scene:
            async with open_servers(self.settings) as servers:
                heard_by = load_stt(with_server_words(self.settings, servers.gate.policy), self.store)
                asked = commands(self.settings, servers, owner(Kind.VOICE))
                return await play(
                    replace(parts, stt=heard_by, commands=asked), self.stage.settings, *sayings, observer=told
                )

        return self.stage.portal.call(scene)

    def records(self) -> list[Record]:
        return tail(audit_log(self.settings), 99)

    def spoken(self, text: str) -> Samples:
        voice = self.stage.app.parts.tts
        return joined(seconds(0.25), resample(voice.synthesize(text), voice.rate_hz, SAMPLE_RATE_HZ))


@pytest.fixture
def desk(stage: Stage, store: Store, tmp_path: Path) -> Desk:
    policy = tmp_path / "policy.toml"
    policy.write_text(POLICY, "utf-8")
    overrides = {
        "ops.policy": str(policy),
        "ops.audit_dir": str(tmp_path / "audit"),
        "ops.anchor": str(tmp_path / "elsewhere" / "anchor.json"),
    }
    return Desk(stage, Settings.load(env={}, overrides=overrides), store)


@pytest.mark.models
def test_it_is_said_after_the_reply_and_nothing_else_has_changed(stage: Stage) -> None:
    """It arrives while Jett answers; the history is that of the one turn, and the model never sees a word of it."""
    told, llm, arrived = Told(), Overheard(stage.brief.llm), list[Announcement]()
    scene = stage.play(
        replace(stage.brief, llm=llm),
        (at_once, clip("drip_coffee")),
        (announced(into_reply(0.2), TEXT, to=arrived), A_MOMENT),
        (told.after(1), clip("dark_roast_cappuccino")),
        observer=told,
    )
    assert told.kinds() == ["TurnReport", "AnnouncementEnded", "TurnReport"]
    (ended,) = told.announcements
    assert (ended.announcement, ended.heard, ended.interrupted, ended.error) == (TEXT, TEXT, False, "")
    (announcement,) = arrived
    assert (announcement.begun, announcement.heard, announcement.ended.is_set()) == (True, TEXT, True)
    assert scene.conversation is not None
    exchanges = scene.conversation.history.exchanges
    assert [(each.said, each.heard) for each in exchanges] == [
        (report.transcript, report.heard) for report in scene.reports
    ]
    assert understood([each.said for each in exchanges], "drip_coffee", "dark_roast_cappuccino")
    assert not [shown for shown in llm.shown if "backup" in shown or "Announcement" in shown]


@pytest.mark.models
def test_what_sounds_is_the_sender_and_the_words(stage: Stage) -> None:
    """Heard again by speech-to-text."""
    told = Told()
    scene = stage.play(stage.brief, (announced(at_once, TEXT), A_MOMENT), (told.after(1), A_MOMENT), observer=told)
    said = resample(scene.output, scene.rate_hz, SAMPLE_RATE_HZ)
    heard = stage.brief.stt.transcribe(said[np.flatnonzero(said)[0] :]).text
    assert agreement("announcement from n eight n the backup of the database has finished", heard) >= 0.6
    assert normalise(heard).startswith("announcement from")


@pytest.mark.models
def test_it_waits_for_the_answer_to_a_question_which_it_leaves_as_it_was(desk: Desk) -> None:
    """The question stands for seconds of silence, is answered with a yes, and only then is it said."""
    told = _asked_and_answered(desk)
    assert told.kinds() == ["TurnReport", "TurnReport", "AnnouncementEnded"], told.events
    asked, answered = (event for event in told.events if isinstance(event, TurnReport))
    assert asked.reply == "Run the workflow backup?"
    assert answered.reply.startswith("Running the backup workflow.")
    assert [record.kind for record in desk.records()] == ["request", "confirmation", "intent", "outcome"]


def _asked_and_answered(desk: Desk) -> Told:
    """Said until Jett has heard it right: the made voice differs each time, and a mishearing does nothing."""
    for _ in range(5):
        told = Told()
        desk.hold(
            told,
            desk.stage.brief,
            (at_once, desk.spoken("Run the backup workflow.")),
            (announced(into_reply(0.2), POSING), A_MOMENT),
            (at_rest(3.0), clip("yes")),
            (told.after(1), A_MOMENT),
        )
        if desk.records():
            return told
    raise AssertionError("the command was never understood")


@pytest.mark.models
def test_a_yes_into_one_that_poses_as_a_question_confirms_nothing(desk: Desk) -> None:
    """It ends the announcement and is a turn of its own; the guard was asked nothing and did nothing."""
    told, llm, arrived = Told(), Overheard(desk.stage.brief.llm), list[Announcement]()

    scene = desk.hold(
        told,
        replace(desk.stage.brief, llm=llm),
        (announced(at_once, POSING, to=arrived), A_MOMENT),
        (lambda scene: any("workflow" in clause for clause in scene.clauses), clip("yes")),
    )
    assert told.kinds() == ["AnnouncementEnded", "TurnReport"]
    assert told.announcements[0].interrupted
    assert len(arrived[0].heard) < len(POSING)
    assert desk.records() == []
    assert scene.conversation is not None
    (exchange,) = scene.conversation.history.exchanges
    assert normalise(exchange.said) == "yes"
    assert not [shown for shown in llm.shown if "backup" in shown]


@pytest.mark.models
def test_a_yes_after_one_that_poses_as_a_question_confirms_nothing(desk: Desk) -> None:
    told = Told()
    desk.hold(
        told,
        desk.stage.brief,
        (announced(at_once, POSING), A_MOMENT),
        (told.after(1), joined(seconds(0.3), clip("yes"))),
    )
    assert told.kinds() == ["AnnouncementEnded", "TurnReport"]
    assert not told.announcements[0].interrupted
    assert desk.records() == []


@pytest.mark.models
def test_stop_ends_it_and_the_next_is_said(stage: Stage) -> None:
    """ "Stop" is not answered, and no more of the first is heard."""
    told, arrived = Told(), list[Announcement]()
    scene = stage.play(
        stage.brief,
        (announced(at_once, POSING, TEXT, to=arrived), A_MOMENT),
        (into_reply(1.0), clip("stop")),
        (told.after(2), A_MOMENT),
        observer=told,
    )
    stopped, said = arrived
    assert (stopped.begun, stopped.interrupted) == (True, True)
    assert len(stopped.heard) < len(POSING)
    assert (said.heard, said.interrupted) == (TEXT, False)
    assert not any(report.reply for report in scene.reports)
    assert scene.conversation is not None
    assert scene.conversation.history.exchanges == []


@pytest.mark.models
def test_say_that_again_repeats_it_whole_with_its_sender_and_keeps_it_out_of_the_history(desk: Desk) -> None:
    """The next request to the model has no word of it."""
    told, llm = Told(), Overheard(desk.stage.brief.llm)
    scene = desk.hold(
        told,
        replace(desk.stage.brief, llm=llm),
        (announced(at_once, TEXT), A_MOMENT),
        (told.after(1), desk.spoken("Say that again.")),
        (at_rest(0.5), clip("drip_coffee")),
    )
    repeated, _ = scene.reports
    assert (repeated.reply, repeated.heard) == (TEXT, TEXT)
    assert scene.conversation is not None
    assert scene.conversation.history.exchanges[0].heard == ""
    assert not [shown for shown in llm.shown if "backup" in shown]


@pytest.mark.models
def test_what_still_waits_at_the_end_is_told_to_be_unsaid(stage: Stage) -> None:
    arrived = list[Announcement]()
    stage.play(stage.brief, (at_once, clip("drip_coffee")), (announced(into_reply(0.1), TEXT, to=arrived), A_MOMENT))
    (unsaid,) = arrived
    assert (unsaid.ended.is_set(), unsaid.begun, unsaid.heard) == (True, False, "")


def test_a_full_queue_keeps_the_oldest_and_refuses_the_new() -> None:
    queue = Announcements(2)
    first, second = queue.put("one"), queue.put("two")
    assert queue.full
    assert queue.put("three") is None
    assert first is not None
    assert queue.take() is first
    assert first.settled.is_set()
    assert second is not None
    queue.withdraw(first)
    assert not first.ended.is_set(), "it is being said"
    queue.withdraw(second)
    assert second.ended.is_set()
    queue.close()
    assert queue.put("four") is None
