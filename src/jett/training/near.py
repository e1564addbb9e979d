"""What sounds nearly like a phrase: found by the edit distance between sounds, so that a head learns not to wake to it.

    hey jett   →   hey jeff · hey get · say yet · hey just · hey chat · he jetted · hey · jett

Sounds are IPA as eSpeak NG gives it; the words come from the caller (`app.training_words`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

_VOWELS = set("aeiouæɑɒɔəɚɛɜɝɪʊʌɐᵻ")
_CLASSES = (
    *("pb", "td", "kɡg", "fv", "θð", "sz", "ʃʒ", "mn", "nŋ", "lɹɾ", "jɪi", "wuʊ", "hʔ", "tɾ", "dɾ", "ɹɚɜ"),
    *("ɛeæ", "ɪiᵻ", "ʊu", "ɑɒɔʌ", "əɐʌᵻɪ", "ɛɪ", "æɑ", "ʃs", "ʒz", "ʤʧ", "ʤʒd", "ʤjɡg", "ʧʃt", "ʧk"),
)
_HALF = 0.5
_AFFRICATES = {"dʒ": "ʤ", "tʃ": "ʧ"}
"""One sound each, written as two: "jet" is one sound from "get", "yet" and "chet"."""
_WHO, _ENDINGS = ("he", "she", "they", "we", "it"), ("ed", "s", "ing")
"""A name is a verb to whoever does not know it: "he jetted off"."""
_MOST_TWICE = 0.4
"""Of the phrases near in every word: so many have two words changed."""


def sounds(ipa: str) -> str:
    """`ipa` without stress, length, ties and spaces; an affricate is one character."""
    plain = "".join(char for char in ipa if char not in "ˈˌː^ \u0361‿.-ʲ̩̃")
    for written, sound in _AFFRICATES.items():
        plain = plain.replace(written, sound)
    return plain


def distance(a: str, b: str) -> float:
    """Edits between two strings of sounds; from a sound to one like it is half an edit."""
    row = [float(n) for n in range(len(b) + 1)]
    for i, x in enumerate(a, 1):
        above, row = row, [float(i)]
        for j, y in enumerate(b, 1):
            row.append(min(above[j] + _cost(x), row[j - 1] + _cost(y), above[j - 1] + _change(x, y)))
    return row[-1]


def _cost(sound: str) -> float:
    return 0.7 if sound in "hʔəɪj" else 1.0


def _change(x: str, y: str) -> float:
    if x == y:
        return 0.0
    if any(x in each and y in each for each in _CLASSES):
        return _HALF
    return 0.8 if x in _VOWELS and y in _VOWELS else 1.0


def nearest(word: str, lexicon: Mapping[str, str], most: int) -> list[tuple[float, str]]:
    """The words of `lexicon` (word to sounds) nearest to the sounds `word`, those that sound the same left out."""
    length = len(word)
    close = ((distance(word, said), text) for text, said in lexicon.items() if abs(len(said) - length) <= 3)
    return sorted(each for each in close if each[0] > 0)[:most]


def near_phrases(phrase: str, said: Sequence[str], lexicon: Mapping[str, str], *, most: int = 240) -> list[str]:
    """Texts near to `phrase`, whose words sound as `said`, nearest first.

    None begins with the phrase's sounds: "hey jetty" is a call until its end, and a call is answered before that.
    """
    words = phrase.split()
    choices = [[(0.0, word), *nearest(sound, lexicon, 40)] for word, sound in zip(words, said, strict=True)]
    mixed = sorted(
        (sum(cost for cost, _ in each), " ".join(text for _, text in each), sum(cost > 0 for cost, _ in each))
        for each in product(*choices[:3])
    )
    once = [text for _, text, changed in mixed if changed == 1]
    twice = [text for _, text, changed in mixed if changed > 1][: round(most * 3 / 5 * _MOST_TWICE)]
    close = [*once[: most * 3 // 5 - len(twice)], *twice]
    alone = [word for word in words if len(words) > 1] + [text for choice in choices for _, text in choice[1:16]]
    whole = "".join(said)
    same_length = [text for _, text in nearest(whole, lexicon, 40 if len(words) > 1 else 140)]
    found = list(dict.fromkeys([*close, *as_verbs(words[-1]), *alone, *same_length]))
    return [text for text in found if not _begins(text, whole, lexicon)][:most]


def as_verbs(name: str) -> list[str]:
    """What somebody is said to do, with `name` for a verb."""
    return [f"{who} {name}{ending}" for who in _WHO for ending in _ENDINGS]


def _begins(text: str, sound: str, lexicon: Mapping[str, str]) -> bool:
    return "".join(lexicon.get(word, word) for word in text.split()).startswith(sound)
