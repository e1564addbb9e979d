"""Which voice a machine gets, and what its owner is told."""

from __future__ import annotations

import pytest

from jett.core.audio import Samples, silence
from jett.core.clock import FakeClock
from jett.engines.tts.voice_choice import MeasuredVoice, choose_voice, measure_first_audio

CHOICES = [
    (
        {"kokoro": 560, "piper-joe": 41},
        "piper-joe",
        "kokoro needs 560 ms for a short clause, over the 200 ms budget: piper-joe, 41 ms",
    ),
    ({"kokoro": 90, "piper-joe": 41}, "kokoro", "kokoro, 90 ms for a short clause, within the 200 ms budget"),
    ({"kokoro": 200, "piper-joe": 41}, "kokoro", "kokoro, 200 ms for a short clause, within the 200 ms budget"),
    ({"kokoro": None, "piper-joe": 41}, "piper-joe", "kokoro is not installed: piper-joe, 41 ms"),
    (
        {"kokoro": 900, "piper-joe": 300},
        "piper-joe",
        "no voice is within the 200 ms budget; the fastest is piper-joe, 300 ms",
    ),
    ({"kokoro": None}, "", "no voice is installed; run `jett models pull`"),
    ({}, "", "no voice is installed; run `jett models pull`"),
]


@pytest.mark.parametrize(("voices", "name", "reason"), CHOICES)
def test_the_best_affordable_voice_is_chosen_and_the_reason_told(
    voices: dict[str, float | None], name: str, reason: str
) -> None:
    choice = choose_voice([MeasuredVoice(voice, ms) for voice, ms in voices.items()], 200)
    assert (choice.name, choice.reason) == (name, reason)


class SlowVoice:
    """A voice that takes a fixed time for each clause, on a clock of the test."""

    rate_hz = 16_000

    def __init__(self, clock: FakeClock, *spans_s: float) -> None:
        self.clock = clock
        self.spans_s = list(spans_s)
        self.spoken: list[str] = []

    def synthesize(self, clause: str) -> Samples:
        self.spoken.append(clause)
        self.clock.advance(self.spans_s.pop(0))
        return silence(160)


def test_the_measure_is_the_median_of_a_warm_voice() -> None:
    clock = FakeClock()
    voice = SlowVoice(clock, 9.0, 0.03, 0.05, 0.04)
    assert measure_first_audio(voice, rounds=1, now_s=clock.now_s) == pytest.approx(40)


def test_a_hopeless_voice_is_measured_once() -> None:
    clock = FakeClock()
    voice = SlowVoice(clock, 0.7, 0.7, 0.7)
    assert measure_first_audio(voice, budget_ms=200, now_s=clock.now_s) == pytest.approx(700)
    assert len(voice.spoken) == 2
