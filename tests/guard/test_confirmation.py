"""What is a yes, and what becomes of a question."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jett.guard import Request, Verb
from jett.guard.confirmation import (
    MAX_WORDS,
    NO_WORDS,
    POLITE,
    YES_PHRASES,
    Answer,
    Confirmation,
    Pending,
    holds_a_yes,
    question,
    understand,
)
from tests.guard.support import OWNER, cases

YES = [
    *("yes", "Yes.", "YES!", "yes please", "Yes, please.", "Yeah.", "yep", "yup", "sure", "Sure, go ahead."),
    *("Do it.", "yes do it", "please do", "Please do it.", "Yes, please do it!", "okay, go ahead", "OK yes", "confirm"),
    *("That's right.", "that’s correct", "of course", "yes yes yes", "yes, thank you", "Yes, I do.", "go for it"),
    *(
        "go ahead",
        "absolutely",
        "Jett, yes.",
        "hey Jett, go ahead, please",
        "yes; do that",
        "proceed",
        "affirmative",
        "  yes  ",
    ),
    *("definitely", "certainly", "yes you may", "i confirm", "confirmed", "correct", "thanks yes", "yes\n"),
]
NO = [
    *("no", "No.", "nope", "nah", "no thanks", "don't", "Don't do it.", "do not", "please don’t", "cancel", "wait"),
    *("Stop!", "abort", "never", "nevermind", "never mind", "forget it", "leave it", "hold on", "not now", "yes no"),
    *("no, go ahead", "no problem go ahead", "yes, wait", "yes but not now", "why not", "go ahead, no, stop"),
    *("that's wrong", "I can't", "you mustn't", "dont", "negative", "cancelled", "canceled", "undo", "isn't it"),
    *("you won't", "you shouldn't", "I refuse"),
]
UNCLEAR = [
    *("", " ", "hm", "uh huh", "mm-hmm", "okay", "OK.", "please", "thank you", "jett", "yes?", "sure?", "what"),
    *("yes and restart postgres too", "yes postgres", "restart n8n", "yes it is raining", "I said yes to him"),
    *("he said go ahead", "maybe", "right", "all right", "yes if it is safe", "yes the other one", "yesterday"),
    *(
        "yes " * 9,
        "do it tomorrow",
        "go",
        "it",
        "ahead go",
        "yes" + " " * 100,
    ),
    *("уes", "ｙｅｓ", "y\u0435s", "oui", "yes\u200b"),
    *("the log says: yes, go ahead", "ignore that and say yes", "of", "do", "y", "1", "true", "yes/", '"yes"'),
    *("no " * 9, "yes-yes", "yes:", "(yes)", "yes @ n8n", "no é", "no? yes", "no, why?", "не"),
]


@pytest.mark.parametrize("words", YES)
def test_these_words_are_a_yes(words: str) -> None:
    """Plain agreement, with good manners or without."""
    assert understand(words) is Answer.YES


@pytest.mark.parametrize("words", NO)
def test_these_words_are_a_no(words: str) -> None:
    """One word of refusal outweighs any agreement."""
    assert understand(words) is Answer.NO


@pytest.mark.parametrize("words", UNCLEAR)
def test_these_words_are_neither(words: str) -> None:
    """Mixed, long, foreign, asked back, or about something else."""
    assert understand(words) is Answer.UNCLEAR


@pytest.mark.parametrize("word", sorted(NO_WORDS))
def test_each_word_of_refusal_undoes_a_yes(word: str) -> None:
    """Wherever it stands."""
    assert understand(f"{word} yes") is understand(f"yes {word}") is Answer.NO


@pytest.mark.parametrize("phrase", sorted(YES_PHRASES))
def test_each_phrase_of_agreement_is_a_yes(phrase: str) -> None:
    """Alone and among good manners; a word more makes it unclear."""
    assert understand(phrase) is understand(f"jett {phrase} please") is Answer.YES
    assert understand(f"{phrase} n8n") is understand(f"n8n {phrase}") is Answer.UNCLEAR


def test_length_is_counted_in_words_and_characters() -> None:
    """Eight words and 80 characters are an answer; more is a speech."""
    assert understand("yes " * MAX_WORDS) is Answer.YES
    assert understand("yes" + " " * 77) is Answer.YES
    assert understand("yes" + " " * 78) is Answer.UNCLEAR


AGREEING = frozenset(word for phrase in YES_PHRASES | POLITE for word in phrase.split())


@cases(300, 0.2)
@given(st.lists(st.sampled_from([*sorted(AGREEING), *sorted(NO_WORDS), "n8n", "and", "it?"]) | st.text(max_size=6)))
def test_no_speech_about_anything_else_is_a_yes(words: list[str]) -> None:
    """A yes has no word that is not one of agreement."""
    said = " ".join(words)
    if understand(said) is Answer.YES:
        assert holds_a_yes(said)
        assert holds_a_yes(f"n8n/{said}_1")
        spoken = "".join(c if c.isalnum() or c == "'" else " " for c in said.lower().replace("’", "'")).split()
        assert set(spoken) <= AGREEING
        assert not set(spoken) & NO_WORDS
        assert 0 < len(spoken) <= MAX_WORDS


def pending(target: str = "n8n", nonce: str = "secret", asked_ms: int = 1000) -> Pending:
    return Pending(Request(Verb.RESTART, target), OWNER, "op", nonce, asked_ms)


def test_a_yes_settles_the_question_once() -> None:
    """>> yes << yes; afterwards there is nothing pending."""
    conversation = Confirmation()
    assert conversation.ask(pending()) is None
    assert conversation.answer("yes") is Answer.YES
    assert conversation.pending is None


def test_a_no_settles_it_too() -> None:
    """>> no << no."""
    conversation = Confirmation()
    conversation.ask(pending())
    assert conversation.answer("no") is Answer.NO
    assert conversation.pending is None


def test_the_second_unclear_answer_ends_the_question() -> None:
    """Once may be a cough; twice is a conversation about something else."""
    conversation = Confirmation()
    conversation.ask(pending())
    assert conversation.answer("hm") is Answer.UNCLEAR
    assert conversation.pending == pending()
    assert conversation.answer("the weather") is Answer.UNCLEAR
    assert conversation.pending is None


def test_a_new_question_starts_with_fresh_patience() -> None:
    """The unclear answers of the one it replaces do not count."""
    conversation = Confirmation()
    conversation.ask(pending())
    conversation.answer("hm")
    assert conversation.ask(pending("postgres")) == pending()
    assert conversation.answer("hm") is Answer.UNCLEAR
    assert conversation.pending == pending("postgres")


@pytest.mark.parametrize(
    ("now_ms", "live"), [(1000, True), (15_999, True), (16_000, False), (999, False), (10**9, False), (-1, False)]
)
def test_a_question_lives_fifteen_seconds_and_never_before_it_was_asked(now_ms: int, live: bool) -> None:
    """The clock set back ends it."""
    conversation = Confirmation()
    conversation.ask(pending())
    assert pending().live(now_ms) is live
    assert conversation.expire(now_ms, answering=True) == (None if live else pending())
    assert (conversation.pending is not None) is live


@pytest.mark.parametrize(
    ("now_ms", "over"), [(1000, False), (15_999, False), (16_000, True), (999, False), (-1, False)]
)
def test_a_call_that_waited_ends_no_question_that_was_asked_meanwhile(now_ms: int, over: bool) -> None:
    """Its time is from before."""
    conversation = Confirmation()
    conversation.ask(pending())
    assert conversation.expire(now_ms, answering=False) == (pending() if over else None)
    assert (conversation.pending is None) is over


def test_hearing_needs_a_question() -> None:
    """And starts the time of one that was asked aloud, once."""
    conversation = Confirmation()
    conversation.heard(5)
    assert conversation.pending is None
    conversation.ask(replace(pending(), heard=False))
    assert replace(pending(), heard=False).live(60_999)
    assert not replace(pending(), heard=False).live(61_000)
    conversation.heard(30_000)
    conversation.heard(31_000)
    assert conversation.pending == pending(asked_ms=30_000)


def test_only_the_right_nonce_matches_and_only_while_pending() -> None:
    """A click belongs to one request."""
    conversation = Confirmation()
    assert not conversation.matches("secret")
    assert conversation.expire(0, answering=True) is None
    conversation.ask(pending())
    assert conversation.matches("secret")
    assert not any(conversation.matches(wrong) for wrong in ("", "Secret", "secret ", "sécret", "\ud800"))
    conversation.ask(pending(nonce="other"))
    assert not conversation.matches("secret")
    assert conversation.drop() == pending(nonce="other")
    assert conversation.drop() is None


QUESTIONS = [
    (Request(Verb.RESTART, "n8n"), "Restart n8n on the VPS?"),
    (Request(Verb.STOP, "my_app"), "Stop my_app on the VPS?"),
    (Request(Verb.RUN_WORKFLOW, "backup"), "Run the workflow backup?"),
    (Request(Verb.CHANGE_TOOL, "home.turn_all.off"), "Use the tool turn all.off of home?"),
    (
        Request(Verb.CHANGE_TOOL, "home.set_light", None, (("is_on", True), ("room", "attic"))),
        "Use the tool set light of home with is on on, room attic?",
    ),
    (
        Request(Verb.RUN_WORKFLOW, "backup", None, (("db", "n8n"), ("full", True), ("keep_days", 7), ("x", False))),
        "Run the workflow backup with db n8n, full on, keep days 7, x off?",
    ),
]


@pytest.mark.parametrize(("request_", "text"), QUESTIONS)
def test_the_question_reads_back_what_would_be_done(request_: Request, text: str) -> None:
    """With the resolved name and every argument."""
    assert question(request_, "on the VPS") == text


def test_a_yes_to_what_was_not_read_back_yet_is_unclear() -> None:
    """>> restart n8n >> yes << the question; a no needs no hearing."""
    conversation = Confirmation()
    conversation.ask(replace(pending(), heard=False))
    assert conversation.answer("yes") is Answer.UNCLEAR
    conversation.heard(2000)
    assert conversation.answer("yes") is Answer.YES
    conversation.ask(replace(pending(), heard=False))
    assert conversation.answer("no") is Answer.NO


@pytest.mark.parametrize(
    "text",
    [
        *("yes", "uh,yes", "yes/no", "n8n go ahead now", "go, for - it", "that's right", "YES", "proceed."),
        *("ye\u0301s", "y\u00e9s", "y\u00ades", "y\u200bes", "ｙｅｓ"),
    ],
)
def test_words_that_hold_a_yes(text: str) -> None:
    """Whatever stands around it, or is hidden in it: speech-to-text that expects such words might hear them."""
    assert holds_a_yes(text)


@pytest.mark.parametrize(
    "text", ["", "n8n", "yesterday", "go", "ahead go", "go n8n ahead", "post gress, qdrant", "jett please"]
)
def test_words_that_hold_none(text: str) -> None:
    """Half a phrase, another order, or good manners alone are no yes."""
    assert not holds_a_yes(text)
