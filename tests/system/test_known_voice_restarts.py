"""Called by its name and asked to restart a container, by a voice that is enrolled and by one that is not.

Nothing is left out: wake word, transcript, whose voice, the policy's changes_need_enrolled_voice, a spoken yes, a real
container, the record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from jett.app import load_stt
from jett.app.record import audit_log
from jett.app.servers import commands, open_servers, owner, with_server_words
from jett.app.voice_identity import load_encoder
from jett.app.wake import with_wake_phrases
from jett.audio.files import read_audio
from jett.core.ports import SpeakerEncoder, VoicePlace
from jett.engines.speaker.enrolment import SENTENCES, agreed, checked
from jett.engines.speaker.verifier import ProfileSpeakerVerifier
from jett.guard import Kind, Record, tail, verify
from jett.models.store import Store
from jett.session.identifying import Identifying
from jett.settings import Settings
from tests.session.conftest import Stage, stage
from tests.system.docker_engine import TestEngine
from tests.system.recordings import Scene, at_once, at_rest, clip, joined, play, seconds
from tests.system.test_called_by_name import sleeping
from tests.system.test_spoken_operations import SERVES, user_says

__all__ = ["stage"]  # the fixture of real engines

pytestmark = [pytest.mark.models, pytest.mark.root, pytest.mark.timeout(400)]

POLICY = """
version = 1
place = "on the VPS"
[containers.n8n]
actions = ["status", "restart"]
[identities.voice]
verbs = ["list", "status", "restart"]
changes_need_enrolled_voice = true
"""
WANTED = "Hey Jett, could you please restart the n eight n container?"
QUESTION, REFUSAL = "Restart n8n on the VPS?", "I do not know your voice, so I may only read."
PERSON = Path(__file__).parents[1] / "data" / "speaker"


@dataclass
class Room:
    """Where the voice joe asks and somebody says a short yes."""

    stage: Stage
    store: Store
    settings: Settings
    encoder: SpeakerEncoder

    def asks(self, known: Mapping[str, VoicePlace], reply: str) -> Scene:
        """Until it was heard right: the made voice differs each time, and a mishearing does nothing."""
        for _ in range(5):
            scene = self.stage.portal.call(self._scene, known)
            if scene.reports and scene.reports[0].reply == reply:
                return scene
            assert self.records() == []
        raise AssertionError(f"{WANTED!r} was never answered by {reply!r}")

    def records(self) -> list[Record]:
        """The audit log, whole and unbroken."""
        log = audit_log(self.settings)
        assert verify(log).intact
        return tail(log, 99)

    async def _scene(self, known: Mapping[str, VoicePlace]) -> Scene:
        who = Identifying(ProfileSpeakerVerifier(self.encoder, lambda: known, self.settings.speaker.threshold))
        async with open_servers(self.settings) as servers:
            assert servers.book is not None
            await servers.book.wait_until(lambda: servers.live_names() is not None)
            words = with_wake_phrases(with_server_words(self.settings, servers.gate.policy), ("hey jett",))
            parts = replace(
                sleeping(self.stage, self.store, "hey_jett"),
                stt=load_stt(words, self.store),
                commands=commands(self.settings, servers, owner(Kind.VOICE), who=who),
                identifying=who,
            )
            called = joined(seconds(1.0), user_says(self.stage.app, WANTED))
            return await play(parts, self.stage.settings, (at_once, called), (at_rest(0.3), clip("yes")))


@pytest.fixture
def room(stage: Stage, store: Store, engine: TestEngine, tmp_path: Path) -> Room:
    store.path("ge2e")
    (tmp_path / "policy.toml").write_text(POLICY, "utf-8")
    paths = {"policy": "policy.toml", "audit_dir": "audit", "anchor": "elsewhere"}
    overrides = {f"ops.{key}": str(tmp_path / name) for key, name in paths.items()}
    settings = Settings.load(env={}, overrides={**overrides, "ops.docker": engine.address})
    return Room(stage, store, settings, load_encoder(store))


def test_an_enrolled_voice_that_calls_and_asks_has_it_restarted_after_a_yes(
    room: Room, stage: Stage, engine: TestEngine
) -> None:
    engine.run("n8n", SERVES)
    before = engine.state("n8n", ".State.StartedAt")
    joe = agreed([checked(room.encoder, user_says(stage.app, sentence), "it") for sentence in SENTENCES])
    scene = room.asks({"joe": joe}, QUESTION)
    assert scene.states[0] == "asleep"
    assert scene.states[1] in ("hearing", "pausing"), "as far as the speech had gone when a look found the name"
    assert scene.reports[0].speaker == "joe"
    assert scene.reports[1].reply.startswith("Restarting n8n. n8n is back up after ")
    assert engine.state("n8n", ".State.StartedAt") != before
    records = room.records()
    assert [record.kind for record in records] == ["request", "confirmation", "intent", "outcome"]
    assert records[-1].verdict == "done"


def test_an_unknown_voice_that_calls_and_asks_is_refused_and_its_yes_changes_nothing(
    room: Room, engine: TestEngine
) -> None:
    """A real person is enrolled, who is not the voice that asks."""
    engine.run("n8n", SERVES)
    before = engine.state("n8n", ".State.StartedAt")
    sounds = [read_audio(path) for path in sorted(PERSON.glob("1688-*.flac"))]
    scene = room.asks({"anna": agreed([checked(room.encoder, sound, "it") for sound in sounds[:3]])}, REFUSAL)
    assert scene.reports[0].speaker == ""
    assert engine.state("n8n", ".State.StartedAt") == before
    records = room.records()
    assert (records[0].verdict, records[0].rule) == ("deny", "identity.voice")
    assert {record.kind for record in records} <= {"request", "confirmation"}
