"""`POST /api/sleep` and `/api/wake`: the conversation through this machine's own microphone sleeps, or listens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, Protocol

from fastapi import APIRouter

from jett.server.refusal import Refusal, wait_for
from jett.server.rest.failures import Person, failures
from jett.server.rest.shapes.base import Shape


class Sleepy(Protocol):
    """The conversation, as far as its sleep goes."""

    @property
    def can_sleep(self) -> bool:
        """Whether it ever sleeps."""

    def sleep(self) -> None:
        """Fall silent and hear nothing until called."""

    def wake(self, by: str) -> None:
        """Listen, without having been called."""


class Wakefulness(Shape):
    """How it is now."""

    state: Literal["asleep", "awake"]


class SleepDesk:
    """Knows whoever sleeps or listens now."""

    def __init__(self) -> None:
        self._room: Sleepy | None = None

    @contextmanager
    def open_with(self, room: Sleepy) -> Iterator[None]:
        """While the block lasts, this is the one."""
        self._room = room
        try:
            yield
        finally:
            self._room = None

    @property
    def can_sleep(self) -> bool:
        """Whether somebody is there who ever sleeps."""
        room = self._room  # read once: other threads ask, and it may go meanwhile
        return room is not None and room.can_sleep

    @property
    def room(self) -> Sleepy:
        """Raises Refusal where there is none, or where it never sleeps."""
        if self._room is None:
            raise wait_for(
                503,
                "Jett holds no conversation through this machine's microphone",
                "start it where there is a microphone and a speaker, with server.local_loop other than off",
                60,
            )
        if not self._room.can_sleep:
            raise Refusal(409, "Jett always listens here, since nothing could wake it", "start it with a wake word")
        return self._room


def router(desk: SleepDesk) -> APIRouter:
    """The two routes."""
    routes = APIRouter(prefix="/api", tags=["sleep"])

    @routes.post("/sleep", operation_id="sendToSleep", responses=failures(409))
    async def sleep(_: Person) -> Wakefulness:
        """Fall silent and sleep until called; what was under way has ended."""
        desk.room.sleep()
        return Wakefulness(state="asleep")

    @routes.post("/wake", operation_id="wakeUp", responses=failures(409))
    async def wake(_: Person) -> Wakefulness:
        """Listen as if Jett had been called; a reply that sounds ends."""
        desk.room.wake("request")
        return Wakefulness(state="awake")

    return routes
