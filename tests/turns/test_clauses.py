"""How a streamed reply is cut into clauses."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jett.turns.clauses import HARD_LIMIT_CHARS, ClauseSplitter


def split(*deltas: str) -> list[str]:
    splitter = ClauseSplitter()
    return [clause for delta in deltas for clause in splitter.feed(delta)] + splitter.flush()


def by_character(text: str) -> list[str]:
    return split(*text)


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


REPLIES = [
    # the first clause is short
    ("Sure. The sun is up.", ["Sure.", "The sun is up."]),
    ("Sure, the capital of France is Paris.", ["Sure,", "the capital of France", "is Paris."]),
    ("The capital of France is Paris.", ["The capital of France", "is Paris."]),
    ("I'm sorry, but I can't do that.", ["I'm sorry,", "but I can't do that."]),
    ("Here you go: five of them.", ["Here you go:", "five of them."]),
    ("It works; go on.", ["It works;", "go on."]),
    ("Let me think — it is fine.", ["Let me think —", "it is fine."]),
    ("Let me think—it is fine.", ["Let me think—", "it is fine."]),
    ("Let me think - it is fine.", ["Let me think -", "it is fine."]),
    ("I have restarted the n8n container for you.", ["I have restarted the n8n container", "for you."]),
    ("You need about 5 GB of memory for it.", ["You need about 5 GB of memory", "for it."]),
    ("Yes! It is.", ["Yes!", "It is."]),
    ("Really? Good.", ["Really?", "Good."]),
    ("Yes", ["Yes"]),
    # nothing inside a number, a time, a name is an end
    ("It is 3.14 or 1,000 now.", ["It is 3.14 or 1,000 now."]),
    ("It is 10:30 p.m. in Vienna. Good night.", ["It is 10:30 p.m. in Vienna.", "Good night."]),
    ("It is 10:30 p.m. Good night.", ["It is 10:30 p.m.", "Good night."]),
    ("Ask Dr. Smith. He knows.", ["Ask Dr. Smith.", "He knows."]),
    ("Use fruit, e.g. apples. Go on.", ["Use fruit,", "e.g. apples.", "Go on."]),
    ("The U.S. Army is big.", ["The U.S. Army is big."]),
    ("No. 5 is alive.", ["No. 5 is alive."]),
    ("No. That is wrong.", ["No.", "That is wrong."]),
    ("Edit app.py. Then run.", ["Edit app.py.", "Then run."]),
    ("Get v1.2.3. Then run.", ["Get v1.2.3.", "Then run."]),
    ("See https://github.com/a,b/c.git?x=1. Good.", ["See https://github.com/a,b/c.git?x=1.", "Good."]),
    ("It is at 10.0.0.2:5678. Good.", ["It is at 10.0.0.2:5678.", "Good."]),
    ("On January 5, 2024, we met.", ["On January 5, 2024,", "we met."]),
    ("That's all, J. Smith. Bye.", ["That's all,", "J. Smith.", "Bye."]),
    ("It is down. n8n is up.", ["It is down.", "n8n is up."]),
    ("I use Tom &amp; Jerry now.", ["I use Tom &amp; Jerry now."]),
    # quotes, brackets, code
    ('He said "Stop. Now." Then he left.', ['He said "Stop.', 'Now."', "Then he left."]),
    ('The answer is "yes, no, maybe" today.', ['The answer is "yes, no, maybe" today.']),
    ("It works (well, mostly. Sort of) now.", ["It works (well, mostly. Sort of) now."]),
    ("Run `docker ps -a, b. c` now. Then.", ["Run `docker ps -a, b. c` now.", "Then."]),
    ("See [the docs, all](https://a.b/c, d) now.", ["See [the docs, all](https://a.b/c, d) now."]),
    (
        "Try this:\n```sh\nls. Then\n\nrm\n```\nDone. Good.",
        ["Try this:", "```sh\nls. Then\n\nrm\n```", "Done.", "Good."],
    ),
    ("Try this ```x. y``` now. Good.", ["Try this", "```x. y``` now.", "Good."]),
    # lines
    ("# Status\n- n8n: up\n- redis: down", ["# Status", "- n8n: up", "- redis: down"]),
    ("1. First thing\n2. Second thing", ["1. First thing", "2. Second thing"]),
    ("Hm... let me see.", ["Hm...", "let me see."]),
    ("", []),
    (" \n ", []),
    ("...", ["..."]),
]


@pytest.mark.parametrize(("reply", "clauses"), REPLIES, ids=[reply[:40] for reply, _ in REPLIES])
def test_a_reply_is_cut_where_a_speaker_would_pause(reply: str, clauses: list[str]) -> None:
    assert split(reply) == clauses
    assert by_character(reply) == clauses


def test_a_full_stop_waits_for_what_follows() -> None:
    splitter = ClauseSplitter()
    assert splitter.feed("Edit app.") == []
    assert splitter.feed("py now.") == []
    assert splitter.feed(" ") == ["Edit app.py now."]


@pytest.mark.parametrize("reply", ["Sure.", "Yes.", "You're welcome.", "Of course.", "Yes!", "Really?"])
def test_an_end_beyond_doubt_does_not_wait(reply: str) -> None:
    assert ClauseSplitter().feed(reply) == [reply]


def test_later_clauses_grow_to_whole_sentences() -> None:
    sentence = "This sentence is long, yet it has a comma, which nobody needs. "
    clauses = split("Sure. Here it comes. " + sentence * 3)
    assert clauses[2:] == [sentence.strip()] * 3


def test_a_sentence_without_end_is_cut_at_two_hundred_characters() -> None:
    clauses = split("Sure. Here it comes. " + "word and another thing " * 100)
    assert all(len(clause) <= 230 for clause in clauses)


def test_text_without_spaces_is_cut_at_the_hard_limit() -> None:
    assert max(len(clause) for clause in split("x" * 5000)) == HARD_LIMIT_CHARS


def test_an_unclosed_bracket_does_not_hold_the_reply_back() -> None:
    assert len(split("Sad :( but true. " + "This goes on. " * 40)) > 20


def test_after_a_flush_it_takes_another_reply() -> None:
    splitter = ClauseSplitter()
    splitter.feed("Half a `sentence (and")
    splitter.flush()
    assert splitter.feed("I'm sorry, no.") == ["I'm sorry,"]


PIECES = (
    "Sure the capital of France is Paris 3.14 1,000 10:30 p.m. Dr. e.g. U.S. app.py https://a.b/c?d=1 "
    '`a. b` ``` " ( ) [ ] — - , . ; : ! ? No. 5 … * # \n \n\n and because v1.2.3 &amp;'
)
PIECE = st.sampled_from(PIECES.split(" "))
REPLY = st.one_of(st.text(), st.lists(PIECE).map(" ".join), st.lists(PIECE).map("".join))


@given(REPLY)
def test_no_letter_is_lost_or_moved(reply: str) -> None:
    assert squeezed("".join(split(reply))) == squeezed(reply)


@given(REPLY, st.lists(st.integers(0, 200)))
def test_the_chunking_of_the_stream_changes_nothing(reply: str, cuts: list[int]) -> None:
    edges = [0, *sorted(min(cut, len(reply)) for cut in cuts), len(reply)]
    assert split(*(reply[a:b] for a, b in pairwise(edges))) == by_character(reply)


@given(REPLY)
def test_clauses_are_neither_empty_nor_padded(reply: str) -> None:
    assert all(clause and clause == clause.strip() for clause in split(reply))
