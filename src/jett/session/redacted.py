"""Secrets out of what comes in pieces, and out of what a conversation tells. How a secret looks, the caller says.

`session` and the guard do not know each other, so `app` hands the guard's `redact` in (`Parts.redact`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from jett.core.events import LevelMeasured, SessionEvent, StateChanged

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Redact = Callable[[str], str]

_OURS = ("at", "operation")

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
    return _redacted(event, redact)


_T = TypeVar("_T", bound="DataclassInstance")


def _redacted(whole: _T, redact: Redact) -> _T:
    """Each text of a dataclass, and of those in its tuples; times and names of ours have nothing to hide."""
    found = {field.name: getattr(whole, field.name) for field in fields(whole) if field.name not in _OURS}
    kept: dict[str, Any] = {name: flowing(text, redact) for name, text in found.items() if isinstance(text, str)}
    for name, parts in found.items():
        if isinstance(parts, tuple) and parts and is_dataclass(parts[0]):
            kept[name] = tuple(_redacted(part, redact) for part in parts)
    return replace(whole, **kept)


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
