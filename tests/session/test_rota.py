"""Whose turn it is: dialogues of what is put and what is taken, and what must hold of every such dialogue."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jett.session.rota import Rota


def taken(rota: Rota[str], now_s: float, count: int = 99) -> list[str]:
    """Up to `count` items, in the order in which they are served."""
    return [item for _ in range(count) if (item := rota.take(now_s)) is not None]


def test_lanes_are_served_in_turn_however_much_one_of_them_wants() -> None:
    """A flood of one conversation's delays another by one item."""
    rota: Rota[str] = Rota()
    greedy, modest = rota.join(), rota.join()
    for n in range(4):
        rota.put(greedy, f"greedy {n}", 0.0)
    rota.put(modest, "modest", 0.0)
    assert taken(rota, 1.0) == ["greedy 0", "modest", "greedy 1", "greedy 2", "greedy 3"]


def test_what_is_due_goes_before_what_is_needed_later() -> None:
    """A partial, or a clause behind two seconds of sound, waits for somebody's final transcript."""
    rota: Rota[str] = Rota()
    one, other = rota.join(), rota.join()
    rota.put(one, "a clause for later", 2.0)
    rota.put(other, "a first clause", 0.5)
    assert taken(rota, 0.5) == ["a first clause", "a clause for later"]


def test_of_what_is_needed_later_the_soonest_is_first_whoever_was_served_last() -> None:
    """Deadlines, as long as none has passed."""
    rota: Rota[str] = Rota()
    one, other = rota.join(), rota.join()
    rota.put(one, "in 3", 3.0)
    rota.put(other, "in 2", 2.0)
    rota.put(one, "in 1", 1.0)
    assert taken(rota, 0.0) == ["in 1", "in 2", "in 3"]


def test_what_has_become_due_no_longer_makes_way() -> None:
    """Nobody's urgent calls, however many, keep a partial waiting for ever."""
    rota: Rota[str] = Rota()
    busy, patient = rota.join(), rota.join()
    rota.put(patient, "patient", 1.0)
    rota.put(busy, "urgent 0", 0.0)
    assert rota.take(0.5) == "urgent 0"
    rota.put(busy, "urgent 1", 1.0)
    assert rota.take(1.0) == "patient"


def test_a_lane_holds_so_many_and_refuses_one_more() -> None:
    """Bounded."""
    rota: Rota[str] = Rota(most_waiting=2)
    lane = rota.join()
    assert [rota.put(lane, f"{n}", 0.0) for n in range(3)] == [True, True, False]


def test_what_was_withdrawn_is_never_taken() -> None:
    """And its place is free again."""
    rota: Rota[str] = Rota(most_waiting=1)
    lane = rota.join()
    rota.put(lane, "cancelled", 0.0)
    assert rota.withdraw(lane, "cancelled")
    assert not rota.withdraw(lane, "cancelled")
    assert rota.put(lane, "next", 0.0)
    assert taken(rota, 0.0) == ["next"]


def test_a_lane_that_is_left_takes_what_waited_with_it() -> None:
    """Nothing may be put into it afterwards."""
    rota: Rota[str] = Rota()
    lane = rota.join()
    rota.put(lane, "left", 0.0)
    assert rota.leave(lane) == ["left"]
    assert not rota.put(lane, "late", 0.0)
    assert rota.take(9.0) is None


_PUTS = st.lists(
    st.tuples(st.integers(0, 3), st.floats(0, 5), st.integers(0, 3)),  # lane, needed in, taken before the next
    max_size=60,
)


@given(_PUTS)
def test_nothing_that_is_due_waits_for_more_than_one_item_of_each_other_lane(
    puts: list[tuple[int, float, int]],
) -> None:
    """No starvation: counted for each item from when it is due and the next of its own lane."""
    rota: Rota[tuple[int, int]] = Rota(most_waiting=100)
    lanes = [rota.join() for _ in range(4)]
    waiting: dict[tuple[int, int], float] = {}
    passed: dict[tuple[int, int], list[int]] = {}
    now_s = 0.0

    def take_one() -> None:
        item = rota.take(now_s)
        if item is None:
            return
        due_s = waiting.pop(item)
        for other, other_due_s in waiting.items():
            if other_due_s > now_s:
                continue
            assert due_s <= now_s, "what is not due yet went before what is"
            own_before = [one for one in waiting if one[0] == other[0] and waiting[one] < other_due_s]
            if item[0] != other[0] and not own_before:
                passed.setdefault(other, []).append(item[0])
                assert passed[other].count(item[0]) <= 1, "a lane was served twice while another's item was due"

    for number, (lane, needed_in_s, count) in enumerate(puts):
        waiting[lane, number] = now_s + needed_in_s
        assert rota.put(lanes[lane], (lane, number), now_s + needed_in_s)
        now_s += 0.25
        for _ in range(count):
            take_one()
    now_s += 10
    while waiting:
        take_one()
    assert rota.take(now_s) is None


@given(_PUTS)
def test_everything_is_taken_once_or_was_withdrawn(puts: list[tuple[int, float, int]]) -> None:
    """Nothing is lost, nothing is done twice."""
    rota: Rota[int] = Rota(most_waiting=100)
    lanes = [rota.join() for _ in range(4)]
    for number, (lane, due_s, _) in enumerate(puts):
        rota.put(lanes[lane], number, due_s)
    gone = {n for n, (lane, _, odd) in enumerate(puts) if odd == 0 and rota.withdraw(lanes[lane], n)}
    left = [rota.take(9.0) for _ in range(len(rota))]
    assert sorted([*gone, *(n for n in left if n is not None)]) == list(range(len(puts)))
