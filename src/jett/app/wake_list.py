"""Every head by name with what its file says, for `jett wake list` and the dashboard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from jett.app.wake_heads import HeadPlace, all_heads
from jett.core.errors import ModelError
from jett.engines.wake.heads import Head, load_head
from jett.models.store import Store


@dataclass(frozen=True, slots=True)
class HeadRow:
    """A head that `wake.words` can name."""

    place: HeadPlace
    head: Head | None
    trouble: str = ""
    """What is wrong with its file."""

    @property
    def state(self) -> Literal["ready", "missing", "damaged"]:
        if self.head is not None:
            return "ready"
        return "damaged" if self.trouble else "missing"

    @property
    def detail(self) -> str:
        """What mends a head that is not ready."""
        if self.state == "missing" and self.place.model is not None:
            return f"jett models pull {self.place.model.id}"
        return self.trouble


def head_rows(models: Store) -> Iterator[HeadRow]:
    """The first of each name is the one that the name means."""
    for place in all_heads(models):
        if place.path is None:
            yield HeadRow(place, None)
            continue
        try:
            yield HeadRow(place, load_head(place.path))
        except ModelError as error:
            yield HeadRow(place, None, str(error))
