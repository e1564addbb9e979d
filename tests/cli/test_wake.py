"""`jett wake`, as a process of its own, on real recordings; and its pictures of scores."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import AsyncGenerator
from importlib.resources import files
from pathlib import Path

import anyio
import numpy as np
import pytest
from rich.console import Console

from jett.app.wake import load_wake_words
from jett.audio.files import read_audio
from jett.cli.wake_plot import bar, show_live
from jett.cli.wake_train import lines_to_use
from jett.core.audio import Samples, silence
from jett.models.store import Store
from jett.settings import Settings
from tests.cli.conftest import Jett

DATA = Path(__file__).parents[1] / "data"
CALL, READING = DATA / "wake" / "hey_jarvis_3.flac", DATA / "speech" / "paced_up_and_down.flac"
SHIPPED = Path(str(files("jett.engines.wake"))) / "heads"
HEADS = ("--head", "hey_jarvis", "--head", "alexa")


@pytest.fixture
def jett(tmp_path: Path, store: Store) -> Jett:
    """With the stock heads, which nobody has without asking for them."""
    for model_id in ("wake-features", "wake-hey-jarvis", "wake-alexa"):
        store.path(model_id)
    return Jett(tmp_path, store.root)


@pytest.mark.models
def test_a_call_is_drawn_with_the_place_where_it_would_wake(jett: Jett) -> None:
    done = jett("wake", "test", str(CALL), str(READING), *HEADS)
    assert done.returncode == 0
    first, second = done.stdout.split(str(READING))
    called, mark, other = first.splitlines()[1:]
    assert "hey_jarvis |" in called
    assert "█" in called
    assert called.index("█") - 2 <= mark.index("^") <= called.index("█")
    assert "wakes at 0." in mark
    assert "alexa      |" in other
    assert "wakes" not in second


@pytest.mark.models
def test_scores_for_scripts_are_those_of_each_frame(jett: Jett) -> None:
    call, reading = (
        json.loads(line) for line in jett("wake", "test", str(CALL), str(READING), *HEADS, "--json").stdout.splitlines()
    )
    (woken,) = call["woken"]
    assert woken["name"] == "hey_jarvis"
    frame = round(woken["at_s"] / call["frame_s"]) - 1
    scores = call["scores"]["hey_jarvis"]
    assert woken["score"] == scores[frame] >= call["thresholds"]["hey_jarvis"] > max(scores[:frame])
    assert reading["woken"] == []
    assert len(reading["scores"]["alexa"]) == len(reading["scores"]["hey_jarvis"])


@pytest.mark.models
def test_sensitivity_moves_the_threshold(jett: Jett) -> None:
    def thresholds(sensitivity: str) -> dict[str, float]:
        words = ("wake", "test", str(CALL), *HEADS, "--json", "--sensitivity", sensitivity)
        found: dict[str, float] = json.loads(jett(*words).stdout)["thresholds"]
        return found

    assert thresholds("0.5") == {"hey_jarvis": 0.5, "alexa": 0.5}
    assert thresholds("0.9")["alexa"] < 0.2
    assert thresholds("0.1")["alexa"] > 0.8


@pytest.mark.models
def test_the_list_says_what_each_head_is_and_a_damaged_one_too(jett: Jett, tmp_path: Path) -> None:
    """A head of one's own takes the place of a stock head of its name."""
    heads = tmp_path / "data" / "jett" / "heads"
    heads.mkdir(parents=True)
    shutil.copy(READING, heads / "broken.onnx")
    shutil.copy(Store().file("wake-alexa"), heads / "alexa.tflite")
    listed = json.loads(
        jett("wake", "list", "--json", XDG_DATA_HOME=str(tmp_path / "data"), JETT_WAKE__WORDS='["alexa"]').stdout
    )
    rows = {(row["name"], row["origin"]): row for row in listed["heads"]}
    assert listed["words"] == ["alexa"]
    assert rows["broken", "own"]["state"] == "damaged"
    assert "is no head" in rows["broken", "own"]["where"]
    assert rows["alexa", "own"]["threshold"] == rows["alexa", "stock"]["threshold"] == 0.5
    assert rows["alexa", "stock"]["licence"] == "CC-BY-NC-SA-4.0"
    assert rows["alexa", "own"]["second_look"] == "transcript"


