"""The encoder on real voices, and its weights, which are read and never unpickled."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from jett.core.audio import SAMPLE_RATE_HZ, Samples, silence, to_float32
from jett.core.errors import ModelError
from jett.core.ports import SpeakerEncoder
from jett.engines.log_mel import mel_power
from jett.engines.speaker.ge2e import of_length_1
from jett.engines.speaker.ge2e_weights import WIDTH, Weights, read_weights
from jett.models.store import Store

pytestmark = pytest.mark.models


def test_each_person_is_nearer_to_themselves_than_to_anybody_else(
    encoder: SpeakerEncoder, people: dict[str, list[Samples]]
) -> None:
    """Of 2.5 s out of each recording."""
    places = [
        (person, encoder.embed(encoder.voiced(sound[: round(2.5 * SAMPLE_RATE_HZ)])))
        for person, sounds in people.items()
        for sound in sounds
    ]
    pairs = [(one == two, float(a @ b)) for (one, a), (two, b) in combinations(places, 2)]
    same = [score for is_same, score in pairs if is_same]
    others = [score for is_same, score in pairs if not is_same]
    assert len(same) >= 13
    assert min(same) > max(others)


def test_loudness_is_no_part_of_a_voice(encoder: SpeakerEncoder, people: dict[str, list[Samples]]) -> None:
    voiced = encoder.voiced(people["1688"][0])
    quieter = (voiced / 16).astype(np.int16)
    assert encoder.embed(voiced) @ encoder.embed(quieter) > 0.995


def test_a_place_has_length_one_however_much_is_said(encoder: SpeakerEncoder, people: dict[str, list[Samples]]) -> None:
    """From a tenth of a second, less than a window, to ten."""
    voiced = encoder.voiced(people["2033"][0])
    for size in (1_600, 25_599, 25_600, 25_601, 40_000, 160_000):
        place = encoder.embed(np.resize(voiced, size))
        assert place.shape == (encoder.dimensions,)
        assert np.linalg.norm(place) == pytest.approx(1, abs=1e-5)


def test_silence_is_no_speech(encoder: SpeakerEncoder) -> None:
    assert encoder.voiced(silence(50_000)).size == 0
    assert encoder.voiced(silence(0)).size == 0


def test_pauses_do_not_count_as_speech(encoder: SpeakerEncoder, people: dict[str, list[Samples]]) -> None:
    sound = people["1688"][1]
    apart = np.concatenate((sound, silence(3 * SAMPLE_RATE_HZ), sound))
    assert encoder.voiced(apart).size <= 2 * encoder.voiced(sound).size + SAMPLE_RATE_HZ // 5


def test_the_network_that_onnx_runtime_runs_is_the_one_of_the_weights(
    encoder: SpeakerEncoder, store: Store, people: dict[str, list[Samples]]
) -> None:
    """Against the equations of an LSTM, written out in float64."""
    voiced = people["2609"][0][:25_440]  # 160 frames: one window
    signal = to_float32(voiced).astype(np.float64)
    signal *= 10 ** (-24 / 20) / np.sqrt(np.mean(np.square(signal)))
    frames = mel_power(signal.astype(np.float32), bands=40, pad="constant").T
    assert frames.shape == (160, 40)
    expected = by_the_book(read_weights(store.file("ge2e")), frames.astype(np.float64))
    assert encoder.embed(voiced) @ expected == pytest.approx(1, abs=1e-5)


def by_the_book(weights: Weights, states: np.ndarray) -> np.ndarray:
    def sigmoid(x: np.ndarray) -> np.ndarray:
        return np.asarray(1 / (1 + np.exp(-x)))

    for layer in weights.layers:
        bias = layer.biases[: 4 * WIDTH] + layer.biases[4 * WIDTH :]
        state, cell, out = np.zeros(WIDTH), np.zeros(WIDTH), []
        for frame in states:
            i, o, f, c = np.split(layer.of_input @ frame + layer.of_state @ state + bias, 4)
            cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(c)
            state = sigmoid(o) * np.tanh(cell)
            out.append(state)
        states = np.array(out)
    return of_length_1(np.maximum(weights.linear @ states[-1] + weights.bias, 0).astype(np.float32))


def test_another_file_than_the_checkpoint_is_refused(store: Store, tmp_path: Path) -> None:
    """Cut short, shifted by a byte, with a number that is none, and not there at all."""
    good = store.file("ge2e").read_bytes()
    broken = bytearray(good)
    broken[269_875 + 8 : 269_875 + 12] = np.float32("nan").tobytes()
    for content in (b"", good[:300_000], b"\0" + good, bytes(broken)):
        (tmp_path / "other.pt").write_bytes(content)
        with pytest.raises(ModelError, match="run: jett models"):
            read_weights(tmp_path / "other.pt")
    with pytest.raises(ModelError, match="no model at"):
        read_weights(tmp_path / "none.pt")
