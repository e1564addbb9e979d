"""What a person types, as words; and where they stand in a text."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jett.history.words import MOST_TERMS, Term, excerpt, fts5, parsed, tsquery, tsvector, words_of


@pytest.mark.parametrize(
    ("typed", "terms"),
    [
        ("", ()),
        ('  ?! -- "" * ', ()),
        ("backup", (Term(("backup",)),)),
        ("Nightly BACKUP", (Term(("nightly",)), Term(("backup",)))),
        ('"good morning"', (Term(("good", "morning")),)),
        ('"good morning', (Term(("good", "morning")),)),
        ("rest*", (Term(("rest",), prefix=True),)),
        ('"good mor"*', (Term(("good", "mor"), prefix=True),)),
        ("n8n-main", (Term(("n8n", "main")),)),
        ("AND NOT (near)", (Term(("and",)), Term(("not",)), Term(("near",)))),
        ("Müller café", (Term(("muller",)), Term(("cafe",)))),
        ("it's 10.5", (Term(("it", "s")), Term(("10", "5")))),
    ],
)
def test_what_is_typed_is_words_phrases_and_beginnings(typed: str, terms: tuple[Term, ...]) -> None:
    assert parsed(typed) == terms


@given(st.text(max_size=300))
def test_whatever_is_typed_holds_nothing_but_letters_and_digits(typed: str) -> None:
    """So no database has anything to misunderstand."""
    query = parsed(typed)
    assert len(query) <= MOST_TERMS
    for term in query:
        assert term.words
        assert all(word.isalnum() for word in term.words)
    assert (fts5(query) == "") == (tsquery(query) == "") == (not query)


def test_a_phrase_does_not_reach_from_the_question_into_the_answer() -> None:
    assert tsvector("good", "morning") == "'good':1 'morning':3"


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_a_text_is_found_by_each_of_its_words(text: str) -> None:
    for word in words_of(text):
        found = excerpt(parsed(word), text)
        assert found.count("‹") == found.count("›") >= 1


def test_every_letter_is_found_by_itself() -> None:
    """Also one that comes apart into a letter and a mark, as ガ does, and is in pieces as Unicode likes it best."""
    lost = [
        letter for letter in map(chr, range(sys.maxunicode + 1)) if any(not itself(word) for word in words_of(letter))
    ]
    assert lost == []


def itself(word: str) -> bool:
    return word.isalnum() and parsed(word) == (Term((word,)),)


@pytest.mark.parametrize(
    ("typed", "text", "found"),
    [
        ("backup", "Run the nightly backup now.", "Run the nightly ‹backup› now."),
        ('"nightly backup"', "Run the Nightly Backup.", "Run the ‹Nightly Backup›."),
        ("back*", "a backup", "a ‹backup›"),
        ("up", "is ‹n8n› up", "is n8n ‹up›"),
        ("cafe", "The Café.", "The ‹Café›."),
        ("ガス", "ガス", "‹ガス›"),
        ("안녕", "안녕 하세요", "‹안녕› 하세요"),
        ("k", "a b c d e f g h i j k l m n", "… f g h i j ‹k› l m n"),
        ("a", " ".join("abcdefghijklmnopqrs"), "‹a› b c d e f g h i j k l m n o p …"),
        ("x", "nothing", ""),
    ],
)
def test_an_excerpt_shows_the_words_and_some_around_them(typed: str, text: str, found: str) -> None:
    assert excerpt(parsed(typed), text) == found
