"""What a person would say for a piece of text: numbers, units, addresses, names and Markdown become spoken English.

It is pure text in, text out, and knows no voice. The session calls it with each clause before a voice speaks it.
The order matters: markup first, then what has digits and dots inside (addresses, paths, versions), then times, then
what is left of numbers, so that `10.0.0.2:5678` is never taken for a decimal and `10:30` never for a port.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from jett.turns.spoken_text_markup import CODE_LEFT_OUT, plain
from jett.turns.spoken_text_names import say_abbreviations, say_identifiers, say_names
from jett.turns.spoken_text_places import say_places
from jett.turns.spoken_text_quantities import say_quantities
from jett.turns.spoken_text_when import say_times

__all__ = ["CODE_LEFT_OUT", "MAX_CHARS", "spoken_text"]

MAX_CHARS = 20_000
"""More than a quarter of an hour of speech; the rest is not spoken."""

_PIECE_CHARS = 600
_NONE: Mapping[str, str] = {}

_SIGNS = (
    (re.compile(r"\s*(?:->|=>|→|⇒|⟶|➜)\s*"), " to "),
    (re.compile(r"\s*(?:<-|←)\s*"), " from "),
    (re.compile(r"\s*(?:≤|<=)\s*"), " at most "),
    (re.compile(r"\s*(?:≥|>=)\s*"), " at least "),
    (re.compile(r"\s*(?:≠|!=)\s*"), " is not "),
    (re.compile(r"\s*&&\s*|\s*&\s*"), " and "),
    (re.compile(r"\s*(?:={1,3}|≡)\s*"), " equals "),
    (re.compile(r"√\s*"), " the square root of "),
    (re.compile(r"\s*\+\s*(?=\w)"), " plus "),
    (re.compile(r"\s*[×∗]\s*|(?<=\w)\s\*\s(?=\w)"), " times "),
    (re.compile(r"\s*÷\s*"), " divided by "),
    (re.compile(r"(?<=\w)\s+<\s+(?=\w)"), " is less than "),
    (re.compile(r"(?<=\w)\s+>\s+(?=\w)"), " is more than "),
    (re.compile(r"\s*≈\s*"), " is about "),
    (re.compile(r"\s*%"), " percent"),
    (re.compile(r"\s*°"), " degrees"),
    (re.compile(r"\^\s*"), " to the "),
    (re.compile(r"(?<=\w)@(?=\w)|\s@\s"), " at "),
    (re.compile(r"(?<=\w)/(?=\w)"), " slash "),
    (re.compile(r"\s*[∞]\s*"), " infinity "),
)
_POWERS = tuple(
    (re.compile(rf"(?<!\d\s)(?<!\w)([A-Za-z]+|\d+(?:\.\d+)?)\^{power}(?!\d)"), spoken)
    for power, spoken in ((2, " squared"), (3, " cubed"))
)
_SLASHED_DATE = re.compile(r"\b(\d{4})/(\d{2})/(\d{2})\b")
_RATE = re.compile(r"([$€£]?\d[\d.,]*(?:\s?[^\W\d]+)?)/(second|minute|hour|day|night|week|month|year|person)\b")
_PRODUCT = re.compile(r"(?<=\d)\s*\*\s*(?=\d)")
_UNSPOKEN = re.compile(r"[^\w\s.,;:!?'’…—–()\"“”-]|_")
_REPEATED = (
    (re.compile(r"([!?])[!?]+"), r"\1"),
    (re.compile(r"\.{2,}"), "…"),
    (re.compile(r"([,;:—–])(?:\s*[,;:—–])+"), r"\1"),
)
_LONE_MARK = re.compile(r"(?<!\S)[.,;:!?…'’\"-]+(?=\s|$)|\(\s*\)|(?<!\w)-+(?!\w)|-{2,}")
_BEFORE_MARK = re.compile(r"\s+(?=[.,;:!?…)])")


def spoken_text(text: str, pronunciations: Mapping[str, str] = _NONE) -> str:
    """`text` as it is said; empty if nothing is. `pronunciations` are the owner's: whole words, any case."""
    spoken = (_said(piece, pronunciations) for piece in _pieces(plain(text[:MAX_CHARS])))
    return " ".join(piece for piece in spoken if piece)


def _pieces(text: str) -> list[str]:
    """`text` in pieces short enough for the patterns, cut at a line's, else a sentence's, else a word's end."""
    pieces = []
    while len(text) > _PIECE_CHARS:
        ends = (text.rfind(mark, _PIECE_CHARS // 2, _PIECE_CHARS) + 1 for mark in ("\n", ". ", " "))
        cut = next((end for end in ends if end), _PIECE_CHARS)
        pieces.append(text[:cut])
        text = text[cut:]
    return [*pieces, text]


def _said(text: str, pronunciations: Mapping[str, str]) -> str:
    text = say_abbreviations(_RATE.sub(r"\1 per \2", _SLASHED_DATE.sub(r"\1-\2-\3", text)))
    text = say_names(text, pronunciations, with_marks=True)
    text = say_places(text)
    text = say_identifiers(text)
    text = say_names(text, pronunciations, with_marks=False)
    text = say_times(text)
    text = say_quantities(_powers_of_words(text))
    return _tidy(text)


def _powers_of_words(text: str) -> str:
    """`x^2` is x squared; `m^2` after a number is a unit and is left for it."""
    text = _PRODUCT.sub(" times ", text)
    for pattern, spoken in _POWERS:
        text = pattern.sub(rf"\1{spoken}", text)
    return text


def _tidy(text: str) -> str:
    for pattern, spoken in _SIGNS:
        text = pattern.sub(spoken, text)
    text = _UNSPOKEN.sub(" ", text)
    for pattern, replacement in _REPEATED:
        text = pattern.sub(replacement, text)
    text = _LONE_MARK.sub(" ", text)
    text = _BEFORE_MARK.sub("", " ".join(text.split()))
    return text if any(char.isalnum() for char in text) else ""
