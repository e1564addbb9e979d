"""So many operations a minute, sliding, per identity and overall; reads and changes counted apart. Pure.

The gate feeds it every record of the audit log in order, its own and other processes', so that a restart or a second
process starts from the same count. Time is the wall clock, since only that outlives a process:

    clock        12:00:10 ×10 ............ set back to 11:00:00 ............ 11:01:00
    counted      12:00:10 ×10  ─ observe ► 11:00:00 ×10 (still full)         opens again

An operation in the future was really done before now, so it counts as done now: going back never opens the gate, and
shuts it for a minute at most. A few seconds back are no step of the clock but a caller who waited for the lock.
"""

from __future__ import annotations

from dataclasses import dataclass

WINDOW_MS = 60_000
WAITED_MS = 15_000
MOST = 10


@dataclass(frozen=True, slots=True)
class Limits:
    """Operations in any 60 s: of one identity, and of all together. A policy may lower them, not raise them."""

    per_identity: int = MOST
    overall: int = MOST


@dataclass(slots=True)
class _Done:
    at_ms: int
    identity: str
    changes: bool


class RateLimit:
    """The operations of the last minute."""

    def __init__(self) -> None:
        self._done: list[_Done] = []

    def observe(self, now_ms: int) -> None:
        """It is `now_ms`: what lies well in the future counts as done now, what is a window old counts no more."""
        for done in self._done:
            if done.at_ms > now_ms + WAITED_MS:
                done.at_ms = now_ms
        self._done = [done for done in self._done if done.at_ms > now_ms - WINDOW_MS]

    def record(self, identity: str, changes: bool, at_ms: int) -> None:
        """An operation was let through."""
        self.observe(at_ms)
        self._done.append(_Done(at_ms, identity, changes))

    def refusal(self, limits: Limits, identity: str, changes: bool, now_ms: int) -> str:
        """The rule that forbids one more now, or an empty string."""
        self.observe(now_ms)
        alike = [done for done in self._done if done.changes is changes]
        if sum(done.identity == identity for done in alike) >= limits.per_identity:
            return "rate.identity"
        return "rate.overall" if len(alike) >= limits.overall else ""
