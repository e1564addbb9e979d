"""A real memory in a folder of the test's own, with the real model, at a clock that the test moves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from jett.app.memory import holds_secret
from jett.core.ports import TextEmbedding
from jett.memory import Memories, Place

BIRTHDAY = "my sister's birthday is the third of May"
KEY = "the spare key is under the blue flower pot"
BINS = "the bins go out on Tuesday"


@dataclass
class Clock:
    """Each look is a second later."""

    at: datetime = datetime(2026, 11, 24, 16, 5, tzinfo=UTC)

    def now(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


@contextmanager
def opened(
    embedding: TextEmbedding, folder: Path, url: str = "", api_key: str = "", *, beside: bool = False
) -> Iterator[Memories]:
    """As `app` opens it."""
    place = Place(folder, url, api_key)
    memories = Memories(lambda: embedding, place, holds_secret=holds_secret, now=Clock().now, beside=beside)
    try:
        yield memories
    finally:
        memories.close()


def raw(folder: Path) -> bytes:
    """All bytes of all files."""
    return b"".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())
