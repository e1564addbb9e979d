"""A turn's marks as bars: which part worked when, between the end of speech and the first sound. Pure.

Two waits run side by side, and the reply starts when both are over: the work (text, first word, first sound) and the
silence that says that the turn has ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_BARS = (
    ("pause", "speech_end", "pause_seen"),
    ("text", "pause_seen", "stt_final"),
    ("first word", "stt_final", "llm_first_token"),
    ("voice", "llm_first_token", "tts_first_audio"),
    ("sure it ended", "pause_seen", "commit"),
)


@dataclass(frozen=True, slots=True)
class Bar:
    """One part's time, in milliseconds from the true end of speech."""

    name: str
    start_ms: float
    end_ms: float


def bars(stages_ms: Mapping[str, float]) -> list[Bar]:
    """The bars of a turn; stages that it did not have are left out."""
    marks = {"speech_end": 0.0, **stages_ms}
    found = [Bar(name, marks[start], marks[end]) for name, start, end in _BARS if start in marks and end in marks]
    if "first_audio" in marks:
        waited_for = [marks[stage] for stage in ("tts_first_audio", "commit") if stage in marks]
        found.append(Bar("sound", max(waited_for, default=0.0), marks["first_audio"]))
    return [Bar(bar.name, max(0.0, bar.start_ms), max(bar.start_ms, bar.end_ms, 0.0)) for bar in found]


def in_words(stages_ms: Mapping[str, float]) -> str:
    """The same on one line."""
    parts = ", ".join(f"{bar.name} {bar.end_ms:.0f}" for bar in bars(stages_ms)[:-1])
    return f"first sound {stages_ms.get('first_audio', 0):.0f} ms after you stopped ({parts})"


def drawn(bar: Bar, total_ms: float, width: int) -> str:
    """A bar as `width` characters, of which a short one still shows."""
    scale = width / total_ms if total_ms > 0 else 0.0
    start = min(width - 1, int(bar.start_ms * scale))
    length = max(1, min(width - start, round((bar.end_ms - bar.start_ms) * scale)))
    return " " * start + "█" * length + " " * (width - start - length)
