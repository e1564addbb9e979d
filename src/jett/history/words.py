"""The words of a text, and what a person types to find them: the same in SQLite and PostgreSQL. Pure.

    words            all of them, in any order, in what was said or answered
    "good morning"   side by side
    rest*            what begins so

Everything else between words only separates them, so nothing that is typed is an error. A word is letters and digits;
case and accents do not count. `n8n-main` is `"n8n main"`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MOST_TERMS = 16
"""Of a query; what is beyond is not looked for."""
_MOST_POSITION = 16_383
"""PostgreSQL counts no further; the words after that are found, but not side by side."""
_LONGEST_WORD = 500
_WORD = re.compile(r"[^\W_](?:[^\W_]|[\u0300-\u036f])*")
_PIECE = re.compile(r'"([^"]*)"?(\*)?|([^\s"]+)')
_AROUND = 5
_MOST_WORDS = 16
"""Of an excerpt."""


@dataclass(frozen=True, slots=True)
class Term:
    """Words side by side; of the last one only its beginning where `prefix`."""

    words: tuple[str, ...]
    prefix: bool = False

    def matches_at(self, words: Sequence[str], at: int) -> bool:
        """Whether they stand at `at`."""
        here = words[at : at + len(self.words)]
        if len(here) < len(self.words) or tuple(here[:-1]) != self.words[:-1]:
            return False
        return here[-1].startswith(self.words[-1]) if self.prefix else here[-1] == self.words[-1]


Query = tuple[Term, ...]


def normalised(word: str) -> str:
    """Without case and accents, and put together again: 한 and ガ stay the one letter that SQLite sees in them."""
    apart = unicodedata.normalize("NFD", word.lower())
    plain = "".join(letter for letter in apart if not "\u0300" <= letter <= "\u036f")
    together = unicodedata.normalize("NFC", plain)
    return "".join(letter for letter in together if letter.isalnum())[:_LONGEST_WORD]


def words_of(text: str) -> list[str]:
    """In order."""
    return [normalised(word) for word in _WORD.findall(text)]


def parsed(typed: str) -> Query:
    """What a person typed; no terms where there is no word in it."""
    return tuple(_terms(typed))[:MOST_TERMS]


def _terms(typed: str) -> Iterator[Term]:
    for quoted, star, bare in _PIECE.findall(typed):
        words = tuple(words_of(bare or quoted))
        if words:
            yield Term(words, prefix=bool(star) or bare.endswith("*"))


# ---- for the databases -----------------------------------------------------------------------------------------------


def fts5(query: Query) -> str:
    """As an FTS5 expression: strings in quotes, which hold letters and digits only."""
    return " AND ".join(f'"{" ".join(term.words)}"{" *" if term.prefix else ""}' for term in query)


def tsquery(query: Query) -> str:
    """As the text of a PostgreSQL `tsquery`."""
    return " & ".join(_tsquery_term(term) for term in query)


def _tsquery_term(term: Term) -> str:
    *before, last = (f"'{word}'" for word in term.words)
    return f"({' <-> '.join([*before, f'{last}:*' if term.prefix else last])})"


def tsvector(transcript: str, reply: str) -> str:
    """As the text of a PostgreSQL `tsvector`: each word with its places, and a gap so that no phrase crosses it."""
    places: dict[str, list[int]] = {}
    position = 1
    for text in (transcript, reply):
        for word in words_of(text):
            places.setdefault(word, []).append(min(position, _MOST_POSITION))
            position += 1
        position += 1
    return " ".join(f"'{word}':{','.join(map(str, at[:255]))}" for word, at in places.items())


# ---- for people ------------------------------------------------------------------------------------------------------


def excerpt(query: Query, *texts: str) -> str:
    """Some words around the first place where a term stands, those found between ‹ and ›; empty where none does."""
    for text in texts:
        spots = list(_WORD.finditer(text))
        found = _found(query, [normalised(spot.group()) for spot in spots])
        if found:
            first = max(0, min(found) - _AROUND)
            return _marked(text, spots, found, first, min(len(spots), first + _MOST_WORDS))
    return ""


def _found(query: Query, words: list[str]) -> set[int]:
    """Which words belong to a term."""
    return {
        at + n
        for term in query
        for at in range(len(words))
        if term.matches_at(words, at)
        for n in range(len(term.words))
    }


def _marked(text: str, spots: list[re.Match[str]], found: set[int], first: int, end: int) -> str:
    """Words `first` to `end` as they were written; marks of the text's own are left out."""
    start = spots[first].start() if first else 0
    stop = spots[end - 1].end() if end < len(spots) else len(text)
    pieces, at = ["… "] if first else [], start
    for number in range(first, end):
        spot = spots[number]
        opens, closes = number in found and number - 1 not in found, number in found and number + 1 not in found
        pieces += [_unmarked(text[at : spot.start()]), "‹" if opens or (number in found and number == first) else ""]
        pieces += [spot.group(), "›" if closes or (number in found and number == end - 1) else ""]
        at = spot.end()
    pieces += [_unmarked(text[at:stop]), " …" if end < len(spots) else ""]
    return " ".join("".join(pieces).split())


def _unmarked(text: str) -> str:
    return text.replace("‹", "").replace("›", "")
