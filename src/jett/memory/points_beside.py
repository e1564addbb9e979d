"""What another Jett has remembered in its folder, read beside it: nothing is changed, locked for long, or copied.

Qdrant's local mode keeps a collection as one SQLite table of pickled points, each written in one transaction; this
opens it for reading only. Pickles are code to whoever loads them: the folder is its owner's alone, as is the process
that wrote it, and Qdrant's client itself loads them the same way. Called by `memories`.
"""

from __future__ import annotations

import pickle
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from jett.core.errors import MemoryUnavailable
from jett.core.ports import Vectors
from jett.memory.points import Point, collection_name

_BUSY_S = 5.0
"""The other is never in the middle of a change for so long."""


class PointsBeside:
    """The points of one collection as they were when this was made."""

    def __init__(self, folder: Path, model: str) -> None:
        """`model` is the name of what made the vectors. Raises MemoryUnavailable."""
        file = folder / "collection" / collection_name(model) / "storage.sqlite"
        self._points = [pickle.loads(row) for row in _rows(folder, file)]

    def all(self) -> list[Point]:
        """Every point, in no order."""
        return [Point(str(one.id), one.payload or {}) for one in self._points]

    def nearest(self, vector: Vectors, most: int) -> list[Point]:
        """The nearest first, by the cosine; `vector` has shape (dimensions,)."""
        scored = [Point(str(one.id), one.payload or {}, _cosine(vector, one.vector)) for one in self._points]
        return sorted(scored, key=lambda point: point.score, reverse=True)[:most]


def _rows(folder: Path, file: Path) -> list[bytes]:
    if not file.exists():  # nothing was remembered yet
        return []
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=_BUSY_S)) as database:
            return [bytes(point) for (point,) in database.execute("SELECT point FROM points")]
    except sqlite3.Error as error:
        raise MemoryUnavailable(
            f"memory: '{folder}' could not be read beside the Jett that has it ({type(error).__name__}); try again"
        ) from None


def _cosine(one: Any, other: Any) -> float:
    first, second = np.asarray(one, np.float32), np.asarray(other, np.float32)
    return float(first @ second / (np.linalg.norm(first) * np.linalg.norm(second)))
