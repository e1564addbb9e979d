"""eSpeak's phonemes in Kokoro's alphabet."""

from __future__ import annotations

import pytest

from jett.engines.tts.kokoro_symbols import kokoro_phonemes, kokoro_tokens
from jett.engines.tts.phonemes import Phrase

AMERICAN = [
    ("t^ʃˈɜːt^ʃ", "ʧˈɜɹʧ"),
    ("d^ʒˈʌd^ʒ", "ʤˈʌʤ"),
    ("a^ɪ", "ˌI"),
    ("nˈa^ɪn", "nˈIn"),
    ("hˈa^ʊs", "hˈWs"),
    ("sˈe^ɪ", "sˈA"),
    ("bˈɔ^ɪ", "bˈY"),
    ("nˈo^ʊ", "nˈO"),
    ("lˈɪɾə^l", "lˈɪTᵊl"),
    ("wˈɔːɾɚ", "wˈɔTəɹ"),
    ("hɐz", "hæz"),
    ("ɐ kˈɑː^ɹ", "ɐ kˈɑɹ"),
    ("bˈʌʔn̩", "bˈʌtᵊn"),
]
BRITISH = [("ɡˌə^ʊ", "ɡˌQ"), ("hˈe^ə", "hˈɛː"), ("wˈɔːtə", "wˈɔːtə"), ("hɐz", "haz")]


@pytest.mark.parametrize(("espeak", "kokoro"), AMERICAN)
def test_american_sounds_are_rewritten(espeak: str, kokoro: str) -> None:
    assert kokoro_phonemes(espeak) == kokoro


@pytest.mark.parametrize(("espeak", "kokoro"), BRITISH)
def test_british_sounds_are_rewritten(espeak: str, kokoro: str) -> None:
    assert kokoro_phonemes(espeak, british=True) == kokoro


def test_tokens_keep_punctuation_and_leave_out_the_unknown() -> None:
    assert kokoro_tokens([Phrase("jˈɛs", ","), Phrase("nˈO漢", ".")]) == [52, 156, 86, 61, 3, 16, 56, 156, 31, 4]
