"""The real speech that ships: readable, within its size, and silent about the phrase that a head is for."""

from __future__ import annotations

import io
from importlib.resources import files

import numpy as np

from jett.training.real_speech import real_speech, written


def test_it_is_half_an_hour_and_small() -> None:
    rows = real_speech("hey jett")
    assert all(each.shape[1] == 96 for each in rows)
    assert sum(len(each) for each in rows) * 0.08 > 30 * 60
    assert len((files("jett.training") / "real_speech.npz").read_bytes()) < 5_000_000


def test_a_head_is_not_taught_to_ignore_its_own_name() -> None:
    assert len(real_speech("alexa")) < len(real_speech("hey jett"))
    assert len(real_speech("smart mirror")) < len(real_speech("mirror"))


def test_what_was_written_is_as_it_was_within_a_step() -> None:
    rows = [np.random.default_rng(n).normal(0, 9, (20 + n, 96)).astype(np.float32) for n in range(3)]
    with np.load(io.BytesIO(written(rows, ["", "alexa", ""]))) as held:
        back = held["rows"] * held["scale"]
        assert list(held["lengths"]) == [20, 21, 22]
    assert np.abs(back - np.concatenate(rows)).max() < 0.5
