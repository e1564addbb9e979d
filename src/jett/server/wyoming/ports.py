"""What Wyoming is lent by `app`."""

from __future__ import annotations

from dataclasses import dataclass

from jett.guard import Identity
from jett.server.sound import MakeResampler
from jett.session.seats import Seats


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
