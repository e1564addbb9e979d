"""A policy file, and whether somebody has edited it since it was read. Blocking; time is an argument.

    written ──► looked at: too fresh ──► 1 s old, or unchanged since the look before ──► read ──► in force
                                                                                          └ a mistake: the old one stays

A file is looked at once a second at most, by its time, size and number. One that was written a moment ago may be half
of itself, and half a policy can allow more than the whole: an identity whose list of containers is not written yet may
use all. So it must have stood still first. A file that is gone allows nothing, at once. Called by `gate`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from jett.core.errors import PolicyError
from jett.guard.policy import Policy
from jett.guard.policy_file import load_policy

LOOK_MS = 1000
SETTLED_MS = 1000
Stamp = tuple[int, ...] | None
"""What changes with a file: its times, size, number and mode; None where there is none, or none that can be seen."""


@dataclass(frozen=True, slots=True)
class Found:
    """A policy that was read, and the file it was read from."""

    policy: Policy
    stamp: Stamp


class PolicyWatch:
    """One file. Used under the gate's lock, but for `edited` and `trouble`."""

    def __init__(self, path: Path, on_trouble: Callable[[str], None] = lambda _: None) -> None:
        """Reads it. One with a mistake allows nothing, until it is corrected.

        `on_trouble` is told once of each mistake that an edit brings; what was wrong at the start is in `trouble` only.
        """
        self.trouble = ""
        """What is wrong with the file as it is now; empty if it is in force."""
        self._path = path
        self._on_trouble = on_trouble
        self._seen = self._known = self._stamp()
        self._looked_ms: int | None = None
        try:
            self.policy = load_policy(path)
        except PolicyError as error:
            self.policy, self.trouble = Policy(), str(error)

    def edited(self) -> bool:
        """Whether the file is another than the one that was read last."""
        return self._stamp() != self._known

    def newer(self, now_ms: int) -> Found | None:
        """What an edited file says, to be put in force and then `take`n; None if there is nothing new, or a mistake."""
        if self._looked_ms is not None and 0 <= now_ms - self._looked_ms < LOOK_MS:
            return None
        self._looked_ms = now_ms
        stamp, before = self._stamp(), self._seen
        self._seen = stamp
        if stamp == self._known or not (stamp == before or _has_settled(stamp, now_ms)):
            return None
        try:
            found = Found(load_policy(self._path), stamp)
        except PolicyError as error:
            if self._stamp() == stamp:
                self._known = stamp
                self.trouble = f"{error}; the policy that was read before stays in force"
                self._on_trouble(self.trouble)
            return None
        return found if self._stamp() == stamp else None

    def take(self, found: Found) -> None:
        """It is in force."""
        self.policy, self._known, self.trouble = found.policy, found.stamp, ""

    def _stamp(self) -> Stamp:
        try:
            seen = self._path.stat()
        except OSError:
            return None
        return seen.st_mtime_ns, seen.st_ctime_ns, seen.st_size, seen.st_ino, seen.st_mode


def _has_settled(stamp: Stamp, now_ms: int) -> bool:
    """Whether it was last written, renamed or allowed long enough ago; it is settled if it is gone."""
    return stamp is None or max(stamp[:2]) // 1_000_000 + SETTLED_MS <= now_ms