def test_the_list_says_how_calls_are_looked_at_again(jett: Jett, tmp_path: Path) -> None:
    def look(name: str = "hey_jett", **env: str) -> tuple[str, str]:
        listed = jett("wake", "list", "--json", XDG_DATA_HOME=str(tmp_path), **env)
        row = next(row for row in json.loads(listed.stdout)["heads"] if row["name"] == name)
        return row["second_look"], row["where"]

    assert look() == ("trained", "ships with Jett")
    behind = {"JETT_STT__BACKEND": "openai", "JETT_STT__URL": "http://127.0.0.1:1/v1"}
    assert look(JETT_STT__MODEL="whisper-base")[0] == "trained", "by the Whisper that ships, beside it"
    assert look(**behind)[0] == "trained"
    heads = tmp_path / "jett" / "heads"
    heads.mkdir(parents=True)
    shutil.copy(SHIPPED / "hey_jett.onnx", heads / "other.onnx")
    assert look("other", JETT_STT__MODEL="whisper-base")[0] == "likelihood"
    assert look("other", **behind)[0] == "transcript"
    shutil.copy(SHIPPED / "hey_jett.onnx", heads)
    (heads / "hey_jett.whisper-tiny.en.look.onnx").write_bytes(b"cut off")
    state, where = look()
    assert state == "damaged"
    assert "look" in where


@pytest.mark.models
def test_whoever_fetches_a_stock_head_is_told_its_licence(jett: Jett) -> None:
    done = jett("models", "pull", "wake-alexa")
    assert done.returncode == 0
    assert "wake-alexa: licence CC-BY-NC-SA-4.0: not for commercial use" in done.stderr


@pytest.mark.models
@pytest.mark.parametrize(
    ("words", "code", "what"),
    [
        (("test", str(CALL)), 2, "no head is named; give --head NAME"),
        (("test", str(CALL), "--head", "computer"), 4, "no head is called 'computer'; use a file, or one of: alexa,"),
        (("test", str(CALL), "--head", "no/such.onnx"), 4, "no head at 'no/such.onnx'"),
        (("test", str(CALL), "--head", str(READING.parent / "none.tflite")), 4, "no head at"),
        (("test", "absent.wav", "--head", "alexa"), 3, "cannot read 'absent.wav'"),
        (("test", str(CALL), "--head", "alexa", "--head", "alexa"), 4, "two heads are called 'alexa'"),
        (("meter",), 2, "no head is named"),
    ],
)
def test_what_cannot_be_done_says_why(jett: Jett, words: tuple[str, ...], code: int, what: str) -> None:
    done = jett("wake", *words)
    assert (done.returncode, what in done.stderr) == (code, True), done.stderr


def test_a_stock_head_that_was_not_fetched_says_how(bare: Jett) -> None:
    done = bare("wake", "test", str(CALL), "--head", "alexa")
    assert done.returncode == 4
    assert "fix: jett models pull wake-alexa" in done.stderr


@pytest.mark.parametrize("score", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("threshold", [0.01, 0.5, 0.999])
def test_a_bar_of_the_meter_has_its_threshold_and_one_length(score: float, threshold: float) -> None:
    drawn = bar(score, score, threshold)
    assert len(drawn) == 30
    assert drawn.count("|") == 1
    assert abs(drawn.count("=") - score * 30) <= 2


@pytest.mark.models
def test_the_meter_shows_each_call_and_a_bar_for_every_name(store: Store) -> None:
    """A recording for a microphone."""
    for model_id in ("wake-features", "wake-hey-jarvis", "wake-alexa"):
        store.path(model_id)
    words = load_wake_words(Settings.load(env={}), store, ("hey_jarvis", "alexa"))
    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    anyio.run(show_live, words, _Recorded(), console)
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert (shown.count(" s  hey_jarvis"), shown.count(" s  alexa")) == (1, 0)
    assert "dBFS" in shown
    assert "alexa      [" in shown


class _Recorded:
    dropped_samples = 0

    async def chunks(self) -> AsyncGenerator[Samples, None]:
        sound = np.concatenate([read_audio(CALL), silence(8_000)])
        for start in range(0, sound.size, 320):
            yield sound[start : start + 320]


def test_what_a_training_says_of_how_to_use_its_head_are_settings(tmp_path: Path) -> None:
    file = tmp_path / "jett.toml"
    file.write_text(lines_to_use("good_morning_house"), "utf-8")
    wake = Settings.load(env={"JETT_CONFIG": str(file)}).wake
    assert (wake.enabled, wake.words) == (True, ("good_morning_house",))
