"""How the conversation through this machine's own microphone and speaker is, for whoever asks. Not the conversation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from jett.core.events import SessionEvent, StateChanged


@dataclass(slots=True)
class LocalLoop:
    """Kept by the command that runs it; also an observer of its events."""

    how: Literal["off", "running", "failed"] = "off"
    state: str = ""
    trouble: str = ""

    def __call__(self, event: SessionEvent) -> None:
        self.how = "running"
        self.state = event.state if isinstance(event, StateChanged) else self.state or "idle"

    def ended(self, trouble: str = "") -> None:
        """It runs no more; `trouble` is why, if it was not meant to."""
        self.how, self.state, self.trouble = ("failed" if trouble else "off"), "", trouble
