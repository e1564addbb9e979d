"""Points in Qdrant, in a folder of this machine or on a server: a sentence's vector and what is kept with it.

The folder belongs to one process at a time. What is deleted from it is gone from its files too (`wiping`); a server
does that in its own time. Not safe for threads: `memories` has the lock. Qdrant's client takes a second to import,
so that happens at the first opening.
"""

from __future__ import annotations

import sqlite3
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from filelock import FileLock, Timeout

from jett.core.errors import MemoryInUse, MemoryUnavailable
from jett.core.ports import TextEmbedding, Vectors
from jett.memory.wiping import wipe_deleted

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

_PAGE = 256


@dataclass(frozen=True, slots=True)
class Place:
    """A folder, or the URL of a Qdrant server."""

    folder: Path
    url: str = ""
    api_key: str = ""
    timeout_s: int = 5

    def __str__(self) -> str:
        return self.url or str(self.folder)


@dataclass(frozen=True, slots=True)
class Point:
    """One that was found; `score` is the cosine of the angle to what was asked for, 1 where nothing was."""

    id: str
    kept: Mapping[str, Any]
    score: float = 1.0


class Points:
    """One collection, named after the model that made its vectors. Close it."""

    def __init__(self, place: Place, embedding: TextEmbedding) -> None:
        """Open or make the collection. Raises MemoryUnavailable."""
        self._place = place
        self._collection = collection_name(embedding.name)
        self._lock = None if place.url else _own(place.folder)
        try:
            with self._explained():
                self._client = _client(place)
                self._ensure_collection(embedding.dimensions)
                self._wipe()
        except BaseException:
            self._let_go()
            raise

    def add(self, point_id: str, vector: Vectors, kept: Mapping[str, Any]) -> None:
        """`vector` has shape (dimensions,). Raises MemoryUnavailable, as do the others."""
        from qdrant_client.models import PointStruct

        point = PointStruct(id=point_id, vector=vector.tolist(), payload=dict(kept))
        with self._explained():
            self._client.upsert(self._collection, [point], wait=True)

    def nearest(self, vector: Vectors, most: int) -> list[Point]:
        """The nearest first."""
        with self._explained():
            found = self._client.query_points(self._collection, query=vector.tolist(), limit=most, with_payload=True)
        return [Point(str(one.id), one.payload or {}, one.score) for one in found.points]

    def all(self) -> list[Point]:
        """Every point, in no order."""
        points: list[Point] = []
        offset: Any = None
        with self._explained():
            while True:
                page, offset = self._client.scroll(
                    self._collection, limit=_PAGE, offset=offset, with_payload=True, with_vectors=False
                )
                points += [Point(str(one.id), one.payload or {}) for one in page]
                if offset is None:
                    return points

    def count(self) -> int:
        with self._explained():
            return self._client.count(self._collection, exact=True).count

    def delete(self, ids: Sequence[str]) -> None:
        """When it returns, their words are in no file of the folder any more."""
        from qdrant_client.models import PointIdsList

        with self._explained():
            self._client.delete(self._collection, PointIdsList(points=list(ids)), wait=True)
            self._wipe()

    def close(self) -> None:
        self._client.close()
        self._let_go()

    def _ensure_collection(self, dimensions: int) -> None:
        from qdrant_client.models import Distance, VectorParams

        if not self._client.collection_exists(self._collection):
            self._client.create_collection(self._collection, VectorParams(size=dimensions, distance=Distance.COSINE))

    def _wipe(self) -> None:
        if not self._place.url:
            wipe_deleted(self._place.folder)

    def _let_go(self) -> None:
        if self._lock is not None:
            self._lock.release()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Qdrant's many errors, as one of ours; what they quote may be what was remembered."""
        from qdrant_client.http.exceptions import ApiException

        try:
            yield
        except (ApiException, httpx.HTTPError, sqlite3.Error, OSError, RuntimeError, ValueError) as error:
            fix = "is memory.url right, and the server up?" if self._place.url else "may it be read and written?"
            raise MemoryUnavailable(f"memory: {self._place} failed ({type(error).__name__}); {fix}") from None


def collection_name(model: str) -> str:
    """Vectors of one model are in one collection."""
    return f"jett-{model}"


def _own(folder: Path) -> FileLock:
    """The folder is this process's until it is let go."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = FileLock(folder / "jett.lock")
        lock.acquire(timeout=0)
    except Timeout:
        raise MemoryInUse(
            f"memory: '{folder}' is in use by another Jett, which alone may change it now; tell that one "
            '("remember that …"), use its dashboard, end it, or set memory.url to a Qdrant server, which many may use'
        ) from None
    except OSError as error:
        raise MemoryUnavailable(
            f"memory: '{folder}' cannot be used ({error.strerror}); correct memory.dir or its mode"
        ) from None
    return lock


def _client(place: Place) -> QdrantClient:
    from qdrant_client import QdrantClient

    if not place.url:
        return QdrantClient(path=str(place.folder), force_disable_check_same_thread=True)
    with warnings.catch_warnings():  # a key over plain HTTP: the owner's tunnel is the encryption
        warnings.simplefilter("ignore", UserWarning)
        return QdrantClient(
            url=place.url,
            port=None,
            api_key=place.api_key or None,
            timeout=place.timeout_s,
            check_compatibility=False,
            trust_env=False,
        )
