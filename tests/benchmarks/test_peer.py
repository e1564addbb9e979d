"""The comparison with a run of the Pipecat baseline."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from benchmarks.latency.turns import against_peer

from jett.core.errors import ConfigError


def test_ratios_are_to_the_baselines_own_seconds(tmp_path: Path) -> None:
    run = tmp_path / "peer.json"
    run.write_text(json.dumps({"summary": {"ttfa": {"n": 50, "p50": 2.0, "p95": 4.0}}}))
    ratios = against_peer({"ttfa_p50_ms": 500.0, "ttfa_p95_ms": 1000.0}, run)
    assert (ratios["peer_ttfa_p50_ms"], ratios["peer_ratio_p50"], ratios["peer_ratio_p95"]) == (2000.0, 0.25, 0.25)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"summary": {}}'])
def test_another_file_is_refused(tmp_path: Path, text: str) -> None:
    run = tmp_path / "peer.json"
    run.write_text(text)
    with pytest.raises(ConfigError, match="no run of the Pipecat baseline"):
        against_peer({}, run)
