"""The arithmetic of the speaker benchmark: error rates, and that nobody is tried with what they were enrolled by."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.accuracy.speaker_trials import Trial, Utterance, disjoint_rates, enrol, equal_error, rates, trials
from hypothesis import given
from hypothesis import strategies as st

from jett.core.audio import silence

scores = st.lists(st.floats(-1, 1), min_size=1, max_size=40)


def utterance(speaker: str, file: str, seed: int) -> Utterance:
    place = np.random.default_rng(seed).normal(size=8).astype(np.float32)
    return Utterance(speaker, file, silence(1), place / np.linalg.norm(place))


@given(scores, scores)
def test_at_the_equal_error_both_errors_are_what_it_says_on_average(same: list[float], others: list[float]) -> None:
    percent, threshold = equal_error(np.array(same), np.array(others))
    rejected, accepted = rates(np.array(same), np.array(others), threshold)
    assert percent == pytest.approx((rejected + accepted) / 2)
    assert 0 <= percent <= 100


def test_voices_that_lie_apart_have_no_error() -> None:
    assert equal_error(np.array([0.8, 0.9]), np.array([0.1, 0.2]))[0] == 0


def test_nobody_is_tried_with_the_recordings_that_they_were_enrolled_by() -> None:
    """Of several recordings, or of the beginning of one."""
    several = [utterance("anna", f"{at}.flac", at) for at in range(7) for _ in range(2)]
    one = [utterance("bob", "only.flac", 100 + at) for at in range(5)]
    profiles = enrol([*several, *one])
    assert [(each.speaker, len(each.theirs)) for each in profiles] == [("anna", 8), ("anna", 8), ("bob", 2)]
    assert {each.file for each in profiles[0].theirs} == {"3.flac", "4.flac", "5.flac", "6.flac"}
    assert profiles[2].theirs == tuple(one[3:])
    found = trials(profiles, [*several, *one])
    assert sum(each.same for each in found) == 18
    assert sum(not each.same for each in found) == 2 * 5 + 14


def test_a_threshold_that_others_set_judges_each_fold() -> None:
    """Speakers a to j, who are all known and told apart."""
    people = "abcdefghij"
    found = [Trial(one, two, 0.9 if one == two else 0.1) for one in people for two in people]
    assert disjoint_rates(found) == (0, 0)
