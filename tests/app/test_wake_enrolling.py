"""Enrolling calls: a real head, a real voice; what is kept, what goes back, and what is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from jett.app import load_vad, wake_enrolling
from jett.app.wake_enrolling import Sharpened, checked_call, enroll_calls, forget_calls, require_calls, sharpenable
from jett.app.wake_heads import heads_folder, look_path, look_places, looks_beside, shipped_head
from jett.audio.files import read_audio
from jett.audio.resample import resample
from jett.core.audio import SAMPLE_RATE_HZ, Samples, silence
from jett.core.errors import ConfigError, ModelError, VoiceProfileError
from jett.engines.tts.piper import PiperTextToSpeech
from jett.engines.wake.heads import load_head
from jett.guard.files import write_atomically
from jett.models.store import Store
from jett.settings import Settings

pytestmark = [pytest.mark.models, pytest.mark.timeout(400)]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(wake_enrolling, "_SCENES", 12)
    return tmp_path


@pytest.fixture(scope="module")
def said(store: Store) -> tuple[Samples, ...]:
    """Three calls and what is no call, with quiet around them."""
    voice = PiperTextToSpeech(store.file("piper-en-us-joe"), threads=2)
    texts = (
        "Hey Jett!",
        "Hey, Jett.",
        "Hey Jett?",
        "I would like to know what the weather will be like tomorrow in the mountains.",
    )
    try:
        return tuple(_padded(resample(voice.synthesize(text), voice.rate_hz, SAMPLE_RATE_HZ)) for text in texts)
    finally:
        voice.close()


def _padded(sound: Samples) -> Samples:
    return np.concatenate([silence(8_000), sound, silence(8_000)])


def _enrolled(said: tuple[Samples, ...], store: Store) -> Sharpened:
    vad = load_vad(store)
    calls = [checked_call(sound, vad, f"call {n}") for n, sound in enumerate(said[:3], 1)]
    return enroll_calls(sharpenable("hey_jett", store), calls, store, lambda stage, done, whole: None)


def test_a_head_grows_surer_of_a_voice_and_can_forget_it(said: tuple[Samples, ...], store: Store) -> None:
    found = _enrolled(said, store)
    assert found.path == heads_folder() / "hey_jett.onnx"
    assert min(found.after) >= min(found.before)
    head, shipped = load_head(found.path), shipped_head("hey_jett")
    assert shipped is not None
    assert head.card["enrolled"] == 3
    assert head.threshold == pytest.approx(found.threshold, abs=1e-4)
    assert head.threshold >= load_head(shipped).threshold
    assert "yours" in head.card["licence"]
    assert forget_calls("hey_jett")
    assert not found.path.exists()
    assert not forget_calls("hey_jett")


def test_an_own_head_is_kept_aside_and_enrolling_again_begins_with_it(said: tuple[Samples, ...], store: Store) -> None:
    shipped = shipped_head("hey_jett")
    assert shipped is not None
    own = heads_folder() / "hey_jett.onnx"
    write_atomically(own, shipped.read_bytes())
    first = _enrolled(said, store)
    assert own.read_bytes() != shipped.read_bytes()
    again = _enrolled(said, store)
    assert again.before == first.before
    assert forget_calls("hey_jett")
    assert own.read_bytes() == shipped.read_bytes()


def test_a_head_from_elsewhere_takes_its_looks_along(said: tuple[Samples, ...], store: Store, tmp_path: Path) -> None:
    shipped, base = shipped_head("hey_jett"), tmp_path / "mine.onnx"
    assert shipped is not None
    (look,) = looks_beside(shipped)
    shutil.copy(shipped, base)
    shutil.copy(look, look_path(base, "whisper-tiny.en"))
    vad = load_vad(store)
    calls = [checked_call(sound, vad, f"call {n}") for n, sound in enumerate(said[:3], 1)]
    found = enroll_calls(sharpenable(str(base), store), calls, store, lambda stage, done, whole: None)
    taken = look_places(found.path, "whisper-tiny.en")[0]
    assert taken.parent == heads_folder()
    assert taken.read_bytes() == look.read_bytes()


def test_a_head_of_somebody_else_cannot_be_sharpened(store: Store) -> None:
    """Said before anybody is asked to speak."""
    store.path("wake-alexa")
    with pytest.raises(ConfigError, match="was not trained by Jett"):
        sharpenable("alexa", store)


def test_only_a_name_is_forgotten_never_a_file(said: tuple[Samples, ...], store: Store, tmp_path: Path) -> None:
    """Else a sharpened head that was copied elsewhere could be deleted there."""
    mine = tmp_path / "mine.onnx"
    shutil.copy(_enrolled(said, store).path, mine)
    for word in (str(mine), str(mine.with_suffix(""))):
        with pytest.raises(ConfigError, match="is a file, need a head's name"):
            forget_calls(word)
    assert mine.is_file()


def test_a_call_is_cut_out_of_its_recording(said: tuple[Samples, ...], store: Store) -> None:
    call = checked_call(said[0], load_vad(store), "call 1")
    assert 0.3 * SAMPLE_RATE_HZ < call.size < said[0].size - 8_000


@pytest.mark.parametrize(
    ("which", "gain", "why"),
    [(3, 1.0, "need 0.25 to 2.5 s"), (0, 0.0, "has 0.0 s of speech"), (0, 0.004, "speech|too quiet")],
)
def test_what_is_no_call_is_refused(said: tuple[Samples, ...], store: Store, which: int, gain: float, why: str) -> None:
    sound = np.rint(said[which] * gain).astype(np.int16)
    with pytest.raises(VoiceProfileError, match=f"call 2 .*({why})"):
        checked_call(sound, load_vad(store), "call 2")


def _require(said: list[Samples], store: Store) -> None:
    vad = load_vad(store)
    calls = [checked_call(sound, vad, "it") for sound in said]
    require_calls(sharpenable("hey_jett", store), calls, Settings(), store)


def test_calls_that_sound_like_the_name_are_taken(said: tuple[Samples, ...], store: Store) -> None:
    _require(list(said[:3]), store)


def test_a_recording_without_the_name_teaches_nothing(said: tuple[Samples, ...], store: Store) -> None:
    other = read_audio(Path(__file__).parents[1] / "data" / "wake" / "hey_jarvis_1.flac")
    with pytest.raises(VoiceProfileError, match="call 2 does not sound like 'hey jett'"):
        _require([said[0], other, said[1]], store)


def test_one_recording_twice_is_no_second_call(said: tuple[Samples, ...], store: Store) -> None:
    with pytest.raises(VoiceProfileError, match="call 3 is the recording of one before, need 3 that differ"):
        _require([said[0], said[1], said[0]], store)


def test_a_damaged_own_head_is_a_clear_error(store: Store) -> None:
    heads_folder().mkdir(parents=True)
    shutil.copy(Path(__file__), heads_folder() / "hey_jett.onnx")
    with pytest.raises(ModelError, match="is no head"):
        sharpenable("hey_jett", store)
