"""What of Whisper's output is believed, and how long speech is cut."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jett.core.audio import Samples, silence, to_int16
from jett.core.ports import Transcript
from jett.engines.stt.guards import can_be_said, is_hallucinated, kept_tokens, may_be_repeated
from jett.engines.stt.windows import split_at_pauses, with_lead


@pytest.mark.parametrize(
    ("text", "logprob", "no_speech", "hallucinated"),
    [
        ("What time is it?", -0.2, 0.01, False),
        ("Thank you.", -0.2, 0.1, False),
        ("Thank you.", -0.9, 0.2, True),
        ("you", -0.5, 0.8, True),
        ("...", -0.1, 0.0, True),
        ("", 0.0, 0.0, True),
        ("and the and the", -1.9, 0.1, True),
        ("I think so", -1.2, 0.7, True),
        ("I think so", -0.8, 0.7, False),
    ],
)
def test_words_for_noise_are_not_believed(text: str, logprob: float, no_speech: float, hallucinated: bool) -> None:
    """Doubt in two measures, or a subtitle phrase with one."""
    assert is_hallucinated(Transcript(text, logprob, no_speech)) is hallucinated


def _cut(text: str) -> str:
    """`text` as Whisper's tokens would have it, without its loops."""
    pieces = re.findall(r" ?[\w']+|[^\w\s]+", text)
    return "".join(pieces[: kept_tokens(pieces)])


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Turn off the lights. Turn off the lights, turn off the lights... turn", "Turn off the lights."),
        ("What is 2 plus 2. What is 2 plus 2? What is", "What is 2 plus 2."),
        ("Well, yes. Yes? Yes, yes. Yes", "Well, yes."),
        ("Place some music. Place some music", "Place some music."),
        ("No, no, no.", "No, no, no."),
        ("Hold on, hold fast, hold out.", "Hold on, hold fast, hold out."),
        ("Turn on the light in the hall.", "Turn on the light in the hall."),
        ("", ""),
    ],
)
def test_a_loop_is_cut_to_its_first_round(said: str, kept: str) -> None:
    """Whatever marks and capitals the decoder gives each round; a word said three times is no loop."""
    assert _cut(said) == kept


def test_a_loop_inside_a_loop_is_cut_too() -> None:
    """What is left after the first cut may loop itself."""
    pieces = [" b", " b", " a", " b", " b", " a", " a", " a", " a"]
    assert kept_tokens(pieces) == 3


@given(st.lists(st.sampled_from([" a", " b", "c", ".", " D", "?"]), max_size=40))
def test_cutting_loops_only_shortens(pieces: list[str]) -> None:
    """Something is kept of whatever came, and nothing is cut twice."""
    kept = kept_tokens(pieces)
    assert kept <= len(pieces)
    assert kept > 0 or not pieces
    assert kept_tokens(pieces[:kept]) == kept


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 200_000), st.floats(8.5, 27))
def test_windows_join_to_the_speech(n_samples: int, max_s: float) -> None:
    """Nothing is lost or said twice, and each piece fits."""
    speech = np.random.default_rng(n_samples).integers(-99, 99, n_samples).astype(np.int16)
    pieces = list(split_at_pauses(speech, max_s=max_s))
    assert np.array_equal(np.concatenate([*pieces, speech[:0]]), speech)
    assert all(0 < piece.size <= max_s * 16_000 for piece in pieces)


def test_long_speech_is_cut_where_it_is_quiet() -> None:
    """The cut lies in the pause."""
    speech = np.random.default_rng(1).integers(-9_000, 9_000, 40 * 16_000).astype(np.int16)
    speech[22 * 16_000 : 23 * 16_000] = 0
    first = next(split_at_pauses(speech))
    assert 22 * 16_000 <= first.size <= 23 * 16_000


def _tone(n_samples: int, amplitude: int = 8_000) -> Samples:
    return to_int16(np.sin(np.arange(n_samples, dtype=np.float32) * 0.2) * amplitude / 32_768)


def test_speech_that_begins_with_its_first_sample_gets_silence_before_it() -> None:
    """200 ms, and nothing of the speech is changed."""
    speech = np.concatenate([silence(160), _tone(8_000)])
    led = with_lead(speech)
    assert led.size == speech.size + 3_200
    assert not led[:3_200].any()
    assert np.array_equal(led[3_200:], speech)


def test_speech_with_a_breath_of_room_before_it_is_left_alone() -> None:
    """A live turn has pre-roll, and pays for no second one."""
    for before in (_tone(160, 100), _tone(1_600, 100), silence(1_600)):
        speech = np.concatenate([before, _tone(8_000)])
        assert with_lead(speech) is speech


@pytest.mark.parametrize("n_samples", [0, 1, 159, 160])
def test_a_lead_for_next_to_nothing_does_no_harm(n_samples: int) -> None:
    """Silence of any length is left as it is."""
    assert with_lead(np.zeros(n_samples, dtype=np.int16)).size == n_samples


@pytest.mark.parametrize(
    ("said", "spoken_s", "possible"),
    [
        ("Call me back. Call me back. Thanks.", 2.5, True),
        ("Lights off now. Lights off now.", 0.9, False),
        ("No no no no", 1.0, True),
        ("Nothing is said twice here", 2.0, False),
        ("", 0.0, False),
    ],
)
def test_what_is_repeated_may_have_been_said_where_there_was_time_for_it(
    said: str, spoken_s: float, possible: bool
) -> None:
    """Then it is worth hearing again."""
    assert may_be_repeated(re.findall(r" ?[\w']+|[^\w\s]+", said), spoken_s) is possible


def test_nobody_says_more_than_six_words_a_second() -> None:
    """At the limit, and beyond it."""
    assert can_be_said("one two three four five six", 1.0)
    assert not can_be_said("one two three four five six seven", 1.0)
