"""A whole training in small, with real voices and features: it ends in a head that loads, and goes on where it was."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from jett.app import training
from jett.app.training import Wanted, file_name, spoken_form, train_head
from jett.app.training_voices import TrainingVoices, weights_of
from jett.app.training_words import TrainingWords
from jett.app.wake_heads import all_heads, look_path, shipped_head
from jett.core.errors import ConfigError
from jett.engines.wake.heads import load_head
from jett.engines.wake.trained_look import load_look
from jett.models.store import Store
from jett.training.lines import Line
from jett.training.optimiser import Recipe
from jett.training.plan import QUICK, Size

TINY: Size = replace(
    QUICK,
    phrase={"piper": 6},
    near={"espeak": 12},
    other={"espeak": 12},
    test_phrase={"espeak": 6},
    test_near={"espeak": 6},
    test_other={"espeak": 10},
    call_scenes={"piper": 30},
    near_scenes={"espeak": 30},
    looks={"phrase": {"piper": 8}, "near": {"espeak": 8}, "other": {"espeak": 8}},
    look_steps=20,
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user of their own, and a training that takes seconds."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(training, "QUICK", TINY)
    return tmp_path


def _told(stages: dict[str, int], until: str = "") -> training.Tell:
    def tell(stage: str, done: int, whole: int) -> None:
        if stage == until:
            raise KeyboardInterrupt
        stages[stage] = max(done, stages.get(stage, 0))

    return tell


@pytest.mark.models
def test_a_training_that_was_killed_goes_on_and_gives_a_head(home: Path, store: Store) -> None:
    wanted = Wanted("hey jett", quick=True, recipe=Recipe(steps=40, batch=64, mine_every=20))
    with pytest.raises(KeyboardInterrupt):
        train_head(wanted, store, home / "report", _told({}, until="look networks"))
    before = {path: path.stat().st_mtime_ns for path in (home / "cache").rglob("*.*")}
    assert any(path.suffix == ".wav" for path in before)
    stages: dict[str, int] = {}
    report = train_head(wanted, store, home / "report", _told(stages))
    assert {path: path.stat().st_mtime_ns for path in (home / "cache").rglob("*.*")} == before
    assert stages["calls"] == 30
    head = load_head(home / "data" / "jett" / "heads" / "hey_jett_quick.onnx")
    assert (head.phrase, head.threshold) == ("hey jett", report.chosen.threshold)
    assert head.card["licence"] == "Apache-2.0"
    look = load_look(look_path(head.path, "whisper-tiny.en"))
    assert (look.phrase, look.encoder, look.dimensions) == ("hey jett", "whisper-tiny.en", 384)
    assert look.threshold == pytest.approx(report.in_use.threshold)
    assert [place.name for place in all_heads(store) if place.origin == "own"] == ["hey_jett_quick"]
    assert json.loads((home / "report" / "report.json").read_text("utf-8"))["calls_judged"] == 18
    assert "<- chosen" in (home / "report" / "report.txt").read_text("utf-8")
    made = [path.read_bytes() for path in (head.path, look_path(head.path, "whisper-tiny.en"))]
    shutil.rmtree(home / "cache")
    train_head(wanted, store, home / "report", _told({}))
    assert made == [path.read_bytes() for path in (head.path, look_path(head.path, "whisper-tiny.en"))], "by its seed"


def test_a_quick_head_takes_no_better_ones_place(tmp_path: Path) -> None:
    """One that ships, one of the owner's; a quick one it does."""
    shipped = shipped_head("hey_jett")
    assert shipped is not None
    assert file_name("hey jett", tmp_path, quick=True) == "hey_jett_quick"
    assert file_name("hey jett", tmp_path, quick=False) == "hey_jett"
    assert file_name("okay marvin", tmp_path, quick=True) == "okay_marvin"
    shutil.copy(shipped, tmp_path / "okay_marvin.onnx")
    assert file_name("okay marvin", tmp_path, quick=True) == "okay_marvin_quick"
    (tmp_path / "okay_marvin.onnx").write_bytes(b"cut off")
    assert file_name("okay marvin", tmp_path, quick=True) == "okay_marvin"


@pytest.mark.models
def test_a_clip_is_spoken_once_and_read_afterwards(tmp_path: Path, store: Store) -> None:
    line = Line("phrase", "hey jett", "espeak", "en-us+f3", speed=1.1, pitch=60)
    with TrainingVoices(store, tmp_path) as voices:
        said = voices.speak(line)
        (file,) = tmp_path.iterdir()
        file.write_bytes(file.read_bytes()[:30])  # what a killed process may leave
        again = voices.speak(line)
        assert np.array_equal(again, said)
        assert np.array_equal(voices.speak(line), said)
        assert 4_000 < said.size < 32_000
        assert not np.array_equal(voices.speak(replace(line, pitch=20)), said)


@pytest.mark.models
def test_near_phrases_and_sentences_of_real_words(store: Store) -> None:
    words = TrainingWords(store)
    near = words.near("hey jett")
    assert {"hey jeff", "hey get", "hey yet", "hey chat", "he jetted", "hey jess", "hey", "jett"} <= set(near)
    assert not {"hey jett", "hey jet"} & set(near)
    assert "hey jet" in words.spellings("hey jett")
    assert not set(words.spellings("hey jett")) & {"hey jett", *near}
    sentences = words.sentences(50, np.random.default_rng(0), without="hey")
    assert len(sentences) == 50
    assert not any("hey" in sentence for sentence in sentences)
    assert sentences == words.sentences(50, np.random.default_rng(0), without="hey")


@pytest.mark.parametrize(("said", "meant"), [("Hey, Jett!", "hey jett"), ("  JARVIS ", "jarvis"), ("Zoë", "zoë")])
def test_a_phrase_is_taken_as_it_is_spoken(said: str, meant: str) -> None:
    assert spoken_form(said) == meant


@pytest.mark.parametrize("phrase", ["", "?!", "one two three four", "x" * 41])
def test_what_nobody_would_call_is_refused(phrase: str) -> None:
    with pytest.raises(ConfigError, match="1 to 3 words"):
        spoken_form(phrase)


@pytest.mark.parametrize("phrase", ["x", "hey 123", "привет", "你好"])
def test_what_the_voices_cannot_say_is_refused(phrase: str) -> None:
    with pytest.raises(ConfigError, match="cannot be said by the voices"):
        spoken_form(phrase)


def test_a_blend_says_how_much_of_whom() -> None:
    assert weights_of("af_heart") == {"af_heart": 1.0}
    assert weights_of("af_heart:0.60+am_adam:0.40") == {"af_heart": 0.6, "am_adam": 0.4}
