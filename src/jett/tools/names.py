"""From a name as speech-to-text wrote it to a name on the owner's list: "post gress" is postgres, "n eight n" is n8n.

A heard name is compared with every spelling and every spoken form of every known name, by letters and by sound. The
best wins only where it is near enough and the second is far enough behind; two that are close are both given back, so
that Jett asks. A name that is merely contained in what was heard ("n8n tomorrow") is no match. Pure; called by
`fast_path`. Sound: Lawrence Philips' Metaphone (jellyfish); letters: normalised indel similarity (rapidfuzz).
Thresholds are chosen in benchmarks/LOG.md ("Names").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from jellyfish import metaphone
from rapidfuzz.fuzz import ratio

from jett.turns.spoken_text_names import PRONUNCIATIONS
from jett.turns.spoken_text_numbers import pairs

_NEAR = 0.80
_MARGIN = 0.10
_SHORT_LETTERS = 4
"""Names of so few letters have too many neighbours: only a spelling or the very sound will do."""
_LETTER_WEIGHT = 0.5
_LONGEST_HEARD = 48
_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_LETTER_NAMES = pairs(
    "ay a, bee b, be b, cee c, see c, sea c, dee d, ee e, eff f, gee g, aitch h, jay j, kay k, el l, ell l, em m, "
    "en n, oh o, pee p, queue q, cue q, ar r, ess s, tee t, you u, vee v, ex x, why y, zee z, zed z"
)
_HEARD_AS_LETTERS = _LETTER_NAMES | pairs("and n, an n, in n, are r")
"""Words that speech-to-text writes for a letter that was said."""
_DIGIT_SOUNDS = {"ate": "8", "to": "2", "too": "2", "for": "4", "won": "1", "oh": "0"}
_SPOKEN_LETTERS = {letter: name for name, letter in reversed(_LETTER_NAMES.items())}
_ARTICLE = re.compile(r"^(?:the|my|our)\s+", re.IGNORECASE)
_POSSESSIVE = re.compile(r"(?<=\w)['’]s?$")
_STRAY = frozenset(
    re.findall(
        r"\w+",
        "not no never none and or but nor if unless until when while before after then except without instead rather "
        "tomorrow later tonight yesterday soon noon midnight hour hours minute minutes at from with",
    )
)
"""Words that say more than a name does: with one of them only an exact spelling is a name."""
_NOT_NAME = re.compile(r"[^a-z0-9]+")
_PARTS = re.compile(r"[a-z]+|\d")


@dataclass(frozen=True, slots=True)
class Known:
    """One name on the list, and all the ways to write or say it."""

    name: str
    spellings: frozenset[str]
    sounds: frozenset[str]
    letters: frozenset[str]
    forms: frozenset[str]
    """Lower case, one blank between words."""


class Names:
    """The owner's names. Each may have other names ("database" for postgres)."""

    def __init__(self, names: Mapping[str, Sequence[str]]) -> None:
        self._known = [_known(name, others) for name, others in names.items()]

    def resolve(self, heard: str) -> tuple[str, ...]:
        """The one name that was meant; several where they are as near; none where nothing is near."""
        if len(heard) > _LONGEST_HEARD:
            return ()
        heard = _POSSESSIVE.sub("", _ARTICLE.sub("", heard))
        spellings = _spellings(heard)
        exact = tuple(known.name for known in self._known if known.spellings & spellings)
        if exact:
            return exact
        if _STRAY & set(heard.lower().split()):
            return ()
        scored = sorted(((_score(heard, spellings, known), known.name) for known in self._known), reverse=True)
        near = [(score, name) for score, name in scored if score >= _NEAR]
        if not near:
            return ()
        best = near[0][0]
        return tuple(name for score, name in scored if score >= max(best - _MARGIN, _NEAR - _MARGIN))

    def named_in(self, words: str) -> bool:
        """Whether one of the names, as it is written or said, stands among these lower-case words."""
        joined = f" {_NOT_NAME.sub(' ', words)} "
        return any(f" {form} " in joined for known in self._known for form in known.forms)


def _known(name: str, others: Iterable[str]) -> Known:
    written = [name, *others]
    spoken = [PRONUNCIATIONS.get(form.lower(), form) for form in written]
    spellings = frozenset(spelling for form in (*written, *spoken) for spelling in _spellings(form))
    sounds = frozenset(_sound(form) for form in (*written, *spoken)) - {""}
    forms = frozenset(" ".join(_NOT_NAME.sub(" ", form.lower()).split()) for form in (*written, *spoken)) - {""}
    return Known(name, spellings, sounds, frozenset(_joined(form) for form in (*written, *spoken)), forms)


def _spellings(text: str) -> frozenset[str]:
    """`text` without case and separators, and again with spoken digits and letters written as such."""
    words = _NOT_NAME.sub(" ", text.lower()).split()
    digits = [str(_DIGITS.index(word)) if word in _DIGITS else word for word in words]
    named = [_HEARD_AS_LETTERS.get(word, _DIGIT_SOUNDS.get(word, word)) for word in digits]
    sounded = [_DIGIT_SOUNDS.get(word, _HEARD_AS_LETTERS.get(word, word)) for word in digits]
    spelt = {"".join(words), "".join(digits)}
    if sum(len(word) == 1 for word in named) == len(named) > 1:  # spelt out to the end: "en eight en"
        spelt |= {"".join(named), "".join(sounded)}
    return frozenset(spelt - {""})


def _joined(text: str) -> str:
    return _NOT_NAME.sub("", text.lower())


def _sound(text: str) -> str:
    """How `text` sounds when digits and single letters are said by their names."""
    words: list[str] = []
    for part in _PARTS.findall(text.lower()):
        if part.isdigit():
            words.append(_DIGITS[int(part)])
        else:
            words.append(_SPOKEN_LETTERS.get(part, part) if len(part) == 1 else part)
    return metaphone(" ".join(words)).replace(" ", "")


def _score(heard: str, spellings: frozenset[str], known: Known) -> float:
    """0 to 1: letters and sound together; a short name needs the same sound."""
    sound, joined = _sound(heard), _joined(heard)
    if not joined:
        return 0.0
    by_sound = max((ratio(sound, other) / 100 for other in known.sounds), default=0.0) if sound else 0.0
    if min(len(joined), min(len(letters) for letters in known.letters)) <= _SHORT_LETTERS:
        same = sound in known.sounds and len(sound) > 1
        return _NEAR if same else 0.0
    by_letters = max(ratio(spelling, letters) / 100 for spelling in spellings for letters in known.letters)
    return _LETTER_WEIGHT * by_letters + (1 - _LETTER_WEIGHT) * by_sound
