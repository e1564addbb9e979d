"""eSpeak phonemes as Kokoro-82M's tokens.

Kokoro was trained on the phonemes of `misaki`, which writes a diphthong as one capital letter and `tʃ` as one letter;
eSpeak's are rewritten here into that alphabet. The token numbers are those of the model's own config.json
(https://huggingface.co/hexgrad/Kokoro-82M, Apache-2.0), those that English needs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from jett.engines.tts.phonemes import Phrase

_AMERICAN = (
    ("a^ɪ", "I"), ("a^ʊ", "W"), ("e^ɪ", "A"), ("ɔ^ɪ", "Y"), ("o^ʊ", "O"), ("ə^l", "ᵊl"), ("t^ʃ", "ʧ"), ("d^ʒ", "ʤ"),
    ("ɜːɹ", "ɜɹ"), ("ɜː", "ɜɹ"), ("ɪə", "iə"), ("ɚ", "əɹ"), ("e", "A"), ("r", "ɹ"), ("x", "k"), ("ç", "k"), ("ɬ", "l"),
    ("ɐ", "ə"), ("ɾ", "T"), ("ʔ", "t"), ("ʲ", ""), ("ː", ""), ("^", ""),
)  # fmt: skip
_BRITISH = (
    ("a^ɪ", "I"), ("a^ʊ", "W"), ("e^ɪ", "A"), ("ɔ^ɪ", "Y"), ("ə^ʊ", "Q"), ("e^ə", "ɛː"), ("i^ə", "ɪə"), ("ə^l", "ᵊl"),
    ("t^ʃ", "ʧ"), ("d^ʒ", "ʤ"), ("ɚ", "əɹ"), ("e", "A"), ("r", "ɹ"), ("x", "k"), ("ç", "k"), ("ɬ", "l"), ("ɐ", "ə"),
    ("ɾ", "T"), ("ʔ", "t"), ("ʲ", ""), ("^", ""),
)  # fmt: skip
_WHOLE_WORDS = {"a^ɪ": "ˌI", "hɐz": "hæz", "hɐd": "hæd", "hɐv": "hæv", "ɐ": "ɐ"}
"""Words that eSpeak reduces further than Kokoro's training did; an unstressed "I" was not to be heard at all."""

_SYLLABIC = re.compile("(.)\u0329")

# fmt: off
_TOKENS = {
    **dict(zip(";:,.!?", range(1, 7), strict=True)),
    "—": 9, "…": 10, " ": 16, "ʣ": 18, "ʦ": 20, "A": 24, "I": 25, "O": 31, "Q": 33, "T": 36, "W": 39, "Y": 41,
    **dict(zip("ᵊabcdef", range(42, 49), strict=True)),
    **dict(zip("hijklmnopqrstuvwxyz", range(50, 69), strict=True)),
    "ɑ": 69, "ɐ": 70, "ɒ": 71, "æ": 72, "β": 75, "ɔ": 76, "ð": 81, "ʤ": 82, "ə": 83, "ɚ": 85, "ɛ": 86, "ɜ": 87,
    "ɡ": 92, "ɨ": 101, "ɪ": 102, "ŋ": 112, "θ": 119, "ɹ": 123, "ɾ": 125, "ʃ": 131, "ʧ": 133, "ʊ": 135, "ʌ": 138,
    "ʒ": 147, "ʔ": 148, "ˈ": 156, "ˌ": 157, "ː": 158, "ᵻ": 177,
}
# fmt: on


def kokoro_tokens(phrases: Sequence[Phrase]) -> list[int]:
    """The token of each symbol of `phrases`, which are in Kokoro's alphabet; what it does not know is left out."""
    text = " ".join(phrase.phonemes + phrase.mark for phrase in phrases)
    return [_TOKENS[symbol] for symbol in text if symbol in _TOKENS]


def kokoro_phonemes(espeak: str, *, british: bool = False) -> str:
    """eSpeak's phonemes, tied with `^`, in Kokoro's alphabet."""
    words = [_word(word, _BRITISH if british else _AMERICAN) for word in espeak.split()]
    return " ".join(words).replace("æ", "a") if british else " ".join(words)


def _word(espeak: str, rewrites: Sequence[tuple[str, str]]) -> str:
    if espeak in _WHOLE_WORDS:
        return _WHOLE_WORDS[espeak]
    sounds = _SYLLABIC.sub(r"ᵊ\1", espeak.replace("ʔˌn\u0329", "tᵊn").replace("ʔn", "tn"))
    for written, meant in rewrites:
        sounds = sounds.replace(written, meant)
    return sounds
