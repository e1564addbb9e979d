"""The benchmark of sleeping: what it makes of looks from outside, when a call is over, and a whole run in small."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from benchmarks.capacity import asleep
from benchmarks.capacity.asleep import Sample, Slept
from benchmarks.latency import waking
from benchmarks.latency.waking import Call, trimmed
from benchmarks.targets import ASLEEP, compared

from jett.core.errors import EngineError
from jett.models.store import Store
from tests.system.recordings import joined, seconds


def slept(quiet: float, talk: float) -> Slept:
    """Ten seconds of each after the start, in which it worked half the time; shares of one core."""
    used_s, samples = 0.0, []
    for at_s in range(26):
        samples.append(Sample(float(at_s), used_s, 300_000_000 + at_s, 200_000_000))
        used_s += 0.5 if at_s < 5 else quiet if at_s < 15 else talk
    return Slept(10.0, 10.0, samples)


def test_quiet_and_talk_are_told_apart_and_the_start_counts_for_neither() -> None:
    figures = slept(quiet=0.01, talk=0.03).figures()
    assert (figures["asleep_quiet_core_percent"], figures["asleep_core_percent"]) == (1.0, 3.0)
    assert (figures["asleep_whole_rss_mb"], figures["asleep_whole_pss_mb"]) == (300.0, 200.0)


def test_through_a_sound_card_it_is_another_figure() -> None:
    live = slept(quiet=0.01, talk=0.03)
    live.live = True
    assert {"asleep_live_core_percent", "asleep_live_quiet_core_percent"} <= set(live.figures())
    assert "asleep_core_percent" not in live.figures()


def test_a_talk_that_ended_too_soon_is_no_measurement() -> None:
    short = slept(0.01, 0.03)
    del short.samples[15:]
    with pytest.raises(EngineError, match="ended too soon"):
        short.figures()


def test_a_name_ends_with_its_last_sample_that_is_not_quiet() -> None:
    tone = np.full(1600, 5_000, np.int16)
    assert trimmed(joined(seconds(0.2), tone, np.full(800, 99, np.int16), seconds(0.3))).size == tone.size
    assert trimmed(joined(seconds(0.2), tone, np.full(800, -101, np.int16))).size == tone.size + 800


def test_a_call_that_was_missed_counts_and_has_no_time() -> None:
    figures = waking.figures([Call("a", 0.5, -20.0, 200.0), Call("b", 0.5, None, None), Call("c", 0.5, 100.0, 300.0)])
    assert (figures["wake_calls"], figures["wake_calls_missed"]) == (3, 1)
    assert (figures["wake_to_listening_p50_ms"], figures["wake_to_listening_worst_ms"]) == (40.0, 100.0)
    assert figures["wake_to_told_p50_ms"] == 250.0
    assert waking.figures([Call("b", 0.5, None, None)])["wake_to_listening_p95_ms"] is None


def test_the_verdicts_are_those_of_the_targets() -> None:
    text = compared({"asleep_core_percent": 2.6, "asleep_memory_mb": 149, "wake_to_listening_p95_ms": 80}, ASLEEP)
    found = {line.split("|")[1].strip(): line.split("|")[5].strip() for line in text.splitlines()[2:]}
    assert list(found.values()) == [
        *("missed", *["not measured in this run"] * 4),
        *("must met", "not measured in this run", "aim met"),
    ]


@pytest.mark.models
def test_nights_are_quiet_and_then_of_talk(store: Store) -> None:
    night = asleep.night(Slept(10.0, 10.0)).astype(int)
    assert np.abs(night[: 15 * 16_000]).max() == 1
    assert np.abs(night[15 * 16_000 :]).max() > 1_000
    assert 25 < night.size / 16_000 < 30


@pytest.mark.models
def test_calls_are_measured_and_drawn(store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for model_id in ("wake-features", "kokoro-82m-int8", "kokoro-voices"):
        store.path(model_id)
    command = ["--quick", "--only", "waking", "--json", "--save", str(tmp_path / "all.json")]
    assert asleep.main([*command, "--png", str(tmp_path / "calls.png")]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["wake_calls"] == 6
    assert figures["wake_calls_missed"] <= 1
    assert -400 < figures["wake_to_listening_p50_ms"] < 400
    assert len(json.loads((tmp_path / "all.json").read_text("utf-8"))["details"]["calls"]) == 6
    assert (tmp_path / "calls.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.models
def test_a_real_jett_sleeps_and_its_cost_is_told(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second or two of each."""
    store.path("wake-features")
    monkeypatch.setattr(asleep, "_QUICK_S", (2.0, 3.0))
    assert asleep.main(["--quick", "--only", "cost", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["asleep_false_calls"] == 0
    assert figures["asleep_memory_before_mb"] < figures["asleep_memory_mb"] < figures["asleep_whole_rss_mb"]
    shares = {key: value for key, value in figures.items() if key.endswith("_core_percent")}
    assert len(shares) == 5
    assert shares.pop("asleep_quiet_core_percent") >= 0  # in so short a time less than a tick of the kernel's clock
    assert all(value > 0 for value in shares.values())


def test_a_head_that_is_not_there_is_told_before_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert asleep.main(["--quick", "--head", "no/such.onnx"]) == 4
    assert "no head at 'no/such.onnx'" in capsys.readouterr().err
