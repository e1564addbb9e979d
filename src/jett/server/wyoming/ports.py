"""What Wyoming is lent by `app`."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from jett.guard import Identity
from jett.server.sound import MakeResampler
from jett.session.seats import Seat, Seats

PATIENCE_S = 5.0
"""For a seat: clients of Wyoming do not ask again, and a request is soon done."""


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

    def a_seat(self) -> AbstractAsyncContextManager[Seat]:
        """For one request. Raises SessionsFull."""
        return self.seats.take(self.identity, within_s=PATIENCE_S)
