"""What Jett says of what it remembers. Pure; numbers and dates become words in `turns.spoken_text`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from jett.memory import Memory
from jett.tools.clock_words import day_name, month_name

REMEMBERED = "I'll remember that."
NOTHING_ABOUT = "I don't remember anything about that."
NOTHING_YET = "You haven't asked me to remember anything yet."
NOTHING_TO_FORGET = "Okay."
"""To a "forget that" after which there is nothing to forget: it was a "never mind"."""
ASK_ELSEWHERE = "I won't forget everything by voice. Run jett memory forget --all, or use the dashboard."
_MOST_TOLD = 3


def told(memories: Sequence[Memory], now: datetime) -> str:
    """The answer to "what did I say about …": the nearest, and what is about as near."""
    if not memories:
        return NOTHING_ABOUT
    best = memories[0].score or 0.0
    near = [memory for memory in memories if (memory.score or 0.0) >= best - _ABOUT_AS_NEAR][:_MOST_TOLD]
    return " ".join(f"{_when(memory.at, now)} you said: {_sentence(memory.text)}" for memory in near)


_ABOUT_AS_NEAR = 0.12


def listed(newest: Sequence[Memory], count: int) -> str:
    """The answer to "what do you remember"."""
    if not newest:
        return NOTHING_YET
    texts = " ".join(_sentence(memory.text) for memory in newest[:_MOST_TOLD])
    if count <= min(len(newest), _MOST_TOLD):
        return f"You said: {texts}"
    return f"I remember {count} things. The newest are: {texts}"


def forgotten(memory: Memory) -> str:
    """What is gone is said, so that the wrong thing can be said again."""
    return f"I've forgotten this: {_sentence(memory.text)}"


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _when(at: datetime, now: datetime) -> str:
    """ "Today", "Yesterday", "On Tuesday", "On May 3", "On May 3, 2025": as near as the day was."""
    local = at.astimezone(now.tzinfo)
    days = (now.date() - local.date()).days
    if days <= 0:
        return "Today"
    if days == 1:
        return "Yesterday"
    if days < 7:
        return f"On {day_name(local)}"
    year = "" if local.year == now.year else f", {local.year}"
    return f"On {month_name(local)} {local.day}{year}"
