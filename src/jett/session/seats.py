"""Who may talk with Jett at once: so many conversations, and no visitor may take every place.

    async with seats.take(identity) as seat:
        Conversation(seat.parts, settings, observer, workers=seat.workers)

A conversation does not wait for a seat: whoever finds none is told so at once, since a voice that answers in a minute
is no answer. A single request may wait a little, as the one before it is soon done. The conversation of this machine's
own microphone always has one. `app` furnishes them; doors and benchmarks take them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import anyio

from jett.core.errors import SessionsFull
from jett.session.parts import Parts
from jett.session.worker import Workers


class Known(Protocol):
    """Somebody who can be told apart from others."""

    @property
    def key(self) -> str:
        """The same for all that one visitor does, such as `dashboard/owner`."""


Who = TypeVar("Who", bound=Known)


@dataclass(frozen=True, slots=True)
class Seat:
    """What one conversation is made of. Its engines are shared, what has a memory is its own."""

    parts: Parts
    workers: Workers


class Seats(Generic[Who]):
    """All of them; on one event loop."""

    def __init__(
        self,
        furnish: Callable[[Who], AbstractAsyncContextManager[Seat]],
        *,
        most: int,
        most_each: int = 0,
    ) -> None:
        """`most_each` of one visitor; 0 is all but one, so that there is always one for somebody else."""
        self._furnish = furnish
        self.most = most
        self.most_each = most_each or max(1, most - 1)
        self._taken: Counter[str] = Counter()
        self._left = anyio.Event()

    @property
    def taken(self) -> Mapping[str, int]:
        """How many each visitor has now."""
        return dict(self._taken)

    @asynccontextmanager
    async def take(self, who: Who, *, within_s: float = 0.0) -> AsyncGenerator[Seat, None]:
        """A seat while the block lasts; waits `within_s` for it. Raises SessionsFull, and what furnishing raises."""
        with anyio.move_on_after(within_s):
            while self._full(who.key):
                await self._left.wait()
        if refusal := self._full(who.key):
            raise SessionsFull(refusal)
        self._taken[who.key] += 1
        try:
            async with self._furnish(who) as seat:
                yield seat
        finally:
            self._taken[who.key] -= 1
            self._taken += Counter()  # drops those who have none
            self._left.set()
            self._left = anyio.Event()

    @asynccontextmanager
    async def local(self, who: Who) -> AsyncGenerator[Seat, None]:
        """The seat of this machine's own microphone, which is not counted: there is always one."""
        async with self._furnish(who) as seat:
            yield seat

    def _full(self, key: str) -> str:
        """Why there is none; empty where there is one."""
        if self._taken.total() >= self.most:
            return (
                f"sessions: {self._taken.total()} of {self.most} conversations are taken; wait until one ends, or "
                "raise server.most_sessions"
            )
        if self._taken[key] >= self.most_each:
            return (
                f"sessions: {key} has {self._taken[key]} of the {self.most_each} conversations that one visitor may "
                "have; end one, or raise server.most_sessions"
            )
        return ""
