"""Somebody else's words that wait to be said in a conversation: a bounded queue, and what became of each.

Filled by the server, emptied by the conversation when the turn machine finds it quiet. All of it on the event loop.
When it is full the oldest are kept and a new one is refused.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import anyio

MOST_WAITING = 5


@dataclass(eq=False, slots=True)
class Announcement:
    """What is to be said, its sender in front; how it went once `ended` is set."""

    text: str
    settled: anyio.Event = field(default_factory=anyio.Event)
    """It waits no longer: it is being said, or never will be."""
    ended: anyio.Event = field(default_factory=anyio.Event)
    heard: str = ""
    begun: bool = False
    """Whether a sample of it was played."""
    interrupted: bool = False
    error: str = ""


class Announcements:
    """Those of one conversation."""

    def __init__(self, most: int = MOST_WAITING) -> None:
        self._most = most
        self._waiting: deque[Announcement] = deque()
        self._closed = False

    @property
    def full(self) -> bool:
        """Whether one more would be refused; also when the conversation is over."""
        return self._closed or len(self._waiting) >= self._most

    def __len__(self) -> int:
        """How many wait, without the one that is being said."""
        return len(self._waiting)

    def put(self, text: str) -> Announcement | None:
        """At the end of the queue; None where it is full."""
        if self.full:
            return None
        announcement = Announcement(text)
        self._waiting.append(announcement)
        return announcement

    def take(self) -> Announcement:
        """The oldest, which is said now."""
        announcement = self._waiting.popleft()
        announcement.settled.set()
        return announcement

    def withdraw(self, announcement: Announcement) -> None:
        """It waited too long and is not said; one that is being said goes on."""
        if announcement in self._waiting:
            self._waiting.remove(announcement)
            announcement.settled.set()
            announcement.ended.set()

    def close(self) -> None:
        """The conversation is over: what still waits is not said, and nothing is taken any more."""
        self._closed = True
        for announcement in list(self._waiting):
            self.withdraw(announcement)
