"""From scores to a call: dialogues of scores, and what holds for all of them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jett.turns.wake import WakeRule, WakeSpotter, Woken, threshold_for

FRAME_S = 0.08
SCORES = st.floats(0, 1)
RULES = st.builds(WakeRule, st.just("jett"), st.floats(0.05, 1), st.integers(1, 5))


def calls(spotter: WakeSpotter, scores: list[tuple[float, ...]]) -> list[Woken]:
    heard = (spotter.hear(score, n * FRAME_S) for n, score in enumerate(scores, 1))
    return [woken for woken in heard if woken is not None]


def test_patience_is_frames_in_a_row() -> None:
    spotter = WakeSpotter([WakeRule("jett", 0.5, patience=3)])
    assert calls(spotter, [(0.9,), (0.9,), (0.1,), (0.9,), (0.9,)]) == []
    assert calls(spotter, [(0.95,)]) == [Woken("jett", FRAME_S, 0.95)]


def test_one_call_wakes_once_however_long_its_score_stays_high() -> None:
    spotter = WakeSpotter([WakeRule("jett")], refractory_s=0.5)
    assert len(calls(spotter, [(0.9,)] * 100)) == 1


def test_a_call_within_the_refractory_period_is_the_same_one() -> None:
    spotter = WakeSpotter([WakeRule("jett")], refractory_s=1.0)
    quiet = [(0.0,)]
    found = calls(spotter, [(0.9,), *quiet * 5, (0.9,), *quiet * 10, (0.9,)])
    assert [woken.at_s for woken in found] == [pytest.approx(FRAME_S), pytest.approx(18 * FRAME_S)]


def test_of_two_names_that_sound_alike_the_surer_was_called() -> None:
    """And the other does not wake when the period is over and its score still is high."""
    spotter = WakeSpotter([WakeRule("jett"), WakeRule("jeff")], refractory_s=0.2)
    assert [woken.name for woken in calls(spotter, [(0.7, 0.8)] * 10)] == ["jeff"]


def test_each_name_has_a_threshold_of_its_own() -> None:
    spotter = WakeSpotter([WakeRule("jett", 0.9), WakeRule("jarvis", 0.3)])
    assert [woken.name for woken in calls(spotter, [(0.8, 0.4)])] == ["jarvis"]


def test_nothing_is_remembered_after_a_reset() -> None:
    spotter = WakeSpotter([WakeRule("jett", patience=2)], refractory_s=30)
    calls(spotter, [(0.9,), (0.9,), (0.0,), (0.9,)])
    spotter.reset()
    assert calls(spotter, [(0.9,)]) == []
    assert len(calls(spotter, [(0.9,)])) == 1


@given(
    st.lists(RULES, min_size=1, max_size=3),
    st.lists(st.lists(st.sampled_from([0.0, 0.04, 0.5, 1.0]), min_size=3, max_size=3), max_size=60),
    st.floats(0, 3),
)
def test_of_frames_heard_together_only_the_last_can_make_sure(
    rules: list[WakeRule], scores: list[list[float]], refractory_s: float
) -> None:
    """So nobody is called later than if each was heard when it came."""
    spotter, at = WakeSpotter(rules, refractory_s=refractory_s), 0
    while at < len(scores):
        together = spotter.at_once
        assert 1 <= together <= min(rule.patience for rule in rules)
        for number, each in enumerate(scores[at : at + together], start=1):
            woken = spotter.hear(each[: len(rules)], (at + number) * FRAME_S)
            assert woken is None or number == together
        at += together


def test_before_the_first_frame_that_counts_two_may_come_together_and_then_one() -> None:
    spotter = WakeSpotter([WakeRule("jett", patience=2), WakeRule("jarvis", patience=3)])
    assert spotter.at_once == 2
    spotter.hear((0.9, 0.0), 0.1)
    assert spotter.at_once == 1
    assert WakeSpotter([WakeRule("jett", patience=2), WakeRule("jarvis")]).at_once == 1
    assert WakeSpotter([]).at_once == 1


@given(RULES, st.lists(SCORES, max_size=60), st.floats(0, 3))
def test_calls_are_sure_and_apart(rule: WakeRule, scores: list[float], refractory_s: float) -> None:
    found = calls(WakeSpotter([rule], refractory_s=refractory_s), [(score,) for score in scores])
    for woken in found:
        end = round(woken.at_s / FRAME_S)
        assert min(scores[end - rule.patience : end]) >= rule.threshold
        assert end >= rule.patience
    for earlier, later in pairwise(found):
        assert later.at_s - earlier.at_s >= refractory_s
        between = scores[round(earlier.at_s / FRAME_S) : round(later.at_s / FRAME_S)]
        assert min(between) < rule.threshold


@given(RULES, st.lists(SCORES, max_size=60))
def test_the_first_frame_that_could_wake_does(rule: WakeRule, scores: list[float]) -> None:
    found = calls(WakeSpotter([rule]), [(score,) for score in scores])
    sure = [n for n in range(rule.patience, len(scores) + 1) if min(scores[n - rule.patience : n]) >= rule.threshold]
    assert [woken.at_s for woken in found[:1]] == [n * FRAME_S for n in sure[:1]]


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_more_sensitive_is_never_harder_to_wake(threshold: float, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 0 < threshold_for(threshold, high) <= threshold_for(threshold, low) <= 1


@given(st.floats(0.01, 0.999))
def test_the_middle_is_the_heads_own_threshold(threshold: float) -> None:
    assert threshold_for(threshold, 0.5) == threshold


def test_what_was_no_call_leaves_nobody_deaf_but_does_not_wake_twice() -> None:
    spotter = WakeSpotter([WakeRule("jett")])
    assert spotter.hear([0.9], 1.0) is not None
    spotter.forgive()
    assert spotter.hear([0.9], 1.1) is None, "the same rise"
    assert spotter.hear([0.1], 1.2) is None
    assert spotter.hear([0.9], 1.3) is not None
