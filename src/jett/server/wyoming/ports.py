"""What Wyoming is lent by `app`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from jett.core.ports import WakeWordDetector
from jett.guard import Identity
from jett.server.sound import MakeResampler
from jett.session.seats import Seat, Seats
from jett.session.second_look import SecondLook
from jett.turns.wake import WakeRule

PATIENCE_S = 5.0
"""For a seat: clients of Wyoming do not ask again, and a request is soon done."""


@dataclass(frozen=True, slots=True)
class Waking:
    """Wake words that clients may have their sound listened to for."""

    rules: tuple[WakeRule, ...]
    """One for each of a detector's names."""
    phrases: tuple[str, ...]
    """What is said, rule by rule."""
    refractory_s: float
    make_detector: Callable[[], WakeWordDetector]
    """One for a client; cheap, the weights are shared. May block."""
    look: SecondLook | None = None
    """At what the rules take for a call; where it is, the rules are lenient."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Seats at the engines, who asks, and what the engines are called."""

    seats: Seats[Identity]
    identity: Identity
    """Of everybody who reaches the port: it looks at most, and only at what the policy lets tokens see."""
    resampler: MakeResampler
    system_prompt: str
    stt_model: str
    voice: str
    model: str
    language: str
    version: str
    waking: Waking | None = None
    """None without a wake word."""

    def a_seat(self) -> AbstractAsyncContextManager[Seat]:
        """For one request. Raises SessionsFull."""
        return self.seats.take(self.identity, within_s=PATIENCE_S)
