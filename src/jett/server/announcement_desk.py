"""`POST /v1/announcements` of the large server: handed on to the room where somebody hears it, while there is one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from jett.server.announcements import PATH, Announcer
from jett.server.refusal import wait_for
from jett.server.rest.shapes.base import Shape
from jett.server.visitor import Visitor


class Announcement(Shape):
    """What is to be said; the guard looks at it again."""

    text: Annotated[str, Field(min_length=1, max_length=500)]


class Taken(Shape):
    """Where its outcome can be found in the record, and whether it is said at once."""

    operation: str
    state: str


class AnnouncementDesk:
    """Knows whoever announces now."""

    def __init__(self) -> None:
        self._announcer: Announcer | None = None

    @contextmanager
    def open_with(self, announcer: Announcer) -> Iterator[None]:
        """Take announcements while the block lasts."""
        self._announcer = announcer
        try:
            yield
        finally:
            self._announcer = None

    @property
    def announcer(self) -> Announcer:
        """Raises Refusal where nobody would hear it."""
        if self._announcer is None:
            raise wait_for(
                503,
                "Jett holds no conversation here that could say it",
                "start it where there is a microphone and a speaker, with server.local_loop other than off",
                60,
            )
        return self._announcer


def router(desk: AnnouncementDesk) -> APIRouter:
    """The one route."""
    routes = APIRouter(tags=["announcements"])

    @routes.post(PATH, operation_id="announce", status_code=202)
    async def announce(announcement: Announcement, visitor: Visitor) -> Taken:
        """Have it said when it is quiet; who sent it is said in front."""
        announcer = desk.announcer
        announcer.check_refusals(visitor)
        return Taken.model_validate(await announcer.announce(announcement.text, visitor))

    return routes
