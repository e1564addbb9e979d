"""What the benchmark of wake words counts: calls by their text or folder, misses by clip, false alarms by hour."""

from __future__ import annotations

import json
import shutil
from argparse import Namespace
from pathlib import Path

import pytest
from benchmarks.accuracy import wake

from jett.core.errors import AudioError
from jett.models.store import Store

DATA = Path(__file__).parents[1] / "data"


@pytest.mark.parametrize(
    ("text", "phrase", "call"),
    [
        ("Hey, Jarvis! Lights on.", "hey jarvis", True),
        ("hey_jarvis", "Hey Jarvis", True),
        ("jarvis hey", "hey jarvis", False),
        ("they jarvis", "hey jarvis", False),
        ("jarvis", "jarvis", True),
        ("", "jarvis", False),
    ],
)
def test_a_call_is_a_text_with_the_phrase_in_it(text: str, phrase: str, call: bool) -> None:
    assert wake.says(text, phrase) is call


def test_folders_say_which_clips_are_calls(tmp_path: Path) -> None:
    (tmp_path / "positive" / "one").mkdir(parents=True)
    (tmp_path / "negative").mkdir()
    for name in ("positive/one/a.wav", "positive/b.FLAC", "positive/note.txt", "negative/c.ogg"):
        (tmp_path / name).touch()
    found = wake.chosen(Namespace(clips=tmp_path, quick=False, others=None), "hey jarvis")
    assert {(clip.path.name, call) for clip, call in found} == {("a.wav", True), ("b.FLAC", True), ("c.ogg", False)}


def test_a_folder_that_does_not_say_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"neither a manifest\.tsv nor recordings in positive/ or negative/"):
        wake.chosen(Namespace(clips=tmp_path, quick=False, others=None), "hey jarvis")


@pytest.mark.models
def test_calls_and_readings_are_counted(store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two calls that the stock head hears, one that it misses, and a call of another name put among the negatives."""
    for model_id in ("wake-features", "wake-hey-jarvis"):
        store.path(model_id)
    rows = ["file\ttext"]
    for file, text in (
        *((f"wake/hey_jarvis_{n}.flac", "hey jarvis") for n in (1, 2, 3)),
        ("wake/alexa_1.flac", "alexa"),
        ("speech/paced_up_and_down.flac", "he paced up and down"),
    ):
        shutil.copy(DATA / file, tmp_path)
        rows.append(f"{Path(file).name}\t{text}")
    (tmp_path / "manifest.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    command = ["--clips", str(tmp_path), "--head", "hey_jarvis", "--json", "--save", str(tmp_path / "all.json")]
    assert wake.main(command) == 0
    figures = json.loads(capsys.readouterr().out)
    assert (figures["calls"], figures["misses"], figures["miss_percent"]) == (3, 1, 33.33)
    assert (figures["false_alarms"], figures["false_alarms_per_hour"]) == (0, 0.0)
    assert figures["negative_hours"] > 0
    saved = json.loads((tmp_path / "all.json").read_text("utf-8"))["details"]["thresholds"]
    assert [row["misses"] for row in saved] == sorted(row["misses"] for row in saved)

    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "empty.wav").touch()
    shutil.copy(DATA / "wake/alexa_2.flac", tmp_path / "more")
    assert wake.main([*command, "--others", str(tmp_path / "more")]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["negative_hours"] > figures["negative_hours"]
    assert "left out: audio: " in captured.err

    alarmed = ["--clips", str(tmp_path), "--head", "hey_jarvis", "--phrase", "he paced", "--json"]
    assert wake.main(alarmed) == 0
    figures = json.loads(capsys.readouterr().out)
    assert (figures["calls"], figures["misses"], figures["false_alarms"]) == (1, 1, 2)
    assert figures["false_alarms_per_hour"] == pytest.approx(2 / figures["negative_hours"], rel=0.5)
