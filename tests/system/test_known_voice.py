"""An enrolled and an unknown voice ask for a change, by sound from end to end: real engines, policy and record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from jett.app.record import audit_log
from jett.app.servers import commands, open_servers, owner
from jett.app.voice_identity import load_encoder
from jett.audio.files import read_audio
from jett.core.ports import SpeakerEncoder, VoicePlace
from jett.engines.speaker.enrolment import SENTENCES, agreed, checked
from jett.engines.speaker.verifier import ProfileSpeakerVerifier
from jett.guard import Kind, tail
from jett.models.store import Store
from jett.session.identifying import Identifying
from jett.settings import Settings
from tests.session.conftest import Stage, stage
from tests.system.recordings import Scene, at_once, at_rest, clip, play
from tests.system.test_spoken_operations import user_says

__all__ = ["stage"]  # the fixture of real engines

pytestmark = pytest.mark.models

POLICY = """
version = 1
[workflows.backup]
[identities.voice]
verbs = ["list", "run_workflow"]
changes_need_enrolled_voice = true
"""
WANTED = "Could you please run the backup workflow?"
QUESTION = "Run the workflow backup?"
PERSON = Path(__file__).parents[1] / "data" / "speaker"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "policy.toml").write_text(POLICY, "utf-8")
    paths = {"policy": "policy.toml", "audit_dir": "audit", "anchor": "head"}
    return Settings.load(env={}, overrides={f"ops.{key}": str(tmp_path / name) for key, name in paths.items()})


@pytest.fixture(scope="module")
def encoder(store: Store) -> SpeakerEncoder:
    store.path("ge2e")
    return load_encoder(store)


def ask(stage: Stage, settings: Settings, encoder: SpeakerEncoder, known: Mapping[str, VoicePlace]) -> Scene:
    """The voice joe asks, and somebody else says a short yes."""
    who = Identifying(ProfileSpeakerVerifier(encoder, lambda: known, 0.7))

    async def scene() -> Scene:
        async with open_servers(settings) as servers:
            asked = commands(settings, servers, owner(Kind.VOICE), who=who)
            parts = replace(stage.brief, commands=asked, identifying=who)
            sayings = (at_once, user_says(stage.app, WANTED)), (at_rest(0.3), clip("no"))
            return await play(parts, stage.settings, *sayings)

    return stage.portal.call(scene)


def test_an_enrolled_voice_is_asked_and_its_short_answer_counts(
    stage: Stage, settings: Settings, encoder: SpeakerEncoder
) -> None:
    """The answer is another person's, and too short for anybody to tell."""
    places = [checked(encoder, user_says(stage.app, sentence), "it") for sentence in SENTENCES]
    scene = ask(stage, settings, encoder, {"joe": agreed(places)})
    first, second = scene.reports[:2]
    assert first.reply == QUESTION
    assert first.speaker == "joe"
    assert first.speaker_score is not None
    assert first.speaker_score >= 0.7
    assert second.reply == "All right, I won't."
    assert second.speaker is None
    assert [record.verdict for record in tail(audit_log(settings), 9)] == ["confirm", "no"]


def test_an_unknown_voice_may_only_read(stage: Stage, settings: Settings, encoder: SpeakerEncoder) -> None:
    """A real person is enrolled, who is not the voice that asks."""
    sounds = [read_audio(path) for path in sorted(PERSON.glob("1688-*.flac"))]
    scene = ask(stage, settings, encoder, {"anna": agreed([checked(encoder, sound, "it") for sound in sounds[:3]])})
    assert scene.reports[0].reply == "I do not know your voice, so I may only read."
    assert scene.reports[0].speaker == ""
    assert [(record.verdict, record.rule) for record in tail(audit_log(settings), 9)][:1] == [
        ("deny", "identity.voice")
    ]
