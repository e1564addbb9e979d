"""The file of a head: what ONNX Runtime makes of it is what the networks say."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jett.engines.wake.heads import load_head
from jett.training.network import network, sigmoid
from jett.training.onnx_file import head_file, networks_of

_SMALL = head_file([network(np.ones(96, np.float32), np.ones(96, np.float32), np.random.default_rng(0), 2)], {})


@pytest.mark.parametrize("members", [1, 2])
def test_the_file_scores_as_the_networks_do(tmp_path: Path, members: int) -> None:
    rng = np.random.default_rng(2)
    mean, deviation = rng.normal(0, 3, 96).astype(np.float32), rng.uniform(1, 9, 96).astype(np.float32)
    networks = [network(mean, deviation, rng) for _ in range(members)]
    meta = {"jett.phrase": "hey jett", "jett.threshold": "0.7", "jett.patience": "2", "jett.card": '{"seed": 4}'}
    path = tmp_path / "some.onnx"
    path.write_bytes(head_file(networks, meta))
    head = load_head(path)
    assert (head.names, head.frames, head.threshold, head.patience) == (("hey_jett",), 16, 0.7, 2)
    assert head.card == {"seed": 4}
    windows = rng.normal(0, 8, (5, 16, 96)).astype(np.float32)
    wanted = sigmoid(np.mean([one.forward(windows) for one in networks], axis=0))
    found = [head.scores(window)[0] for window in windows]
    assert found == pytest.approx(list(wanted), abs=1e-5)


def test_networks_come_back_from_their_file() -> None:
    rng = np.random.default_rng(3)
    deviation = rng.uniform(1, 9, 96).astype(np.float32)
    networks = [network(np.ones(96, np.float32), deviation, rng, width) for width in (8, 8)]
    content = head_file(networks, {"jett.phrase": "hey jett"})
    windows = rng.normal(0, 8, (5, 16, 96)).astype(np.float32)
    for one, again in zip(networks, networks_of(content), strict=True):
        assert again.forward(windows) == pytest.approx(one.forward(windows), abs=1e-5)
    assert head_file(networks_of(content), {"jett.phrase": "hey jett"}) == content


@given(st.data())
def test_a_file_that_is_no_head_of_ours_is_a_value_error_or_networks(data: st.DataObject) -> None:
    """Whatever was changed in it."""
    changed = bytearray(_SMALL)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    content = bytes(changed[: data.draw(st.integers(0, len(changed)))])
    with suppress(ValueError):
        assert networks_of(content)
