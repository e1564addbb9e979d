"""Who looks again at a call: the look that was trained for the head and for this Whisper, where there is one."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from jett.app.engines import load_stt
from jett.app.needs import needed_models
from jett.app.training_voices import TrainingVoices
from jett.app.wake import load_wake_words, looking_models, require_wake_words
from jett.app.wake_heads import all_heads, heads_folder, look_path, shipped_head
from jett.app.wake_listening import scored
from jett.app.wake_looks import LookingEngines, unsure_of_calls
from jett.core.audio import Samples, silence, to_float32
from jett.core.errors import ModelError
from jett.engines.wake.trained_look import TrainedLook
from jett.models.store import Store
from jett.session.second_look import LikelyPhrase, SecondLook
from jett.settings import Settings
from jett.training.augment import speech_edges
from jett.training.lines import Line
from jett.training.network import network
from jett.training.onnx_file import head_file
from tests.system.recordings import clip

pytestmark = pytest.mark.models

TINY = "whisper-tiny.en"


def _look(store: Store, settings: Settings | None = None) -> SecondLook:
    chosen = settings or Settings()
    words = load_wake_words(chosen, store, ("hey_jett",))
    look = words.second_look(LookingEngines(chosen, store))
    assert look is not None
    return look


@pytest.fixture(autouse=True)
def _no_heads_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def _said(store: Store, folder: Path, text: str) -> Samples:
    with TrainingVoices(store, folder, at_once=1) as voices:
        spoken = voices.speak(Line("phrase", text, "piper", "joe"))
    return np.concatenate([silence(8_000), spoken])


def test_the_shipped_head_has_a_look_for_the_whisper_that_ships_and_is_no_head_itself(store: Store) -> None:
    judge = _look(store).judges["hey_jett"]
    assert isinstance(judge, TrainedLook)
    assert (judge.file.phrase, judge.file.encoder) == ("hey jett", TINY)
    assert not any("look" in place.name for place in all_heads(store))


OTHERS = [{"model": "whisper-base"}, {"backend": "openai", "url": "http://127.0.0.1:9/v1", "model": "their-whisper"}]


@pytest.mark.parametrize("stt", OTHERS)
def test_where_another_whisper_transcribes_the_one_that_the_look_knows_is_loaded_beside_it(
    store: Store, stt: dict[str, str]
) -> None:
    """On a GPU or behind a URL: the name is told from what sounds like it as well as on a processor."""
    settings = Settings(stt=stt, wake={"enabled": True, "words": ["hey_jett"]})  # type: ignore[arg-type]
    words = load_wake_words(settings, store)
    look = _look(store, settings)
    judge = look.judges["hey_jett"]
    assert isinstance(judge, TrainedLook)
    assert judge.file.encoder == TINY
    assert look.beside == {"hey_jett"}, "it need not wait for the one that transcribes"
    assert words.rules[0].threshold < words.strict_rules[0].threshold
    assert looking_models(settings, words) == [TINY]
    assert TINY in needed_models(settings)


def test_the_whisper_that_transcribes_is_not_loaded_twice(store: Store) -> None:
    settings = Settings(wake={"enabled": True, "words": ["hey_jett"]})  # type: ignore[arg-type]
    stt = load_stt(settings, store)
    look = load_wake_words(settings, store).second_look(LookingEngines(settings, store, stt))
    assert look is not None
    judge = look.judges["hey_jett"]
    assert isinstance(judge, TrainedLook)
    assert id(judge.encoder) == id(stt)
    assert not look.beside
    assert needed_models(settings).count(TINY) == 1


def test_where_the_whisper_that_the_look_knows_is_missing_jett_goes_on_as_without_a_look_and_says_so(
    store: Store, tmp_path: Path
) -> None:
    """Who heard the name by a GPU's Whisper before is not left without a wake word."""
    fewer = Store(tmp_path / "models")
    for model in ("wake-features", "whisper-base"):
        shutil.copytree(store.path(model), fewer.root / store.path(model).relative_to(store.root))
    base, behind = (Settings(stt=stt, wake={"enabled": True, "words": ["hey_jett"]}) for stt in OTHERS)  # type: ignore[arg-type]
    look = load_wake_words(base, fewer).second_look(LookingEngines(base, fewer))
    assert look is not None
    assert isinstance(look.judges["hey_jett"], LikelyPhrase)
    words = load_wake_words(behind, fewer)
    assert words.second_look(LookingEngines(behind, fewer)) is None
    assert words.rules == words.strict_rules
    for settings in (base, behind):
        (said,) = unsure_of_calls(settings, fewer)
        assert said.endswith("run: jett models pull whisper-tiny.en")
        assert not unsure_of_calls(settings, store)


def test_without_a_trained_look_whisper_is_asked_how_likely_the_name_is_and_behind_a_url_nobody(
    store: Store, tmp_path: Path
) -> None:
    shipped = shipped_head("hey_jett")
    assert shipped is not None
    other = shutil.copy(shipped, tmp_path / "other.onnx")
    base, behind = (Settings(stt=stt, wake={"words": [str(other)]}) for stt in OTHERS)  # type: ignore[arg-type]
    words = load_wake_words(base, store)
    look = words.second_look(LookingEngines(base, store))
    assert look is not None
    (judge,) = look.judges.values()
    assert isinstance(judge, LikelyPhrase)
    words = load_wake_words(behind, store)
    assert words.second_look(LookingEngines(behind, store)) is None
    assert words.rules == words.strict_rules


