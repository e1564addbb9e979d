"""By voice, from end to end: a spoken command, a spoken yes or no, a real container, the record of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from jett.app import App, load_stt
from jett.app.record import audit_log
from jett.app.servers import commands, open_servers, owner, with_server_words
from jett.audio.resample import resample
from jett.core.audio import SAMPLE_RATE_HZ, Samples, silence
from jett.core.errors import TextToSpeechError
from jett.core.ports import TextToSpeech
from jett.guard import Kind, Record, tail, verify
from jett.models.store import Store
from jett.session.parts import Parts
from jett.settings import Settings
from tests.session.conftest import Stage, stage
from tests.system.docker_engine import TestEngine
from tests.system.recordings import Cue, Scene, at_once, at_rest, clip, play

__all__ = ["stage"]  # the fixture of real engines

pytestmark = [pytest.mark.models, pytest.mark.root]

POLICY = """
version = 1
place = "on the VPS"
[containers.n8n]
actions = ["status", "logs", "stats", "start", "stop", "restart"]
[containers.postgres]
actions = ["status", "logs", "stats"]
[identities.voice]
verbs = ["list", "status", "logs", "stats", "start", "stop", "restart"]
"""
SERVES = "trap 'exit 0' TERM; while :; do sleep 0.1; done"


@dataclass
class Desk:
    """A desk with a microphone, and a server behind it."""

    stage: Stage
    settings: Settings
    store: Store
    voice: TextToSpeech | None = None

    def hold(self, *sayings: tuple[Cue, Samples]) -> Scene:
        """One conversation in which these are said."""

        async def scene() -> Scene:
            async with open_servers(self.settings) as servers:
                assert servers.book is not None
                await servers.book.wait_until(lambda: servers.live_names() is not None)
                return await play(self._parts(servers), self.stage.settings, *sayings)

        return self.stage.portal.call(scene)

    def _parts(self, servers: object) -> Parts:
        from jett.app.servers import Servers

        assert isinstance(servers, Servers)
        heard_by = load_stt(with_server_words(self.settings, servers.gate.policy), self.store)
        asked = commands(self.settings, servers, owner(Kind.VOICE))
        return replace(self.stage.brief, stt=heard_by, commands=asked, tts=self.voice or self.stage.brief.tts)

    def ask(self, text: str, reply: str, *answers: tuple[Cue, Samples]) -> Scene:
        """Say `text` until Jett has heard it right: the made voice differs each time, and a mishearing does nothing."""
        for _ in range(5):
            scene = self.hold((at_once, self.spoken(text)), *answers)
            if scene.reports[0].reply == reply:
                return scene
            assert self.records() == []
        raise AssertionError(f"{text!r} was never understood")

    def records(self) -> list[Record]:
        """The audit log, whole and unbroken."""
        log = audit_log(self.settings)
        assert verify(log).intact
        return tail(log, 99)

    def spoken(self, text: str) -> Samples:
        """The user's side, in Jett's own voice: containers' names are in no corpus."""
        return user_says(self.stage.app, text)


def user_says(app: App, text: str) -> Samples:
    """`text` with a little room before it."""
    speech = resample(app.parts.tts.synthesize(text), app.parts.tts.rate_hz, SAMPLE_RATE_HZ)
    return np.concatenate([silence(SAMPLE_RATE_HZ // 4), speech])


@pytest.fixture
def desk(stage: Stage, store: Store, engine: TestEngine, tmp_path: Path) -> Desk:
    policy = tmp_path / "policy.toml"
    policy.write_text(POLICY, "utf-8")
    overrides = {
        "ops.policy": str(policy),
        "ops.docker": engine.address,
        "ops.audit_dir": str(tmp_path / "audit"),
        "ops.anchor": str(tmp_path / "elsewhere" / "anchor.json"),
    }
    return Desk(stage, Settings.load(env={}, overrides=overrides), store)


def test_a_spoken_restart_after_a_spoken_yes(desk: Desk, engine: TestEngine) -> None:
    """The container has another time of start, and the record says who asked, what was allowed, and why."""
    engine.run("n8n", SERVES)
    before = engine.state("n8n", ".State.StartedAt")
    scene = desk.ask("Restart n eight n.", "Restart n8n on the VPS?", (at_rest(0.3), clip("yes")))
    assert scene.reports[0].reply == "Restart n8n on the VPS?"
    assert scene.reports[1].reply.startswith("Restarting n8n. n8n is back up after ")
    assert engine.state("n8n", ".State.StartedAt") != before
    records = desk.records()
    assert [record.kind for record in records] == ["request", "confirmation", "intent", "outcome"]
    assert {record.identity for record in records} == {"voice/owner"}
    assert records[-1].verdict == "done"


def test_a_spoken_no_leaves_it_alone(desk: Desk, engine: TestEngine) -> None:
    """The same time of start, and no intent."""
    engine.run("n8n", SERVES)
    before = engine.state("n8n", ".State.StartedAt")
    scene = desk.ask("Restart n eight n.", "Restart n8n on the VPS?", (at_rest(0.3), clip("no")))
    assert scene.reports[1].reply == "All right, I won't."
    assert engine.state("n8n", ".State.StartedAt") == before
    assert [record.kind for record in desk.records()] == ["request", "confirmation"]


class VoiceWithoutQuestions:
    """Port TextToSpeech: a real one that fails at every question."""

    def __init__(self, engine: TextToSpeech) -> None:
        self.rate_hz = engine.rate_hz
        self._engine = engine

    def synthesize(self, clause: str) -> Samples:
        if clause.endswith("?"):
            raise TextToSpeechError("tts: out of order; mend it")
        return self._engine.synthesize(clause)


def test_a_yes_to_a_question_that_the_voice_could_not_say_does_nothing(desk: Desk, engine: TestEngine) -> None:
    """The user heard that the voice failed; what "yes" was meant for, nobody knows."""
    engine.run("n8n", SERVES)
    before = engine.state("n8n", ".State.StartedAt")
    desk.voice = VoiceWithoutQuestions(desk.stage.brief.tts)
    scene = desk.ask("Restart n eight n.", "Restart n8n on the VPS?", (at_rest(0.3), clip("yes")))
    assert scene.reports[0].heard.startswith(TextToSpeechError.spoken)
    assert engine.state("n8n", ".State.StartedAt") == before
    assert [(record.kind, record.verdict) for record in desk.records()] == [
        ("request", "confirm"),
        ("confirmation", "no"),
    ]


def test_a_status_is_answered_without_the_language_model(desk: Desk, engine: TestEngine) -> None:
    """From what is known already, and recorded."""
    engine.run("postgres", SERVES)
    scene = desk.ask("Is post gress running?", "postgres is running.")
    assert scene.reports[0].reply == "postgres is running."
    assert "llm_first_token" not in scene.reports[0].stages_ms
    assert [record.kind for record in desk.records()] == ["request", "intent", "outcome"]
