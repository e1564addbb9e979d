"""Numbers that are made without a database, and cursors that are made of them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jett.history.deleting import first_id_at
from jett.history.ids import EPOCH_MS, MOST, Ids, NoPlace, cursor_of, row_of


@given(st.lists(st.integers(-5_000, 5_000), max_size=200))
def test_numbers_only_grow_whatever_the_clock_does(steps: list[int]) -> None:
    """Also backwards, and many in one millisecond."""
    clock = iter([EPOCH_MS + 50_000_000 + sum(steps[:at]) for at in range(len(steps) + 1)])
    ids = Ids(lambda: next(clock))
    made = [ids.next() for _ in range(len(steps) + 1)]
    assert made == sorted(set(made))


def test_a_number_is_held_exactly_by_a_browser_until_2094() -> None:
    """Whose numbers are doubles."""
    last_ms = EPOCH_MS + (1 << 41) - 1
    made = Ids(lambda: last_ms).next()
    assert made <= MOST == 2**53 - 1
    assert int(json.loads(json.dumps(float(made)))) == made


def test_numbers_tell_what_is_older() -> None:
    at_ms = EPOCH_MS + 1_000_000
    assert Ids(lambda: at_ms - 1).next() < first_id_at(at_ms) <= Ids(lambda: at_ms).next()


@given(st.integers(0, MOST))
def test_a_cursor_stands_for_its_row(row: int) -> None:
    assert row_of(cursor_of(row)) == row
    assert len(cursor_of(row)) <= 12


@given(st.text(max_size=12))
def test_what_was_never_given_out_is_refused_or_is_the_one_form_of_a_row(text: str) -> None:
    try:
        row = row_of(text)
    except NoPlace:
        return
    assert cursor_of(row) == text


@pytest.mark.parametrize("text", ["", "A", "////////", "%00", "AAAAAAAAAA=", "__________"])
def test_a_cursor_of_somebody_s_own_is_refused(text: str) -> None:
    with pytest.raises(NoPlace, match="no place in a list"):
        row_of(text)
