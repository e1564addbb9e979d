"""Word error rate: the edit distance of words, after both sides are written as a person would say them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from jett.turns.spoken_text import spoken_text

_NOT_WORDS = re.compile(r"[^a-z' ]+")
_SAME = {"mr": "mister", "mrs": "missus", "dr": "doctor", "ok": "okay", "grey": "gray"}


def words(text: str) -> list[str]:
    """Lower-case words, numbers spelled out, punctuation gone."""
    text = spoken_text(text) if any(letter.isdigit() for letter in text) else text
    spoken = _NOT_WORDS.sub(" ", text.lower().replace("-", " "))
    return [_SAME.get(word, word) for word in spoken.replace("'", "").split()]


def errors(reference: Sequence[str], heard: Sequence[str]) -> int:
    """Substitutions, insertions and deletions that turn `heard` into `reference`."""
    row = list(range(len(heard) + 1))
    for i, expected in enumerate(reference, 1):
        diagonal, row[0] = row[0], i
        for j, word in enumerate(heard, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (expected != word))
    return row[-1]


def error_percent(pairs: Sequence[tuple[str, str]]) -> float:
    """Word error rate of (reference, heard) pairs, in percent of all reference words."""
    counted = [(words(reference), words(heard)) for reference, heard in pairs]
    total = sum(len(reference) for reference, _ in counted)
    return 100.0 * sum(errors(reference, heard) for reference, heard in counted) / max(1, total)
