"""Tables of a flatbuffer, read without its schema's code: a field by its number, with every offset inside the file.

Only what `tflite` needs. Format: https://flatbuffers.dev/internals.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Table:
    """One table. What points outside of the file is a struct.error or ValueError."""

    def __init__(self, content: bytes, at: int) -> None:
        self._content = content
        self._at = at
        self._fields_at = at - self._number("<i", at)
        self._fields_bytes = self._number("<H", self._fields_at)

    @classmethod
    def root(cls, content: bytes) -> Table:
        return cls(content, struct.unpack_from("<I", content, 0)[0])

    def number(self, field: int, form: str, default: int = 0) -> int:
        """A number stored in the table; `form` as `struct` has it."""
        at = self._field(field)
        return self._number(form, at) if at else default

    def numbers(self, field: int, kind: str) -> NDArray[Any]:
        """A vector of numbers, not copied; empty where it is absent."""
        at = self._target(field)
        return np.frombuffer(self._content, kind, self._number("<I", at), at + 4) if at else np.zeros(0, kind)

    def table(self, field: int) -> Table | None:
        at = self._target(field)
        return Table(self._content, at) if at else None

    def tables(self, field: int) -> list[Table]:
        at = self._target(field)
        if not at:
            return []
        count = self._number("<I", at)
        if count > len(self._content) // 4:
            raise ValueError("a vector is longer than the file")
        places = range(at + 4, at + 4 + 4 * count, 4)
        return [Table(self._content, place + self._number("<I", place)) for place in places]

    def _field(self, field: int) -> int:
        """Where it is; 0 where it is absent."""
        slot = 4 + 2 * field
        offset = self._number("<H", self._fields_at + slot) if slot < self._fields_bytes else 0
        return self._at + offset if offset else 0

    def _target(self, field: int) -> int:
        at = self._field(field)
        return at + self._number("<I", at) if at else 0

    def _number(self, form: str, at: int) -> int:
        if at < 0:  # struct would count from the end
            raise ValueError("an offset is before the file")
        return int(struct.unpack_from(form, self._content, at)[0])
