"""How long a silence must be before the turn is over: a pure function of how sure the detectors are.

Two look at a pause. The turn detector has heard it; the transcript tells whether it was a question and whether it
breaks off. Both are added as log-odds, and the silence falls smoothly from the cap to the least:

    silence   cap_s ─────╮
                          ╲         half-way where the odds are those of `even`
                           ╰───── min_silence_s
              sureness   0.5  0.9  0.99
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from jett.turns.phrases import breaks_off, is_question

_QUESTION = 1.5
_BROKEN_OFF = -2.5
_STEEPNESS = 2.5
"""Log-odds; chosen in benchmarks/LOG.md ("Endpointing")."""


@dataclass(frozen=True, slots=True)
class Endpointing:
    """Seconds of silence, and the probability half-way between them; chosen in benchmarks/LOG.md ("Endpointing")."""

    min_silence_s: float = 0.4
    cap_s: float = 1.1
    even: float = 0.92


def required_silence_s(probability: float | None, text: str, settings: Endpointing) -> float:
    """Silence after which the turn is over.

    `probability` is the turn detector's "finished", None while it is unknown; `text` the transcript of the turn.
    """
    if probability is None:
        return settings.cap_s
    sureness = _log_odds(probability) - _log_odds(settings.even)
    sureness += _QUESTION * is_question(text) + _BROKEN_OFF * breaks_off(text)
    share = 1.0 / (1.0 + math.exp(min(_STEEPNESS * sureness, 700.0)))
    return settings.min_silence_s + (settings.cap_s - settings.min_silence_s) * share


def _log_odds(probability: float) -> float:
    kept = min(max(probability, 1e-6), 1.0 - 1e-6)
    return math.log(kept / (1.0 - kept))
