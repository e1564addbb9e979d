"""How long Jett waits, given what the detector heard and what the words say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jett.turns.endpointing import Endpointing, required_silence_s
from jett.turns.phrases import breaks_off, is_question

SETTINGS = Endpointing(min_silence_s=0.4, cap_s=1.0, even=0.9)
ENDED = "Turn off the lights."
probabilities = st.floats(0, 1)
texts = st.sampled_from(["", ENDED, "Is it on?", "Turn off the", "I like...", "no marks here"])


def test_the_silence_is_half_way_where_the_settings_say() -> None:
    assert required_silence_s(0.9, ENDED, SETTINGS) == pytest.approx(0.7)


def test_nothing_heard_of_the_detector_is_the_cap() -> None:
    assert required_silence_s(None, ENDED, SETTINGS) == 1.0


@given(probabilities, texts)
def test_the_silence_lies_between_the_least_and_the_cap(probability: float, text: str) -> None:
    assert 0.4 <= required_silence_s(probability, text, SETTINGS) <= 1.0


@given(probabilities, probabilities, texts)
def test_the_surer_the_shorter(one: float, other: float, text: str) -> None:
    low, high = sorted((one, other))
    assert required_silence_s(high, text, SETTINGS) <= required_silence_s(low, text, SETTINGS)


@given(st.floats(0.05, 0.99))
def test_a_question_waits_less_and_a_broken_sentence_longer(probability: float) -> None:
    question = required_silence_s(probability, "Are the lights off?", SETTINGS)
    broken = required_silence_s(probability, "Turn off the", SETTINGS)
    assert question < required_silence_s(probability, ENDED, SETTINGS) < broken


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("What time is it?", False),
        ("Yes.", False),
        ('He said "stop."', False),
        ("turn on the light", False),  # an engine that writes no marks
        ("Turn on the light", True),
        ("I would like a coffee and.", True),
        ("I would like a coffee and a", True),
        ("First,", True),
        ("If I have any...", True),
        ("If I have any…", True),
        ("", False),
    ],
)
def test_what_breaks_off(text: str, broken: bool) -> None:
    assert breaks_off(text) is broken


def test_a_question_ends_with_its_mark() -> None:
    assert is_question("What time is it? ")
    assert not is_question("What? No.")
