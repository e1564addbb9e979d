"""The file of a head: what ONNX Runtime makes of it is what the networks say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from jett.engines.wake.heads import load_head
from jett.training.network import network, sigmoid
from jett.training.onnx_file import head_file


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
