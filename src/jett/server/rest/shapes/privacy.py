"""What is kept and what is open."""

from __future__ import annotations

from jett.server.rest.shapes.base import Shape


class Socket(Shape):
    """One open socket of Jett's processes."""

    process: str
    protocol: str
    local: str
    remote: str
    state: str
    why: str


class PrivacyPage(Shape):
    """What is kept and what is open."""

    keeps_recordings: bool
    keeps_history: bool
    history_days: int
    places: dict[str, str]
    """Where things lie, by what they are."""
    sockets: list[Socket]
