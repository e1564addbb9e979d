"""Heads of several makers load and score; whatever else a file holds is a ModelError."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jett.core.errors import ModelError
from jett.engines.wake.heads import MOST_BYTES, Head, load_head, name_of
from jett.engines.wake.tflite import read_tflite
from jett.models.store import Store
from tests.engines.wake.onnx_files import head

WINDOW = np.random.default_rng(1).normal(0, 10, (16, 96)).astype(np.float32)
FIRST_VALUE = np.zeros((16 * 96, 1), dtype=np.float32)
FIRST_VALUE[0] = 1.0


def written(folder: Path, content: bytes, name: str = "hey_test.onnx") -> Head:
    (folder / name).write_bytes(content)
    return load_head(folder / name)


def test_a_head_of_ones_own_says_its_phrase_threshold_patience_and_card(tmp_path: Path) -> None:
    meta = {"jett.phrase": "Hey, Jett!", "jett.threshold": "0.83", "jett.patience": "3"}
    found = written(tmp_path, head(FIRST_VALUE, meta=meta | {"jett.card": json.dumps({"seed": 7})}))
    assert (found.names, found.phrase, found.threshold, found.patience) == (("hey_jett",), "Hey, Jett!", 0.83, 3)
    assert found.card == {"seed": 7}
    assert (found.look_again, found.spellings) == (None, ("Hey, Jett!",)), "it wants no second look"


def test_a_head_that_wants_a_second_look_says_from_where_and_how_its_phrase_is_written(tmp_path: Path) -> None:
    meta = {"jett.phrase": "hey jett", "jett.threshold": "0.83", "jett.look_again": "0.3"}
    found = written(tmp_path, head(FIRST_VALUE, meta=meta | {"jett.spellings": '["hey jet", " hey jett "]'}))
    assert (found.look_again, found.spellings) == (0.3, ("hey jett", "hey jet"))


def test_a_head_without_metadata_is_called_by_its_file_and_has_the_usual_threshold(tmp_path: Path) -> None:
    """Such as openWakeWord's and livekit-wakeword's."""
    found = written(tmp_path, head(FIRST_VALUE), "hey_jarvis_v0.1.onnx")
    assert (found.names, found.threshold, found.patience, found.frames) == (("hey_jarvis",), 0.5, 1, 16)
    (score,) = found.scores(WINDOW)
    assert score == pytest.approx(1 / (1 + np.exp(-WINDOW[0, 0])), abs=1e-6)


@pytest.mark.parametrize("frames", [1, 8, 16, 28, 64])
def test_a_head_says_how_much_it_looks_at(tmp_path: Path, frames: int) -> None:
    weights = np.full((frames * 96, 1), 0.01, dtype=np.float32)
    found = written(tmp_path, head(weights, shape=(1, frames, 96)))
    assert found.frames == frames
    assert found.scores(np.zeros((frames, 96), dtype=np.float32)) == (0.5,)


def test_several_outputs_have_a_name_each(tmp_path: Path) -> None:
    found = written(tmp_path, head(np.hstack([FIRST_VALUE, -FIRST_VALUE])), "timer.onnx")
    assert found.names == ("timer_1", "timer_2")
    first, second = found.scores(WINDOW)
    assert first + second == pytest.approx(1)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is no head"),
        (b"not a model at all", "is no head"),
        (head(FIRST_VALUE)[:-700], "is no head"),
        (head(FIRST_VALUE, shape=(1, 1536)), r"takes \[1, 1536\], need \[1, 1 to 64, 96\]"),
        (head(FIRST_VALUE, shape=(1, 12, 128)), r"takes \[1, 12, 128\]"),
        (head(np.zeros((65 * 96, 1), dtype=np.float32), shape=(1, 65, 96)), r"takes \[1, 65, 96\]"),
        (head(FIRST_VALUE, kind=11), "is no head|takes x tensor"),
        (head(FIRST_VALUE[:-96]), "is no head|cannot be run"),
        (head(FIRST_VALUE, bias=3, last="Relu"), "gives 3, need a probability"),
        (head(np.zeros((1536, 17), dtype=np.float32)), "gives 17 numbers, need 1 to 16"),
        (head(FIRST_VALUE, bias=float("nan")), "gives nan, need a probability"),
        (head(FIRST_VALUE, meta={"jett.threshold": "high"}), "jett.threshold of .* is 'high', need 0 to 1"),
        (head(FIRST_VALUE, meta={"jett.threshold": "nan"}), "jett.threshold of .* is 'nan'"),
        (head(FIRST_VALUE, meta={"jett.patience": "26"}), "jett.patience of .* is '26', need 1 to 25"),
        (head(FIRST_VALUE, meta={"jett.look_again": "0.6"}), "jett.look_again of .* is '0.6', need 0 to 0.5"),
        (head(FIRST_VALUE, meta={"jett.spellings": "[1]"}), "jett.spellings of .* is no list of texts"),
        (head(FIRST_VALUE, meta={"jett.spellings": "["}), "jett.spellings of .* is no list of texts"),
        (head(FIRST_VALUE, meta={"jett.card": "[1]"}), "jett.card of .* is no JSON object"),
        (b"\x10\x00\x00\x00TFL3" + b"\xff" * 64, "no head in TensorFlow Lite"),
    ],
)
def test_what_is_no_head_is_an_error_that_says_so(tmp_path: Path, content: bytes, what: str) -> None:
    with pytest.raises(ModelError, match=what):
        written(tmp_path, content)


def test_a_model_of_another_kind_is_no_head(store: Store) -> None:
    for model_id in ("silero-vad", "smart-turn-v3.2", "wake-features"):
        with pytest.raises(ModelError):
            load_head(store.file(model_id))


def test_a_file_that_is_missing_or_much_too_long_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no head at"):
        load_head(tmp_path / "none.onnx")
    with (tmp_path / "long.onnx").open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(ModelError, match=f"a head has at most {MOST_BYTES}"):
        load_head(tmp_path / "long.onnx")


@pytest.mark.models
@pytest.mark.parametrize("name", ["alexa", "hey_jarvis"])
def test_a_stock_head_in_tensorflow_lite_loads(store: Store, name: str) -> None:
    """`hey_jarvis` has a second graph, which is asked when the first is nearly sure."""
    found = load_head(store.file(f"wake-{name.replace('_', '-')}"))
    assert (found.names, found.frames) == ((name,), 16)


@pytest.mark.models
def test_a_damaged_file_in_tensorflow_lite_is_a_head_or_an_error_and_nothing_else(store: Store, tmp_path: Path) -> None:
    """Bytes of the tables, which are at the file's two ends, are changed one by one."""
    sound = store.file("wake-hey-jarvis").read_bytes()
    refused = 0
    for at in (*range(0, 400, 3), *range(len(sound) - 4_000, len(sound), 23)):
        damaged = bytearray(sound)
        damaged[at] ^= 0xFF
        try:
            written(tmp_path, bytes(damaged), "damaged.tflite").scores(WINDOW)
        except ModelError:
            refused += 1
    assert refused > 20


@given(st.binary(max_size=400))
def test_whatever_follows_the_mark_of_tensorflow_lite_is_an_error(rest: bytes) -> None:
    with pytest.raises(ModelError):
        read_tflite(b"\x10\x00\x00\x00TFL3" + rest, "noise")


@given(st.text(max_size=40))
def test_a_name_can_be_written_in_settings(phrase: str) -> None:
    name = name_of(phrase)
    assert name
    assert name == name_of(name)
    assert not set(name) & set(" /\\.,!?'\"")
