"""What the Realtime endpoint is given by `app`: seats with engines, a resampler, and somebody who keeps the record."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from jett.core.audio import Samples
from jett.core.events import SessionEvent
from jett.guard import Identity
from jett.session.parts import ConversationSettings, Parts
from jett.session.worker import Workers


class Seat(Protocol):
    """What one conversation is made of."""

    @property
    def parts(self) -> Parts: ...

    @property
    def workers(self) -> Workers: ...


class Seats(Protocol):
    """Who may talk at once."""

    def take(self, who: Identity, /) -> AbstractAsyncContextManager[Seat]:
        """A seat while the block lasts. Raises SessionsFull."""


class Resampler(Protocol):
    """A stream of samples at another rate."""

    def push(self, samples: Samples, /) -> Samples:
        """All output whose input is there."""


class Witness(Protocol):
    """Keeps the record of one conversation, or not."""

    def observe(self, event: SessionEvent, /) -> None:
        """As an Observer of a conversation."""

    def end(self) -> None:
        """The conversation is over."""


class NumbersTurns(Protocol):
    """A witness that also gives finished turns the ids under which they can be read again."""

    def turn_id(self, turn: int, /) -> int | None:
        """The id of the conversation's turn, once its report was observed."""


class Begin(Protocol):
    """Where records are kept."""

    def __call__(self, source: str, identity: Identity, /) -> Witness:
        """A conversation of `source` ("realtime") with this visitor begins."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one connection."""

    session_s: float = 3_600.0
    """As OpenAI's."""
    unsent_bytes: int = 2 * 1024 * 1024
    """Of events that a slow client has not taken: half a minute of sound. Then it is closed."""
    errors: int = 200
    errors_per_s: float = 10.0
    """So many events that cannot be done in so many seconds are a flood, and the connection is closed."""
    lead_s: float = 0.2
    """How far ahead of its sound a reply is sent; chosen in benchmarks/LOG.md ("Lead of sent speech")."""


@dataclass(frozen=True, slots=True)
class House:
    """All that a connection is given."""

    seats: Seats
    settings: Callable[[], ConversationSettings]
    """The user's, as they are now."""
    resampler: Callable[[int, int], Resampler]
    """From one rate to another, in Hz."""
    begin: Begin
    model: str = "jett"
    """What `session.model` says."""
    limits: Limits = Limits()
