"""Whose turn it is at something that many wait for. Pure: no thread, no clock; `lanes` and `shared_model` call it.

    due by now    one lane after another: the one that was served longest ago first
    due later     what is needed soonest

Everything becomes due, and among lanes that wait with something due each is served once a round. So no lane starves,
however much another one asks for: what is due waits for at most one item of each other lane, and for those of its own
lane that were due before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

MOST_WAITING = 8
"""Of one lane. A conversation asks an engine for one thing after another, so that more is a mistake, or a flood."""


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[T]):
    """`number` counts what was put, so that of two that are due at once the older is first."""

    due_s: float
    number: int
    item: T


class Rota(Generic[T]):
    """What waits, lane by lane. Times are seconds of one clock that never goes back."""

    def __init__(self, most_waiting: int = MOST_WAITING) -> None:
        self._most_waiting = most_waiting
        self._lanes: dict[int, list[_Waiting[T]]] = {}
        self._served: dict[int, int] = {}
        self._count = 0

    def __len__(self) -> int:
        """How many items wait."""
        return sum(map(len, self._lanes.values()))

    def join(self) -> int:
        """A lane more; its number. It is served after those that wait already."""
        lane = self._next()
        self._lanes[lane], self._served[lane] = [], lane
        return lane

    def leave(self, lane: int) -> list[T]:
        """The lane is no more; what waited in it."""
        self._served.pop(lane, None)
        return [waiting.item for waiting in self._lanes.pop(lane, [])]

    def close(self) -> list[T]:
        """No lane is any more; all that waited."""
        return [item for lane in list(self._lanes) for item in self.leave(lane)]

    def put(self, lane: int, item: T, due_s: float) -> bool:
        """Let `item` wait. False where as many wait in its lane as may, or the lane is no more."""
        waiting = self._lanes.get(lane)
        if waiting is None or len(waiting) >= self._most_waiting:
            return False
        waiting.append(_Waiting(due_s, self._next(), item))
        waiting.sort(key=lambda one: (one.due_s, one.number))
        return True

    def withdraw(self, lane: int, item: T) -> bool:
        """It waits no longer; False where it did not."""
        waiting = self._lanes.get(lane, [])
        found = next((one for one in waiting if one.item is item), None)
        if found is not None:
            waiting.remove(found)
        return found is not None

    def take(self, now_s: float) -> T | None:
        """What is to be done next; None where nothing waits."""
        heads = [(waiting[0], lane) for lane, waiting in self._lanes.items() if waiting]
        if not heads:
            return None
        head, lane = min(heads, key=lambda one: (max(one[0].due_s, now_s), self._served[one[1]]))
        self._lanes[lane].remove(head)
        self._served[lane] = self._next()
        return head.item

    def _next(self) -> int:
        self._count += 1
        return self._count
