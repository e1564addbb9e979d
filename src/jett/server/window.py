"""So many in any span of time. Pure: the clock is an argument."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable


class Window:
    """At most `most` in any `per_s` seconds of the monotonic clock `now_s`."""

    def __init__(self, most: int, per_s: float, now_s: Callable[[], float]) -> None:
        self._per_s = per_s
        self._now_s = now_s
        self._counted: deque[float] = deque(maxlen=most)
        self._refused = 0

    def admits(self) -> bool:
        """Count one more, if there is room for it."""
        room = self.has_room()
        if room:
            self.count()
        return room

    def has_room(self) -> bool:
        """Whether one more could be counted, for whoever learns only later whether it is to be."""
        now_s = self._now_s()
        full = len(self._counted) == self._counted.maxlen and now_s - self._counted[0] < self._per_s
        self._refused = self._refused + 1 if full else 0
        return not full

    def count(self) -> None:
        """One more has happened."""
        self._counted.append(self._now_s())

    @property
    def first_over(self) -> bool:
        """Whether the one just refused was the first after one that was admitted: once told is enough."""
        return self._refused == 1
