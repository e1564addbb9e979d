"""Whether a transcript begins with Jett's name, as speech-to-text may have written it: "Hey, Jet.", "a Jett", "Hejat".

The second look at a call, which costs nothing while nobody calls. "Hey Jeff", "hey, get me …" and "he jetted off" are
not the name. Letters: normalised indel similarity (rapidfuzz); sound: Lawrence Philips' Metaphone (jellyfish). Pure;
`app` hands it to the conversation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from jellyfish import metaphone
from rapidfuzz.fuzz import ratio

_GREETINGS = frozenset(["hey", "hay", "hei", "hej", "hi", "he", "eh", "ay", "a", "okay", "ok", "hello", "yo", "oh"])
"""What speech-to-text makes of the first word; which of them was said says nothing."""
_NEAR = 0.8
_SHORT_LETTERS = 4
"""Names of so few letters have too many neighbours: only the very sound will do, and the first letter: "get"
sounds like "jet" to Metaphone."""
_WORDS_BEFORE = 3
"""The sound before the name is heard too, so the end of another sentence may stand in front."""
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class _Phrase:
    """One name: whether a greeting belongs to it, and its own words."""

    greeted: bool
    name: str
    whole: str
    n_words: int


class WakePhrase:
    """Jett's names, such as `["hey jett"]`. A blank or an underscore stands between words."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._phrases = [_phrase(phrase) for phrase in phrases]

    def rest(self, text: str) -> str | None:
        """What `text` says after the name, as it is written; None where the name is not among its first words."""
        words = list(_WORD.finditer(text))
        said = [word.group().lower() for word in words]
        end = max((end for phrase in self._phrases for end in _ends(phrase, said)), default=None)
        if end is None:
            return None
        for name in [said[begin:end] for begin in range(end)]:  # called twice, or written twice: "Hey Jett. Hey Jett."
            while said[end : end + len(name)] == name:
                end += len(name)
        return text[words[end - 1].end() :].lstrip(" ,.!?;:-–—…'’").strip()


def _phrase(written: str) -> _Phrase:
    words = written.lower().replace("_", " ").split()
    greeted = len(words) > 1 and words[0] in _GREETINGS
    own = words[1:] if greeted else words
    return _Phrase(greeted, "".join(own), "".join(words), len(own))


def _ends(phrase: _Phrase, words: list[str]) -> Iterator[int]:
    """After how many words the first mention of the name is over, where there is one near enough to the beginning."""
    words = [re.sub(r"['’]s$", "", word.lower()) for word in words]
    for start in range(min(len(words), _WORDS_BEFORE + 1)):
        greeted = phrase.greeted and words[start] in _GREETINGS
        if not phrase.greeted or greeted or start == 0:
            for n_words in (phrase.n_words, phrase.n_words + 1):
                begin = start + greeted
                if begin + n_words <= len(words) and _is(phrase.name, "".join(words[begin : begin + n_words])):
                    yield begin + n_words
                    return
        if phrase.greeted and _is(phrase.whole, words[start], very=True):
            yield start + 1
            return


def _is(name: str, heard: str, *, very: bool = False) -> bool:
    """Whether `heard` is `name`, written as it sounds. `very`: it must sound the very same."""
    if heard == name:
        return True
    sound, other = metaphone(name), metaphone(heard)
    if very or len(name) <= _SHORT_LETTERS:
        return sound == other and name[:1] == heard[:1] and abs(len(name) - len(heard)) <= 2
    return (ratio(name, heard) + ratio(sound, other)) / 200 >= _NEAR
