"""What every shape of the REST interface has in common, and those that several pages share."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Shape(BaseModel):
    """Nothing unknown is taken in, and nothing changes afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Trouble(Shape):
    """What went wrong, and what to do about it."""

    what: str
    fix: str


class Failure(Shape):
    """The body of every answer that is not a success."""

    error: Trouble


class Deleted(Shape):
    """How much is gone. `traces`: why its words are still in a file for a while; empty where they are not."""

    conversations: int = 0
    turns: int = 0
    memories: int = 0
    traces: str = ""


class DeleteAll(Shape):
    """The words are asked for so that nobody does it by accident."""

    confirm: Literal["delete everything"]
