"""What was remembered: put in, found by meaning, listed, forgotten. Blocking, and safe for threads.

The embedding model and the place are opened at the first need, or by `load` in a thread of the caller's, so that a
conversation starts no later for it. If the place cannot be had (another Jett has the folder), each need tries again.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from jett.core.errors import MemoryFull, MemoryInUse, SecretRefused
from jett.core.ports import TextEmbedding
from jett.memory.points import Place, Point, Points
from jett.memory.points_beside import PointsBeside

MOST_MEMORIES = 3000
"""A person says a few a day. The local mode compares with each of them at each search."""
LONGEST_CHARACTERS = 500
NEAR = 0.35
"""Similarity from which a memory answers "what did I say about …". Chosen in benchmarks/LOG.md ("Memory")."""

ANSWERS = 0.65
"""Similarity from which a memory answers a question that does not speak of remembering. Chosen there too."""


@dataclass(frozen=True, slots=True)
class Memory:
    """One thing to remember. `source` is where it was said: voice, typed, model, dashboard, terminal."""

    id: str
    text: str
    at: datetime
    source: str
    score: float | None = None
    """Of what was searched: how near it is, at most 1."""


@dataclass(frozen=True, slots=True)
class Page:
    """Newest first. `next` goes on from here; None at the end."""

    memories: list[Memory]
    next: str | None


@dataclass(frozen=True, slots=True)
class _Opened:
    embedding: TextEmbedding
    points: Points


class Memories:
    """All that one owner had Jett remember. Close it."""

    def __init__(
        self,
        load_embedding: Callable[[], TextEmbedding],
        place: Place,
        *,
        holds_secret: Callable[[str], bool],
        now: Callable[[], datetime],
        beside: bool = False,
    ) -> None:
        """`holds_secret` is the guard's word on a text: such a text is never kept.

        `beside`: what another Jett has is read beside it. For a look in passing; whoever keeps this open needs its own.
        """
        self._beside = beside
        self._load_embedding = load_embedding
        self._place = place
        self._holds_secret = holds_secret
        self._now = now
        self._lock = threading.Lock()
        self._embedding: TextEmbedding | None = None
        self._points: Points | None = None

    @property
    def exists(self) -> bool:
        """Whether something may have been remembered before; looks at no file's content."""
        return bool(self._place.url) or self._place.folder.is_dir()

    def load(self) -> None:
        """Open what is needed, so that the next call need not. Raises MemoryUnavailable, ModelError."""
        with self._lock:
            self._opened()

    def close(self) -> None:
        """Let go of the folder."""
        with self._lock:
            if self._points is not None:
                self._points.close()
                self._points = None

    def is_secret(self, text: str) -> bool:
        """Whether `remember` would refuse it."""
        return self._holds_secret(text)

    def remember(self, text: str, source: str) -> Memory:
        """Keep `text`; one that says the same to the letter is replaced.

        Raises SecretRefused, MemoryFull, MemoryUnavailable, ModelError, EmbeddingError; so do the others, the first
        two aside.
        """
        text = " ".join(text.split())[:LONGEST_CHARACTERS]
        if self._holds_secret(text):
            raise SecretRefused("memory: the text holds a secret, which is never kept; leave it out")
        memory = Memory(str(uuid.uuid4()), text, self._now().astimezone(UTC), source)
        with self._lock:
            opened = self._opened()
            (vector,) = opened.embedding.embed([text])
            same = [one.id for one in opened.points.nearest(vector, 3) if _text(one).casefold() == text.casefold()]
            if not same and opened.points.count() >= MOST_MEMORIES:
                raise MemoryFull(f"memory: {MOST_MEMORIES} things are remembered, no more fit; forget some first")
            opened.points.add(memory.id, vector, _kept(memory))
            if same:
                opened.points.delete(same)
        return memory

    def recall(self, query: str, most: int = 5, *, least: float = NEAR) -> list[Memory]:
        """What is about `query`, nearest first; nothing where nothing is as near as `least`."""
        with self._lock:
            return _nearest(*self._readable(), query, most, least)

    def at_hand(self, query: str, most: int = 5, *, least: float = NEAR) -> list[Memory] | None:
        """The same without waiting; None where it is not open, or busy."""
        if not self._lock.acquire(blocking=False):
            return None
        try:
            if self._embedding is None or self._points is None:
                return None
            return _nearest(self._embedding, self._points, query, most, least)
        finally:
            self._lock.release()

    def newest(self, most: int = 50, before: str = "") -> Page:
        """What was remembered last; `before` is the `next` of the page before."""
        memories = self._all()
        keys = [_key(memory) for memory in memories]
        begin = next((at for at, key in enumerate(keys) if key < before), len(keys)) if before else 0
        page = memories[begin : begin + most]
        return Page(page, _key(page[-1]) if begin + most < len(memories) else None)

    def count(self) -> int:
        """How much is remembered."""
        with self._lock:
            return self._opened().points.count()

    def forget(self, memory_id: str) -> bool:
        """Delete one, really; False where there is none of that id."""
        with self._lock:
            points = self._opened().points
            if memory_id not in {point.id for point in points.all()}:
                return False
            points.delete([memory_id])
            return True

    def forget_all(self) -> int:
        """Delete everything, really; how much that was."""
        with self._lock:
            points = self._opened().points
            ids = [point.id for point in points.all()]
            if ids:
                points.delete(ids)
            return len(ids)

    def _all(self) -> list[Memory]:
        with self._lock:
            points = self._readable()[1].all()
        return sorted(map(_memory, points), key=_key, reverse=True)

    def _readable(self) -> tuple[TextEmbedding, Points | PointsBeside]:
        """To be read only: where another Jett has the folder, as it is in its files at this moment."""
        try:
            opened = self._opened()
        except MemoryInUse:
            if not self._beside or self._embedding is None:
                raise
            return self._embedding, PointsBeside(self._place.folder, self._embedding.name)
        return opened.embedding, opened.points

    def _opened(self) -> _Opened:
        if self._embedding is None:
            self._embedding = self._load_embedding()
        if self._points is None:
            self._points = Points(self._place, self._embedding)
        return _Opened(self._embedding, self._points)


def _nearest(
    embedding: TextEmbedding, points: Points | PointsBeside, query: str, most: int, least: float
) -> list[Memory]:
    (vector,) = embedding.embed([query])
    return [_memory(point, point.score) for point in points.nearest(vector, most) if point.score >= least]


def _kept(memory: Memory) -> dict[str, object]:
    return {"text": memory.text, "at_ms": round(memory.at.timestamp() * 1000), "source": memory.source}


def _memory(point: Point, score: float | None = None) -> Memory:
    at = datetime.fromtimestamp(int(point.kept.get("at_ms", 0)) / 1000, UTC)
    return Memory(point.id, _text(point), at, str(point.kept.get("source", "")), score)


def _text(point: Point) -> str:
    return str(point.kept.get("text", ""))


def _key(memory: Memory) -> str:
    """Sorts by time; of the same millisecond by id."""
    return f"{round(memory.at.timestamp() * 1000):015d}-{memory.id}"
