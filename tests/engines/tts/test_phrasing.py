"""How phrases are grouped for a voice model."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jett.engines.tts.phonemes import Phrase
from jett.engines.tts.phrasing import grouped


def test_each_sentence_is_a_group_of_its_own() -> None:
    phrases = [Phrase("wˈʌn", ","), Phrase("tˈuː", "."), Phrase("θɹˈiː", "!")]
    assert grouped(phrases, 100, by_sentence=True) == [phrases[:2], phrases[2:]]


def test_sentences_share_a_group_where_the_model_reads_more() -> None:
    phrases = [Phrase("wˈʌn", "."), Phrase("tˈuː", ".")]
    assert grouped(phrases, 100, by_sentence=False) == [phrases]


def test_a_long_phrase_is_cut_between_words() -> None:
    groups = grouped([Phrase("abc def ghi", ".")], 9, by_sentence=True)
    assert groups == [[Phrase("abc def", "")], [Phrase("ghi", ".")]]


PHRASES = st.lists(
    st.builds(Phrase, st.text("abɪ ", min_size=1, max_size=60).map(str.strip).filter(bool), st.sampled_from("., "))
)


@given(PHRASES, st.booleans())
def test_no_sound_is_lost_and_no_group_is_too_long(phrases: list[Phrase], by_sentence: bool) -> None:
    groups = grouped(phrases, 20, by_sentence=by_sentence)
    said = "".join(phrase.phonemes for group in groups for phrase in group)
    assert said.replace(" ", "") == "".join(phrase.phonemes for phrase in phrases).replace(" ", "")
    assert all(sum(len(phrase.phonemes) + 2 for phrase in group) <= 20 for group in groups)
