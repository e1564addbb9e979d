"""Ten a minute, whatever the clock does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jett.guard.rate_limit import WAITED_MS, WINDOW_MS, Limits, RateLimit
from tests.guard.support import cases

TEN = Limits(10, 10)


def full(at_ms: int = 0, identity: str = "a", changes: bool = False) -> RateLimit:
    limit = RateLimit()
    for _ in range(10):
        assert limit.refusal(TEN, identity, changes, at_ms) == ""
        limit.record(identity, changes, at_ms)
    return limit


def test_the_eleventh_in_a_minute_is_refused_until_the_first_is_a_minute_old() -> None:
    """60 s after, to the millisecond."""
    limit = full(at_ms=1000)
    assert limit.refusal(TEN, "a", False, 1000) == "rate.identity"
    assert limit.refusal(TEN, "a", False, 1000 + WINDOW_MS - 1) == "rate.identity"
    assert limit.refusal(TEN, "a", False, 1000 + WINDOW_MS) == ""


def test_reads_and_changes_are_counted_apart() -> None:
    """Ten status questions leave ten restarts."""
    limit = full(changes=False)
    assert limit.refusal(TEN, "a", True, 0) == ""
    assert full(changes=True).refusal(TEN, "a", False, 0) == ""


def test_all_identities_together_have_a_limit_as_well() -> None:
    """Another identity finds the door shut, for another reason."""
    assert full(identity="a").refusal(TEN, "b", False, 0) == "rate.overall"


def test_each_identity_has_its_own_limit() -> None:
    """Two of one, while others still may."""
    limit = RateLimit()
    limits = Limits(2, 3)
    limit.record("a", False, 0)
    limit.record("a", False, 0)
    assert limit.refusal(limits, "a", False, 0) == "rate.identity"
    assert limit.refusal(limits, "b", False, 0) == ""
    limit.record("b", False, 0)
    assert limit.refusal(limits, "c", False, 0) == "rate.overall"


def test_a_clock_set_back_does_not_open_the_gate_and_shuts_it_for_a_minute_only() -> None:
    """What lies in the future counts as done when the clock was seen to have gone back."""
    hour = 3_600_000
    limit = full(at_ms=hour)
    assert limit.refusal(TEN, "a", False, 0) == "rate.identity"
    assert limit.refusal(TEN, "a", False, WINDOW_MS - 1) == "rate.identity"
    assert limit.refusal(TEN, "a", False, WINDOW_MS) == ""


@pytest.mark.parametrize(("back_ms", "opens_ms"), [(WAITED_MS, WINDOW_MS), (WAITED_MS + 1, WINDOW_MS - WAITED_MS - 1)])
def test_a_few_seconds_back_are_no_step_of_the_clock(back_ms: int, opens_ms: int) -> None:
    """A caller who waited for the lock has an older time; the count does not move for it."""
    start = 100_000
    limit = full(at_ms=start)
    limit.observe(start - back_ms)
    assert limit.refusal(TEN, "a", False, start + opens_ms - 1) == "rate.identity"
    assert limit.refusal(TEN, "a", False, start + opens_ms) == ""


def test_a_record_that_was_refused_moves_the_clock_too() -> None:
    """`observe` is for every record of the log: it tells what time it was."""
    limit = full(at_ms=10**9)
    limit.observe(0)
    assert limit.refusal(TEN, "a", False, WINDOW_MS) == ""


steps = st.lists(st.tuples(st.integers(0, 20_000), st.sampled_from("abc"), st.booleans()), max_size=80)


@cases(150, 0.04)
@given(steps, st.integers(1, 10), st.integers(1, 10))
def test_no_minute_ever_holds_more_than_its_limit(
    asked: list[tuple[int, str, bool]], per_identity: int, overall: int
) -> None:
    """Any window of 60 s, of one identity and of all."""
    limit, now_ms, done = RateLimit(), 0, list[tuple[int, str, bool]]()
    for wait_ms, identity, changes in asked:
        now_ms += wait_ms
        refused = limit.refusal(Limits(per_identity, overall), identity, changes, now_ms)
        window = [each for each in done if each[0] > now_ms - WINDOW_MS and each[2] is changes]
        own = [each for each in window if each[1] == identity]
        assert bool(refused) is (len(own) >= per_identity or len(window) >= overall)
        if not refused:
            limit.record(identity, changes, now_ms)
            done.append((now_ms, identity, changes))


@cases(150, 0.04)
@given(st.lists(st.tuples(st.integers(-400_000, 400_000), st.integers(0, 5_000)), max_size=60))
def test_steps_back_of_the_clock_never_open_the_gate(asked: list[tuple[int, int]]) -> None:
    """Against true time: as long as the wall clock only falls behind, no true minute holds more than ten."""
    limit, true_ms, behind_ms = RateLimit(), 10**6, 0
    done: list[int] = []
    for step_ms, wait_ms in asked:
        true_ms += wait_ms
        behind_ms += max(step_ms, 0)
        if not limit.refusal(TEN, "a", True, true_ms - behind_ms):
            limit.record("a", True, true_ms - behind_ms)
            done.append(true_ms)
            assert sum(each > true_ms - WINDOW_MS + WAITED_MS for each in done) <= 10
