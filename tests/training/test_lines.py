"""Who says what: the same each time, and never a held-out voice in training."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from jett.training.lines import HELD_OUT_KOKORO, HELD_OUT_THROATS, Cast, is_held_out
from jett.training.near import distance, near_phrases, sounds
from jett.training.plan import FULL, QUICK, Texts, is_kept_back, judging_lines, training_lines

CAST = Cast(
    ("af_heart", "am_adam", "bf_lily", "zf_xiaoyi", *HELD_OUT_KOKORO),
    ("joe",),
    ("en-us", "gmw/en"),
    ("f1", "m1", *HELD_OUT_THROATS),
)
TEXTS = Texts("hey jett", ["hey jeff", "say yet"], ["what time is it", "good morning"])
LEXICON = {"jett": "ʤɛt", "jet": "ʤɛt", "jeff": "ʤɛf", "get": "ɡɛt", "hey": "heɪ", "say": "seɪ", "moon": "mun"}


def test_training_never_hears_a_voice_that_judges_it() -> None:
    lines, tests = training_lines(TEXTS, FULL, CAST, 0), judging_lines(TEXTS, FULL, CAST, 0)
    assert not any(is_held_out(line) for line in lines)
    assert all(is_held_out(line) for line in tests)
    for kind in ("phrase", "near", "other"):  # an engine that only called would be known by its sound
        assert {line.engine for line in lines if line.kind == kind} == {"kokoro", "piper", "espeak"}


@given(st.integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_a_seed_gives_the_same_lines_and_a_small_training_some_of_them(seed: int) -> None:
    lines = training_lines(TEXTS, FULL, CAST, seed)
    assert lines == training_lines(TEXTS, FULL, CAST, seed)
    assert set(training_lines(TEXTS, QUICK, CAST, seed)) <= set(lines)


def test_without_natural_voices_the_one_engine_says_everything() -> None:
    alone = Cast((), (), CAST.accents, CAST.throats)
    lines = training_lines(TEXTS, QUICK, alone, 0)
    assert {(line.kind, line.engine) for line in lines} == {(kind, "espeak") for kind in ("phrase", "near", "other")}


def test_one_near_phrase_of_five_is_heard_by_no_training() -> None:
    near = [f"near {n}" for n in range(140)]
    texts = Texts("hey jett", near, TEXTS.other)
    trained = {line.text for line in training_lines(texts, FULL, CAST, 0) if line.kind == "near"}
    judged = {line.text for line in judging_lines(texts, FULL, CAST, 0) if line.kind == "near"}
    assert trained == {text for text in near if not is_kept_back(text)}
    assert judged == set(near)
    assert 15 <= len(judged - trained) <= 45


def test_a_name_is_a_verb_to_whoever_does_not_know_it() -> None:
    assert {"he jetted", "she jetting"} <= set(near_phrases("hey jett", ["heɪ", "ʤɛt"], LEXICON))


def test_near_phrases_sound_nearly_alike_and_none_is_the_phrase() -> None:
    found = near_phrases("hey jett", ["heɪ", "ʤɛt"], LEXICON)
    assert found[0] in ("hey jeff", "say jett", "hey get")
    assert {"hey jeff", "hey get", "say get", "hey", "jett"} <= set(found)
    assert not {"hey jett", "hey jet"} & set(found)


@given(st.text("heɪdʒtfsk", max_size=6), st.text("heɪdʒtfsk", max_size=6))
def test_distance_is_symmetric_and_nothing_only_between_equals(a: str, b: str) -> None:
    assert distance(a, b) == distance(b, a)
    assert (distance(a, b) == 0) == (a == b)
    assert distance(a, b) <= len(a) + len(b)


def test_sounds_drop_stress_and_length() -> None:
    assert sounds("hˈeɪ d^ʒˈɛt") == "heɪʤɛt"
    assert sounds("d^ʒˈɑːɹvɪs") == "ʤɑɹvɪs"
    assert sounds("tʃˈɛt") == "ʧɛt"
