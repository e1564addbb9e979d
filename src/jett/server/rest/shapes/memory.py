"""What Jett was asked to remember."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from jett.server.rest.shapes.base import Shape


class Remembered(Shape):
    """One thing that Jett was asked to remember."""

    id: str
    text: str
    at: datetime
    source: str
    score: float | None = None


class Memories(Shape):
    """Newest first, or nearest first for a query."""

    memories: list[Remembered]
    next: str | None


class Remember(Shape):
    """A thing to remember."""

    text: Annotated[str, Field(min_length=1, max_length=500)]
