"""Thinking is never spoken, however the stream is cut."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jett.engines.llm.thinking import ControlFilter, ThinkingFilter, ThoughtAloudError


def _through(pieces: list[str]) -> str:
    thinking = ThinkingFilter()
    return "".join(thinking.feed(piece) for piece in pieces) + thinking.finish()


def _cut(text: str, at: list[int]) -> list[str]:
    edges = [0, *sorted(min(cut, len(text)) for cut in at), len(text)]
    return [text[a:b] for a, b in pairwise(edges)]


@pytest.mark.parametrize(
    ("said", "spoken"),
    [
        ("Paris.", "Paris."),
        ("<think>\nhm\n</think>\n\nParis.", "Paris."),
        ("<think></think>Paris.", "Paris."),
        ("</think>\n\nParis.", "Paris."),
        ("Paris.<think>was it?</think> Yes.", "Paris. Yes."),
        ("<think>never ends", ""),
        ("3 < 4 and <thin", "3 < 4 and <thin"),
        ("<b>bold</b>", "<b>bold</b>"),
        ("", ""),
    ],
)
def test_only_what_is_outside_the_tags_is_spoken(said: str, spoken: str) -> None:
    assert _through([said]) == spoken
    assert _through(list(said)) == spoken


@given(thought=st.text(alphabet="ab<>/thinkx "), answer=st.text(), cuts=st.lists(st.integers(0, 60), max_size=8))
def test_cuts_change_nothing(thought: str, answer: str, cuts: list[int]) -> None:
    said = f"<think>{thought.replace('</think>', '')}</think>{answer.replace('think>', '')}"
    assert _through(_cut(said, cuts)) == _through([said]) == answer.replace("think>", "").lstrip()


@given(text=st.text(alphabet="ab<>/think \n"), cuts=st.lists(st.integers(0, 60), max_size=8))
def test_text_without_tags_comes_through_whole(text: str, cuts: list[int]) -> None:
    text = text.replace("think>", "")
    assert _through(_cut(text, cuts)) == text.lstrip()


def test_an_end_of_thinking_after_spoken_words_is_refused() -> None:
    """The beginning was in the prompt, so what was let through were thoughts."""
    with pytest.raises(ThoughtAloudError):
        _through(["The user wants a capital.", "</think>", "Paris."])


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("\x1b[31mRed\x1b[0m alert.", "Red alert."),
        ("\x1b]0;title\x07Hello.", "Hello."),
        ("Ring\a, zero\0, turned \u202eround.", "Ring, zero, turned round."),
        ("Two\nlines\tand a tab.", "Two\nlines\tand a tab."),
        ("Grüße, 你好, 🙂.", "Grüße, 你好, 🙂."),
    ],
)
def test_what_a_terminal_would_obey_is_left_out_however_it_is_cut(said: str, shown: str) -> None:
    whole, cut = ControlFilter(), ControlFilter()
    assert whole.feed(said) == shown
    assert "".join(cut.feed(char) for char in said) == shown


@given(st.lists(st.text(alphabet="a[3m\x1b\x9b;]\x07", max_size=6), max_size=20))
def test_no_escape_ever_comes_through(pieces: list[str]) -> None:
    controls = ControlFilter()
    shown = "".join(controls.feed(piece) for piece in pieces)
    assert not set(shown) & {"\x1b", "\x9b", "\x07"}
