"""Who may be enrolled, how it is kept and goes, and who is known afterwards: real voices, real files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jett.app.voice_identity import as_they_are
from jett.core.audio import SAMPLE_RATE_HZ, Samples
from jett.core.errors import VoiceProfileError
from jett.core.ports import SpeakerEncoder, VoicePlace
from jett.engines.speaker.enrolment import agreed, agreement, checked
from jett.engines.speaker.profiles import MOST_PROFILES, NAME, VoiceProfiles
from jett.engines.speaker.verifier import ProfileSpeakerVerifier

MODEL = "a-model"
PLACE: VoicePlace = np.eye(256, dtype=np.float32)[3]
models = pytest.mark.models


@pytest.fixture
def profiles(tmp_path: Path) -> VoiceProfiles:
    return VoiceProfiles(tmp_path / "voices")


def enrolled(encoder: SpeakerEncoder, sounds: list[Samples]) -> VoicePlace:
    return agreed([checked(encoder, sound, "it") for sound in sounds[:3]])


@models
def test_an_enrolled_voice_is_known_by_name_and_another_is_not(
    encoder: SpeakerEncoder, people: dict[str, list[Samples]]
) -> None:
    """By 2.5 s of a sentence that was no part of the enrolment."""
    known = {name: enrolled(encoder, people[name]) for name in ("1688", "2033")}
    verifier = ProfileSpeakerVerifier(encoder, lambda: known, 0.7)
    for name in known:
        score = verifier.verify(people[name][3][: round(2.5 * SAMPLE_RATE_HZ)])
        assert score is not None
        assert score.name == name
    stranger = verifier.verify(people["2609"][0])
    assert stranger is not None
    assert stranger.name is None
    assert stranger.score < 0.7


@models
def test_who_ends_or_begins_a_sentence_of_somebody_else_is_nobody(
    encoder: SpeakerEncoder, people: dict[str, list[Samples]]
) -> None:
    """Two seconds of each: as a whole it sounds like the enrolled one."""
    verifier = ProfileSpeakerVerifier(encoder, lambda: {"1688": enrolled(encoder, people["1688"])}, 0.7)
    own, other = (encoder.voiced(people[name][n])[: 2 * SAMPLE_RATE_HZ] for name, n in (("1688", 3), ("2609", 0)))
    for said in ([own, other], [other, own]):
        score = verifier.verify(np.concatenate(said))
        assert score is not None
        assert score.name is None
    whole = verifier.verify(people["1688"][3])
    assert whole is not None
    assert whole.name == "1688"


@models
def test_a_voice_that_is_deleted_is_nobody_at_the_next_turn(
    encoder: SpeakerEncoder, people: dict[str, list[Samples]], tmp_path: Path
) -> None:
    profiles = VoiceProfiles(tmp_path / "voices")
    for name in ("1688", "2033"):
        profiles.add(f"p{name}", enrolled(encoder, people[name]), encoder.name)
    verifier = ProfileSpeakerVerifier(encoder, as_they_are(profiles, encoder), 0.7)
    asks = people["1688"][3][: round(2.5 * SAMPLE_RATE_HZ)]
    score = verifier.verify(asks)
    assert score is not None
    assert score.name == "p1688"
    profiles.delete("p1688")
    score = verifier.verify(asks)
    assert score is not None
    assert score.name is None
    profiles.delete("p2033")
    assert verifier.verify(asks) is None


@models
def test_too_little_speech_is_not_judged(encoder: SpeakerEncoder, people: dict[str, list[Samples]]) -> None:
    verifier = ProfileSpeakerVerifier(encoder, lambda: {"anna": PLACE}, 0.7)
    assert verifier.verify(people["1688"][0][:SAMPLE_RATE_HZ]) is None
    assert verifier.verify(people["1688"][0][:0]) is None
    assert ProfileSpeakerVerifier(encoder, dict, 0.7).verify(people["1688"][0]) is None


@models
def test_a_bad_enrolment_is_refused(encoder: SpeakerEncoder, people: dict[str, list[Samples]]) -> None:
    """Too short, too quiet, two people, too few."""
    anna, other = people["1688"], people["2609"]
    with pytest.raises(VoiceProfileError, match=r"sentence 1 has 1\.\d s of speech, need 2\.0 s"):
        checked(encoder, anna[0][: round(1.6 * SAMPLE_RATE_HZ)], "sentence 1")
    with pytest.raises(VoiceProfileError, match=r"sentence 2 is too quiet \(-\d+ dBFS\), need -45 dBFS"):
        checked(encoder, (anna[0] / 60).astype(np.int16), "sentence 2")
    places = [checked(encoder, sound, "it") for sound in (anna[0], anna[1], other[0])]
    with pytest.raises(VoiceProfileError, match="is not like the others"):
        agreed(places)
    with pytest.raises(VoiceProfileError, match="utterances 1 and 3 are the same recording"):
        agreed([places[0], places[1], places[0]])
    with pytest.raises(VoiceProfileError, match="2 utterances, need 3"):
        agreed(places[:2])


@pytest.mark.parametrize(("likeness", "theirs"), [(0.60, False), (0.70, False), (0.76, True)])
def test_an_utterance_of_somebody_who_sounds_alike_is_refused(likeness: float, theirs: bool) -> None:
    """Two utterances of one voice are about 0.9 alike; the third is `likeness` like both together."""
    axes = np.eye(256, dtype=np.float32)
    two = [_unit(axes[0] + side * 0.23 * axes[1]) for side in (1, -1)]
    third = likeness * axes[0] + (1 - likeness**2) ** 0.5 * axes[2]
    assert agreement([*two, third])[2] == pytest.approx(likeness, abs=1e-3)
    if theirs:
        assert np.linalg.norm(agreed([*two, third])) == pytest.approx(1, abs=1e-3)
        return
    with pytest.raises(VoiceProfileError, match=rf"utterance 3 is not like the others \({likeness:.2f}\), need 0\.73"):
        agreed([*two, third])


def _unit(place: VoicePlace) -> VoicePlace:
    return place / np.float32(np.linalg.norm(place))


def test_what_is_kept_is_read_again_and_is_not_readable_without_the_key(
    profiles: VoiceProfiles, tmp_path: Path
) -> None:
    profiles.add("anna", PLACE, MODEL)
    assert np.array_equal(profiles.load(MODEL, 256)["anna"], PLACE)
    sealed = (tmp_path / "voices" / "voice-anna.bin").read_bytes()
    assert PLACE.tobytes()[:64] not in sealed
    assert MODEL.encode() not in sealed
    assert (tmp_path / "voices.key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "voices").stat().st_mode & 0o777 == 0o700
    (tmp_path / "voices.key").write_bytes(bytes(32))
    with pytest.raises(VoiceProfileError, match="is damaged, or of another key"):
        profiles.load(MODEL, 256)


def test_nobodys_file_is_taken_for_somebody_elses(profiles: VoiceProfiles, tmp_path: Path) -> None:
    """Also not when it is renamed, cut short, changed by a bit, or of another model."""
    profiles.add("anna", PLACE, MODEL)
    file = tmp_path / "voices" / "voice-anna.bin"
    sealed = file.read_bytes()
    with pytest.raises(VoiceProfileError, match="of another model"):
        profiles.load("another-model", 256)
    with pytest.raises(VoiceProfileError, match="of another model"):
        profiles.load(MODEL, 128)
    for content in (sealed[:5], sealed[:-1], sealed[:20] + bytes([sealed[20] ^ 1]) + sealed[21:], b""):
        file.write_bytes(content)
        with pytest.raises(VoiceProfileError, match="is damaged"):
            profiles.load(MODEL, 256)
    file.unlink()
    (tmp_path / "voices" / "voice-bob.bin").write_bytes(sealed)
    with pytest.raises(VoiceProfileError, match=r"'bob' is damaged.*jett voice delete bob"):
        profiles.load(MODEL, 256)


def test_deleting_leaves_no_file_and_the_last_one_takes_the_key(profiles: VoiceProfiles, tmp_path: Path) -> None:
    profiles.add("anna", PLACE, MODEL)
    profiles.add("bob", PLACE, MODEL)
    profiles.delete("anna")
    assert profiles.names() == ["bob"]
    assert list(profiles.load(MODEL, 256)) == ["bob"]
    profiles.delete("bob")
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "lock"]
    with pytest.raises(VoiceProfileError, match="nobody is enrolled as 'bob'"):
        profiles.delete("bob")


def test_a_key_that_is_gone_or_open_to_others_is_told(profiles: VoiceProfiles, tmp_path: Path) -> None:
    """No second key is made beside files of the first, and deleting still works."""
    profiles.add("anna", PLACE, MODEL)
    key = tmp_path / "voices.key"
    key.chmod(0o644)
    with pytest.raises(VoiceProfileError, match="chmod 600"):
        profiles.load(MODEL, 256)
    key.chmod(0o600)
    key.write_bytes(b"")
    for use in (lambda: profiles.load(MODEL, 256), lambda: profiles.add("bob", PLACE, MODEL)):
        with pytest.raises(VoiceProfileError, match=r"damaged \(0 bytes, not 32\)"):
            use()
    key.unlink()
    with pytest.raises(VoiceProfileError, match="cannot be read"):
        profiles.load(MODEL, 256)
    with pytest.raises(VoiceProfileError, match=r"the key .* is gone"):
        profiles.add("bob", PLACE, MODEL)
    profiles.delete("anna")
    assert profiles.names() == []


@pytest.mark.parametrize("name", ["", "Anna", "../anna", "anna/..", "a" * 33, "1st", "a b", "anna\n", "é", "-a", ".a"])
def test_names_that_are_none_are_refused(profiles: VoiceProfiles, name: str) -> None:
    with pytest.raises(VoiceProfileError, match="is no possible name"):
        profiles.check_new(name)


def test_a_name_that_is_taken_and_one_too_many_are_refused(profiles: VoiceProfiles) -> None:
    profiles.add("anna", PLACE, MODEL)
    with pytest.raises(VoiceProfileError, match="'anna' is enrolled already"):
        profiles.add("anna", PLACE, MODEL)
    for at in range(MOST_PROFILES - 1):
        profiles.add(f"p{at}", PLACE, MODEL)
    with pytest.raises(VoiceProfileError, match=f"at most {MOST_PROFILES}"):
        profiles.add("one-more", PLACE, MODEL)


@given(st.text(max_size=40))
def test_a_name_that_is_taken_is_always_one_plain_file(name: str) -> None:
    if NAME.fullmatch(name):
        assert Path(f"voice-{name}.bin").name == f"voice-{name}.bin"
        assert name.isascii()
        assert name == name.lower()
