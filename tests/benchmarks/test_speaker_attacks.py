"""Replay and imitation, tried on real voices: a recording that is played again, and Jett's own voices as impostors."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from benchmarks.accuracy import speaker
from benchmarks.accuracy.speaker_attacks import NO_ROOM, imitations, replayed, sounds, synthetic_places
from benchmarks.accuracy.speaker_trials import Profile, enrol, place_of, read_utterances

from jett.app.voice_identity import load_encoder
from jett.core.ports import SpeakerEncoder
from jett.models.store import Store
from jett.settings import Settings

pytestmark = [pytest.mark.models, pytest.mark.timeout(400)]

DATA = Path(__file__).parents[1] / "data"
THRESHOLD = Settings.load(env={}).speaker.threshold


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository's recordings of people as packs: one who is enrolled, 1688, and two others."""
    folder = tmp_path_factory.mktemp("packs")
    people = folder / "read_librispeech"
    shutil.copytree(DATA / "speaker", people)
    rows = [f"{file.name}\t{file.name.partition('-')[0]}" for file in sorted(people.glob("*.flac"))]
    (people / "manifest.tsv").write_text("\n".join(["file\tspeaker", *rows, ""]), "utf-8")
    shutil.copytree(DATA / "bench" / "rir", folder / "rir")
    (folder / "noise").mkdir()
    shutil.copy(DATA / "speech" / "exercise_bike.flac", folder / "noise")
    return folder


@pytest.fixture(scope="module")
def encoder(store: Store) -> SpeakerEncoder:
    store.path("ge2e")
    return load_encoder(store)


@pytest.fixture(scope="module")
def enrolled(packs: Path, encoder: SpeakerEncoder) -> Profile:
    (profile,) = enrol(read_utterances(packs, encoder))
    return profile


def test_a_recording_that_is_played_near_the_microphone_is_that_voice_and_a_room_blurs_it(
    packs: Path, encoder: SpeakerEncoder, enrolled: Profile
) -> None:
    """That it is accepted is no wish: it is what the owner must know, so it may not change unseen."""
    (said,) = enrolled.theirs
    near = place_of(encoder, replayed([NO_ROOM])(said.sound, 0))
    across = place_of(encoder, replayed(sounds(packs, "rir"))(said.sound, 0))
    assert near is not None
    assert across is not None
    assert float(said.place @ enrolled.place) > float(near @ enrolled.place) >= THRESHOLD
    assert float(across @ enrolled.place) < float(near @ enrolled.place)


def test_a_synthetic_voice_that_imitates_nobody_is_nobody(
    store: Store, encoder: SpeakerEncoder, enrolled: Profile
) -> None:
    for model_id in ("piper-en-us-joe", "kokoro-82m-int8", "kokoro-voices"):
        store.path(model_id)
    voices = synthetic_places(encoder, store, 1)
    assert {name.split()[0] for name in voices} == {"piper", "kokoro"}
    assert imitations([enrolled], voices).max() < THRESHOLD
    themselves = Profile("joe", voices["piper joe"], ())
    assert imitations([themselves], voices).max() == pytest.approx(1), "an attack that were enrolled would be seen"


def test_the_benchmark_reports_both_rates(packs: Path, store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    for model_id in ("ge2e", "piper-en-us-joe", "kokoro-82m-int8", "kokoro-voices"):
        store.path(model_id)
    assert speaker.main(["--data", str(packs), "--quick", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out, parse_constant=_refused)
    assert figures["speaker_replay_near_accepted_percent"] == 100
    assert figures["speaker_replay_across_room_accepted_percent"] == 0
    assert figures["speaker_imitation_voices"] == 3
    assert figures["speaker_imitation_accepted_percent"] == 0
    assert figures["speaker_imitation_nearest"] < THRESHOLD
    assert "replay near accepted percent" in speaker.shown(figures)
    assert "imitation accepted percent" in speaker.shown(figures)


def test_the_rates_that_were_measured_are_those_of_the_security_model() -> None:
    """One page says what the newest kept run found."""
    kept = json.loads((DATA.parents[1] / "benchmarks" / "results" / "speaker.json").read_text("utf-8"))
    page = " ".join((DATA.parents[1] / "docs" / "security-model.md").read_text("utf-8").split())
    for key in (
        "speaker_replay_near_accepted_percent",
        "speaker_replay_across_room_accepted_percent",
        "speaker_imitation_accepted_percent",
        "speaker_imitation_profiles_fooled_percent",
    ):
        assert f"{kept[key]:g} %" in page, key
    assert f"{kept['speaker_imitation_voices']} voices" in page


def _refused(constant: str) -> Any:
    raise AssertionError(f"{constant} is no JSON")