@pytest.mark.parametrize("meta", [{"jett.encoder": "whisper-base"}, {"jett.phrase": "hey josh"}])
def test_a_look_for_other_ears_or_another_name_is_passed_over(store: Store, meta: dict[str, str]) -> None:
    shipped = shipped_head("hey_jett")
    assert shipped is not None
    heads_folder().mkdir(parents=True)
    own = Path(shutil.copy(shipped, heads_folder() / shipped.name))
    ones = np.ones(384, np.float32)
    said = {"jett.phrase": "hey jett", "jett.encoder": TINY, "jett.threshold": "0.9"} | meta
    look_path(own, TINY).write_bytes(head_file([network(ones, ones, np.random.default_rng(0), 2)], said))
    judge = _look(store).judges["hey_jett"]
    assert isinstance(judge, TrainedLook)
    assert judge.file.threshold != 0.9, "the shipped one"


def test_a_look_beside_the_head_comes_before_the_shipped_one_and_a_damaged_one_is_told(store: Store) -> None:
    shipped = shipped_head("hey_jett")
    assert shipped is not None
    heads_folder().mkdir(parents=True)
    own = shutil.copy(shipped, heads_folder() / shipped.name)
    assert isinstance(_look(store).judges["hey_jett"], TrainedLook), "a sharpened head goes on with the shipped one"
    look_path(Path(own), TINY).write_bytes(b"damaged")
    require = Settings(wake={"words": ["hey_jett"]})  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="no trained look"):
        require_wake_words(require, store)
    with pytest.raises(ModelError, match=r"hey_jett\.whisper-tiny\.en\.look\.onnx.*no trained look"):
        _look(store)


def test_a_higher_sensitivity_asks_less_of_a_call(store: Store) -> None:
    asked, own = [], 0.0
    for sensitivity in (0.2, 0.5, 0.8):
        judge = _look(store, Settings(wake={"sensitivity": sensitivity})).judges["hey_jett"]  # type: ignore[arg-type]
        assert isinstance(judge, TrainedLook)
        asked.append(judge.threshold)
        own = judge.file.threshold
    assert asked[0] > asked[1] > asked[2]
    assert asked[1] == pytest.approx(own)


def test_the_one_beside_it_tells_the_name_too(store: Store, tmp_path: Path) -> None:
    settings = Settings(stt=OTHERS[1])  # type: ignore[arg-type]
    words, look = load_wake_words(settings, store, ("hey_jett",)), _look(store, settings)
    for text, called in (("Hey Jett.", True), ("Hey Josh.", False)):
        frames = scored(words, [_said(store, tmp_path / "speech", text)], look)
        assert any(frame.woken is not None and frame.found for frame in frames) is called


@pytest.mark.parametrize(("text", "called"), [("Hey Jett.", True), ("Hey Josh.", False), ("Have you met?", False)])
def test_the_name_wakes_and_what_sounds_nearly_like_it_does_not(
    store: Store, tmp_path: Path, text: str, called: bool
) -> None:
    words = load_wake_words(Settings(), store, ("hey_jett",))
    frames = scored(words, [_said(store, tmp_path / "speech", text)], _look(store))
    assert any(frame.woken is not None and frame.found for frame in frames) is called


def test_no_look_finds_the_name_in_what_people_say(store: Store) -> None:
    judge = _look(store).judges["hey_jett"]
    for name in ("paced_up_and_down", "confused_complaint", "drip_coffee", "exercise_bike"):
        sound = clip(name)
        assert not any(judge.holds(sound[max(0, end - 25_600) : end]) for end in range(8_000, sound.size, 12_800))
    assert not judge.holds(silence(0))


@dataclass
class _Nobody:
    """Finds no name, and counts how often it was asked."""

    most_looks: int = 3
    asked: int = 0

    def holds(self, speech: Samples) -> bool:
        self.asked += 1
        assert 0 < speech.size <= 25_600
        return False

    def warm_up(self) -> None:
        """Nothing to do."""


@pytest.mark.parametrize("cut_s", [0.0, 0.1, 0.2, 0.3])
def test_a_call_at_the_end_of_a_recording_is_looked_at_as_often_as_any(
    store: Store, tmp_path: Path, cut_s: float
) -> None:
    """However late the head is sure."""
    said = _said(store, tmp_path / "speech", "Hey Jett.")
    start, end = speech_edges(to_float32(said))
    nobody = _Nobody()
    words = load_wake_words(Settings(), store, ("hey_jett",))
    frames = scored(words, [said[: end - round(cut_s * 1_000)]], SecondLook({"hey_jett": nobody}))
    woken = [frame for frame in frames if frame.woken is not None]
    assert start < end
    assert nobody.asked == 3 * len(woken) > 0
    assert not any(frame.found for frame in woken)
