"""Which voice this machine can afford: the best whose first sound comes within the budget, and the reason in words.

The policy is pure; the measuring function runs a real voice. The composition root calls both and shows the reason.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from jett.core.ports import TextToSpeech

SHORT_CLAUSES = ("Sure.", "The capital of France", "It is ten thirty.")
"""What replies begin with; the first is the shortest a reply can be."""

_HOPELESS = 3.0
"""A voice this many times over its budget needs no second measurement."""


@dataclass(frozen=True, slots=True)
class MeasuredVoice:
    """A voice and how long it takes to give the sound of a short clause; None if it cannot be had."""

    name: str
    first_audio_ms: float | None


@dataclass(frozen=True, slots=True)
class VoiceChoice:
    """The voice to use, and why, as one sentence for the owner. `name` is empty if there is none at all."""

    name: str
    reason: str


def choose_voice(best_first: Sequence[MeasuredVoice], budget_ms: float) -> VoiceChoice:
    """The first that fits; if none does, the fastest."""
    had = [(voice.name, voice.first_audio_ms) for voice in best_first if voice.first_audio_ms is not None]
    if not had:
        return VoiceChoice("", "no voice is installed; run `jett models pull`")
    chosen = next(((name, ms) for name, ms in had if ms <= budget_ms), None) or min(had, key=lambda voice: voice[1])
    better = best_first[: [voice.name for voice in best_first].index(chosen[0])]
    objections = [_objection(voice, budget_ms) for voice in better]
    outcome = f"{chosen[0]}, {chosen[1]:.0f} ms"
    if chosen[1] > budget_ms:
        return VoiceChoice(chosen[0], f"no voice is within the {budget_ms:.0f} ms budget; the fastest is {outcome}")
    if not objections:
        return VoiceChoice(chosen[0], f"{outcome} for a short clause, within the {budget_ms:.0f} ms budget")
    return VoiceChoice(chosen[0], f"{'; '.join(objections)}: {outcome}")


def _objection(voice: MeasuredVoice, budget_ms: float) -> str:
    if voice.first_audio_ms is None:
        return f"{voice.name} is not installed"
    return f"{voice.name} needs {voice.first_audio_ms:.0f} ms for a short clause, over the {budget_ms:.0f} ms budget"


def measure_first_audio(
    tts: TextToSpeech,
    *,
    budget_ms: float | None = None,
    rounds: int = 2,
    clauses: Sequence[str] = SHORT_CLAUSES,
    now_s: Callable[[], float] = time.perf_counter,
) -> float:
    """Median milliseconds until a warm `tts` has the sound of a short clause. Raises TextToSpeechError.

    With `budget_ms`, a voice far beyond it is not measured to the end.
    """
    tts.synthesize(clauses[0])
    spans_ms: list[float] = []
    for clause in [*clauses] * rounds:
        started_s = now_s()
        tts.synthesize(clause)
        spans_ms.append((now_s() - started_s) * 1000)
        if budget_ms is not None and spans_ms[0] > _HOPELESS * budget_ms:
            break
    return median(spans_ms)
