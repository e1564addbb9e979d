"""A look that has learned a name: its file, and what it is given of a sound."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from jett.core.audio import Samples, silence
from jett.core.errors import ModelError
from jett.engines.wake.trained_look import ROWS, STATES_A_ROW, WINDOW_SAMPLES, TrainedLook, load_look, rows_of
from jett.training.network import network, sigmoid
from jett.training.onnx_file import head_file

DIMENSIONS = 6
ONES = np.ones(DIMENSIONS, np.float32)
META = {"jett.phrase": "hey jett", "jett.encoder": "whisper-tiny.en", "jett.threshold": "0.25"}


class _Encoder:
    """Its states say which sample each began with."""

    def states(self, speeches: Sequence[Samples]) -> NDArray[np.float32]:
        assert {speech.size for speech in speeches} == {WINDOW_SAMPLES}
        begins = np.stack([speech[::320] for speech in speeches]).astype(np.float32)
        return np.repeat(begins[:, :, None], DIMENSIONS, axis=2)


def _file(seed: int, **meta: str) -> bytes:
    rng = np.random.default_rng(seed)
    mean, deviation = (rng.uniform(1, 9, DIMENSIONS).astype(np.float32) for _ in range(2))
    return head_file([network(mean, deviation, rng, 4) for _ in range(2)], META | meta)


def test_the_file_scores_as_the_networks_do(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    mean, deviation = (rng.uniform(1, 9, DIMENSIONS).astype(np.float32) for _ in range(2))
    networks = [network(mean, deviation, rng, 8) for _ in range(2)]
    path = tmp_path / "some.look.onnx"
    path.write_bytes(head_file(networks, META))
    look = load_look(path)
    assert (look.phrase, look.encoder, look.threshold, look.dimensions) == (
        *("hey jett", "whisper-tiny.en", 0.25, DIMENSIONS),
    )
    windows = rng.normal(0, 8, (5, ROWS, DIMENSIONS)).astype(np.float32)
    wanted = sigmoid(np.mean([one.forward(windows) for one in networks], axis=0))
    assert [look.score(window[None]) for window in windows] == pytest.approx(list(wanted), abs=1e-5)


def test_a_call_is_one_from_the_threshold_on(tmp_path: Path) -> None:
    path = tmp_path / "some.look.onnx"
    path.write_bytes(_file(3))
    speech = np.random.default_rng(4).normal(0, 100, WINDOW_SAMPLES).astype(np.int16)
    score = load_look(path).score(rows_of(_Encoder(), [speech]))
    for threshold, holds in ((score * 0.99, True), (min(1.0, score * 1.01), False)):
        assert TrainedLook(_Encoder(), load_look(path), threshold).holds(speech) is holds


def test_rows_are_means_of_a_tenth_of_a_second_and_short_sounds_have_silence_before_them() -> None:
    speech = np.arange(WINDOW_SAMPLES + 500).astype(np.int16)
    (rows,) = rows_of(_Encoder(), [speech])
    assert rows.shape == (ROWS, DIMENSIONS)
    assert rows[0, 0] == pytest.approx(np.mean(speech[500:][: 320 * STATES_A_ROW : 320]))
    (short,) = rows_of(_Encoder(), [np.full(WINDOW_SAMPLES // 2, 7, np.int16)])
    assert short[:, 0].tolist() == [0.0] * (ROWS // 2) + [7.0] * (ROWS // 2)
    assert not rows_of(_Encoder(), [silence(0)]).any()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"no model", "no trained look"),
        (b"", "no trained look"),
        (_file(1, **{"jett.threshold": "1.5"}), "need"),
        (_file(1, **{"jett.threshold": "much"}), "ValueError"),
        (
            head_file([network(ONES, ONES, np.random.default_rng(0), 2)], {}),
            "KeyError",
        ),
    ],
)
def test_what_is_no_look_is_refused_with_a_way_out(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "some.look.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=rf"(?s){why}.*jett wake train"):
        load_look(path)


def test_a_missing_file_and_a_far_too_large_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no trained look at"):
        load_look(tmp_path / "none.look.onnx")
    path = tmp_path / "large.look.onnx"
    with path.open("wb") as file:
        file.truncate((32 << 20) + 1)
    with pytest.raises(ModelError, match="at most 33554432"):
        load_look(path)


@given(st.data())
def test_a_damaged_file_is_refused_or_a_look(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    changed = bytearray(_file(1))
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "damaged.look.onnx"
    path.write_bytes(changed[: data.draw(st.integers(0, len(changed)))])
    with suppress(ModelError):
        assert 0.0 <= load_look(path).score(np.zeros((1, ROWS, DIMENSIONS), np.float32)) <= 1.0
