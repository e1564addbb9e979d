"""The name as speech-to-text writes it, and what only resembles it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jett.tools.wake_phrase import WakePhrase

HEY_JETT = WakePhrase(["hey_jett"])


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Hey Jett.", ""),
        ("Hey, Jet.", ""),
        ("Hey Jat.", ""),
        ("Hejat, what time is it?", "what time is it?"),
        ("a jett stop", "stop"),
        ("Jett, what time is it?", "what time is it?"),
        ("Hey Jet Restart in 8-N.", "Restart in 8-N."),
        ("I want coffee. Hey Jett, restart n8n.", "restart n8n."),
        ("Hey Jett's time zone", "time zone"),
        ("Hey Jett! What is a jet?", "What is a jet?"),
        ("Hey Jett. Hey Jett. Hey, Jett!", ""),
        ("Hey Jett, Jett, what time is it?", "what time is it?"),
        ("Hey Jett. A jet landed.", "A jet landed."),
    ],
)
def test_the_name_is_cut_from_what_was_said(text: str, rest: str) -> None:
    """The first seven are what Whisper wrote for real voices."""
    assert HEY_JETT.rest(text) == rest


@pytest.mark.parametrize(
    "text",
    [
        "Hey, Jeff. What time is it?",
        "Hey, get me a cup of tea.",
        "He jetted off to Spain.",
        "Hey chat come here.",
        "Hey check, come here.",
        "Hey Jack, come here.",
        "The jet landed.",
        "We talked about him for long. Hey Jett.",
        "",
        "...",
    ],
)
def test_what_only_resembles_it_is_not_the_name(text: str) -> None:
    assert HEY_JETT.rest(text) is None


def test_a_longer_name_may_be_heard_a_little_wrong() -> None:
    names = WakePhrase(["jarvis", "okay computer"])
    assert names.rest("Jervis, lights") == "lights"
    assert names.rest("Okay, computer. Lights!") == "Lights!"
    assert names.rest("Harvest the corn") is None


@given(st.text(max_size=60))
def test_any_text_after_the_name_comes_back_without_what_stands_between(text: str) -> None:
    rest = HEY_JETT.rest(f"Hey Jett, {text}")
    assert rest is not None
    assert text.strip().endswith(rest)
