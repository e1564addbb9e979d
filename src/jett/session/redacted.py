"""Secrets out of what comes in pieces, and out of what a conversation tells. How a secret looks, the caller says.

`session` and the guard do not know each other, so `app` hands the guard's `redact` in (`Parts.redact`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from jett.core.events import LevelMeasured, SessionEvent, StateChanged

Redact = Callable[[str], str]

_ONE_LINE = str.maketrans("\r\n\t", "   ")
CONTEXT_CHARS = 600
"""A name may stand in one clause and its secret in the next; further back nothing is looked at."""


class Pieces:
    """One text in pieces: each is redacted as the continuation of those before."""

    def __init__(self, redact: Redact, *, between: str = "") -> None:
        """`between` stood between two pieces and was dropped."""
        self._redact = redact
        self._between = between
        self._before = ""

    def next(self, piece: str) -> str:
        """What may be told of it. Empty where it goes on with a secret that was told of already."""
        before, joined = self._before, self._before + (self._between if self._before else "") + piece
        self._before = _from_a_word(joined)
        flat = joined.translate(_ONE_LINE)
        whole = self._redact(flat)
        if whole == flat:
            return piece
        known = self._redact(before.translate(_ONE_LINE))
        told = whole[_common(known, whole) :]
        return told.removeprefix(self._between) if known else told


def flowing(text: str, redact: Redact) -> str:
    """What somebody said or would say, redacted: there the end of a line does not end a sentence."""
    kept = redact(text)
    flat = kept.translate(_ONE_LINE)
    again = redact(flat)
    return kept if again == flat else again


def redacted_event(event: SessionEvent, redact: Redact) -> SessionEvent:
    """The event with each of its texts redacted: what views, `--json` and saved reports are told."""
    if isinstance(event, LevelMeasured | StateChanged):
        return event
    found = {field.name: getattr(event, field.name) for field in fields(event)}
    texts: dict[str, Any] = {name: flowing(text, redact) for name, text in found.items() if isinstance(text, str)}
    return replace(event, **texts)


def _common(one: str, other: str) -> int:
    """How many characters both begin with."""
    if other.startswith(one):
        return len(one)
    return next(at for at, (a, b) in enumerate(zip(one, other + "\0", strict=False)) if a != b)


def _from_a_word(text: str) -> str:
    """The end of it, from the beginning of a word: half a word looks like another."""
    if len(text) <= CONTEXT_CHARS:
        return text
    return text[-CONTEXT_CHARS:].partition(" ")[2]
