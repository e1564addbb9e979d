"""Which refusals get a record of their own: so many a minute of one identity; the rest are counted. Pure.

    refused   1 … 30        31 … 442                          61 s later: anything, or nothing at all
    record    one each      none                              one: "refused 412 more in the minute from 12:00:10"

So a loop, or whoever holds a stolen token, cannot fill the disk with refusals, and no fact is lost but what each of the
rest had asked for. A minute begins with its first refusal. The gate feeds it every refusal in the log, its own and
other processes', so that a restart, or a second process, does not begin anew. What is let through is not counted.
"""

from __future__ import annotations

from dataclasses import dataclass

from jett.guard.rate_limit import WAITED_MS, WINDOW_MS

FULL = 30
"""Refusals of one identity in one minute that are recorded each by itself."""
MORE = "refusals.more"
"""The rule of the record that counts the rest."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Refusals that have no record of their own: so many more of one identity, in the minute from `from_ms` on."""

    identity: str
    more: int
    from_ms: int


@dataclass(slots=True)
class _Minute:
    from_ms: int
    full: int = 0
    more: int = 0

    def over(self, now_ms: int) -> bool:
        """A clock that was set back ends it too; a few seconds back are a caller who waited for the lock."""
        return now_ms >= self.from_ms + WINDOW_MS or now_ms < self.from_ms - WAITED_MS


class Refusals:
    """The running minute of each identity, and the counts of earlier ones that are still to be written."""

    def __init__(self) -> None:
        self._minutes: dict[str, _Minute] = {}
        self._owed: list[Counted] = []

    def admits(self, identity: str, now_ms: int) -> bool:
        """One more refusal: whether it is to have a record of its own."""
        minute = self._minute(identity, now_ms)
        if minute.full < FULL:
            minute.full += 1
            return True
        minute.more += 1
        return False

    def saw(self, identity: str, at_ms: int) -> None:
        """Another process has recorded one."""
        self._minute(identity, at_ms).full += 1

    def due(self, now_ms: int, *, running: bool = False) -> bool:
        """Whether `owed` would have anything. Changes nothing, so it needs no lock."""
        minutes = list(self._minutes.values())
        return bool(self._owed) or any(minute.more and (running or minute.over(now_ms)) for minute in minutes)

    def owed(self, now_ms: int, *, running: bool = False) -> list[Counted]:
        """The counts of minutes that are over, and of those that are `running`: to be written, then `settled`."""
        for identity, minute in list(self._minutes.items()):
            if running or minute.over(now_ms):
                self._end(identity, minute)
        return list(self._owed)

    def settled(self, counted: Counted) -> None:
        """It is in the log."""
        self._owed.remove(counted)

    def _minute(self, identity: str, at_ms: int) -> _Minute:
        minute = self._minutes.get(identity)
        if minute is not None and minute.over(at_ms):
            self._end(identity, minute)
        return self._minutes.setdefault(identity, _Minute(at_ms))

    def _end(self, identity: str, minute: _Minute) -> None:
        del self._minutes[identity]
        if minute.more:
            self._owed.append(Counted(identity, minute.more, minute.from_ms))
