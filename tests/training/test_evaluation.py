"""Misses, false alarms and the threshold between them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jett.training.evaluation import NEVER, Evaluation, Logits, det, figures, held, in_use, peaks, threshold_for


def _quiet(hours: float, *tops: float) -> Logits:
    """So long at -8, with one peak of two frames for each of `tops`, ten seconds apart."""
    logits = np.full(round(hours * 3600 / 0.08), -8.0, dtype=np.float32)
    for n, top in enumerate(tops):
        logits[125 * (n + 1) : 125 * (n + 1) + 2] = top
    return logits


def _found(*others: Logits) -> Evaluation:
    called = [_quiet(0.005, top) for top in (4.0, 2.0, -1.0, 5.0)]
    return Evaluation(called, called[:2], [_quiet(0.005, 1.0), _quiet(0.005, -5.0)], others)


def test_a_peak_of_one_frame_is_no_call_where_two_are_needed() -> None:
    logits = _quiet(0.001)
    logits[7] = 9.0
    assert held(logits, 2).max() == -8.0
    assert held(logits, 1).max() == 9.0


def test_two_peaks_within_two_seconds_are_one_alarm() -> None:
    logits = _quiet(0.01)
    logits[100:102], logits[110:112], logits[140:142] = 3.0, 4.0, 2.0
    assert peaks(logits)[:2] == [4.0, 2.0]


def test_figures_count_misses_near_phrases_and_alarms() -> None:
    at_half = figures(_found(_quiet(2.0, 1.0, 2.0)), 0.5)
    assert (at_half.miss_percent_clean, at_half.miss_percent_noisy) == (25.0, 0.0)
    assert at_half.near_accepted_percent == 50.0
    assert (at_half.false_alarms, at_half.false_alarms_per_hour) == (2, 1.0)


def test_the_threshold_lies_above_what_woke_too_often() -> None:
    others = [_quiet(1.0, *np.linspace(-4, 2, 30))]
    threshold = threshold_for(0.1, others)
    assert figures(_found(*others), threshold).false_alarms == 0
    assert threshold > 1 / (1 + np.exp(-2.0))


def test_more_hours_without_an_alarm_need_no_higher_threshold() -> None:
    few, many = [_quiet(0.5, *np.linspace(-4, 0, 30))], [_quiet(0.5, *np.linspace(-4, 0, 30)), _quiet(20.0)]
    assert threshold_for(0.1, many) <= threshold_for(0.1, few)


@settings(deadline=None)
@given(st.lists(st.floats(-7, 6), min_size=1, max_size=20), st.integers(1, 3))
def test_a_higher_threshold_never_misses_less_nor_wakes_more(tops: list[float], patience: int) -> None:
    curve = det(_found(_quiet(0.2, *tops)), patience)
    for lower, higher in pairwise(curve):
        assert higher.miss_percent_clean >= lower.miss_percent_clean
        assert higher.false_alarms <= lower.false_alarms
        assert higher.near_accepted_percent <= lower.near_accepted_percent


def test_a_look_passes_few_near_phrases_and_tells_of_each_what_a_threshold_chosen_without_it_lets_pass() -> None:
    near = [n / 200 for n in range(100)]

    found = in_use([0.9, 0.2], [0.9, 0.3, 0.8, NEVER], near)

    assert 0.48 < found.threshold < 0.49, "two of a hundred reach it"
    assert (found.miss_percent_clean, found.miss_percent_noisy) == (50.0, 50.0)
    assert found.near_accepted_percent == pytest.approx(2.0, abs=1.0)


def test_near_phrases_are_not_judged_at_the_threshold_that_they_set() -> None:
    every_second_sounds_alike = [0.9, 0.1] * 50

    assert in_use([], [], every_second_sounds_alike).near_accepted_percent == 50.0


@pytest.mark.parametrize("near", [[], [0.3], [0.3, 0.2]])
def test_a_look_has_a_threshold_however_few_near_phrases_there_are(near: list[float]) -> None:
    found = in_use([0.9], [0.9], near)

    assert 0.01 <= found.threshold <= 0.98
    assert 0.0 <= found.near_accepted_percent <= 100.0
