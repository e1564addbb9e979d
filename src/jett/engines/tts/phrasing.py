"""Groups phrases into what a voice model reads at once: a sentence, or as much as it can take."""

from __future__ import annotations

from collections.abc import Sequence

from jett.engines.tts.phonemes import Phrase

_JOINT = 2
"""A mark and a space between two phrases."""


def grouped(phrases: Sequence[Phrase], max_symbols: int, *, by_sentence: bool) -> list[list[Phrase]]:
    """`phrases` in groups of at most `max_symbols`, each sentence apart if `by_sentence`."""
    groups: list[list[Phrase]] = []
    n_symbols = max_symbols
    for phrase in (piece for whole in phrases for piece in _pieces(whole, max_symbols - _JOINT)):
        new_sentence = by_sentence and groups and groups[-1][-1].ends_sentence
        if new_sentence or n_symbols + len(phrase.phonemes) + _JOINT > max_symbols:
            groups.append([])
            n_symbols = 0
        groups[-1].append(phrase)
        n_symbols += len(phrase.phonemes) + _JOINT
    return groups


def _pieces(phrase: Phrase, max_symbols: int) -> list[Phrase]:
    """`phrase`, cut between words where it is too long for one run, and within a word if that alone is."""
    rest, pieces = phrase.phonemes, []
    while len(rest) > max_symbols:
        cut = rest.rfind(" ", 0, max_symbols + 1)
        cut = cut if cut > 0 else max_symbols
        pieces.append(Phrase(rest[:cut], ""))
        rest = rest[cut:].strip()
    return [*pieces, Phrase(rest, phrase.mark)] if rest else pieces
