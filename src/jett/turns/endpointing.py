"""How long a silence must be before the turn is over: a pure function of how sure the turn detector is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Endpointing:
    """Seconds of silence, and the probabilities that separate them; chosen in benchmarks/LOG.md ("endpointing")."""

    min_silence_s: float = 0.2
    likely_silence_s: float = 0.7
    cap_s: float = 1.0
    sure: float = 0.95
    likely: float = 0.5


def required_silence_s(probability: float | None, settings: Endpointing) -> float:
    """Silence after which the turn is over; `probability` is the turn detector's "finished", None while unknown."""
    if probability is not None and probability >= settings.sure:
        return settings.min_silence_s
    if probability is not None and probability >= settings.likely:
        return settings.likely_silence_s
    return settings.cap_s
