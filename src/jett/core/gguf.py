"""Reads the header of a GGUF file (version 2 or 3, little-endian): its metadata, and what its tensors are.

It is not a model loader: no weight is read. Every length is checked against what the file can hold before anything is
allocated, so a truncated or hostile file gives a Malformed. Called by VRAM planning and by the embedded language model,
which say the file, the trouble and the fix in their own words.
Source: the GGUF specification of the ggml project (docs/gguf.md there).
"""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

Scalar = int | float | bool | str


class Malformed(Exception):
    """What is wrong with the bytes, for a caller's message."""


@dataclass(frozen=True, slots=True)
class Array:
    """An array of the metadata. Long ones, such as a vocabulary, keep only their length."""

    length: int
    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor: its shape, the number of its ggml type, and where it begins behind the header."""

    name: str
    shape: tuple[int, ...]
    kind: int
    offset_bytes: int

    @property
    def size_bytes(self) -> int:
        """The bytes it takes. Raises Malformed where its type is unknown or cannot have this shape."""
        if self.kind not in _KINDS:
            raise Malformed(f"tensor type {self.kind} is unknown")
        label, per_block, block_bytes = _KINDS[self.kind]
        n_values = math.prod(self.shape)
        size = n_values // per_block * block_bytes
        if size > _MAX_TENSOR_BYTES or (self.shape and self.shape[0] % per_block):
            raise Malformed(f"a tensor of {n_values} values in rows of {self.shape[0]} cannot be {label}")
        return size


@dataclass(frozen=True, slots=True)
class Header:
    """All that stands before the weights. `data_offset_bytes` is where they begin."""

    version: int
    metadata: Mapping[str, Scalar | Array]
    tensors: tuple[Tensor, ...]
    data_offset_bytes: int
    file_bytes: int

    @property
    def architecture(self) -> str:
        """Such as `qwen3`; the prefix of the keys that describe the model."""
        return str(self.metadata.get("general.architecture", ""))

    def number(self, key: str) -> int | None:
        """The whole number at `{architecture}.{key}`: of an array the largest, None when it is absent."""
        value = self.metadata.get(f"{self.architecture}.{key}")
        if isinstance(value, Array):
            numbers = [item for item in value.values if isinstance(item, int)]
            return max(numbers, default=None)
        return value if isinstance(value, int) else None

    def require_sizes(self) -> None:
        """Raises Malformed where a tensor's size cannot be told, or the file ends before its last one does."""
        ends = (tensor.offset_bytes + tensor.size_bytes for tensor in self.tensors)
        need = self.data_offset_bytes + max(ends, default=0)
        if need > self.file_bytes:
            raise Malformed(f"it has {self.file_bytes} bytes, its tensors need {need}")


_MAX_HEADER_BYTES = 256 * 1024**2
_MAX_ENTRIES = 100_000
_MAX_NAME_BYTES = 65_535
_MAX_TEXT_BYTES = 16_000_000
_MAX_ITEMS = 10_000_000
_MAX_DIMENSIONS = 4
_KEPT_ITEMS = 1024
_MAX_TENSOR_BYTES = 2**43

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9

# ggml type number: name, values in a block, bytes of a block.
_KINDS: dict[int, tuple[str, int, int]] = {
    0: ("F32", 1, 4),
    1: ("F16", 1, 2),
    2: ("Q4_0", 32, 18),
    3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34),
    9: ("Q8_1", 32, 36),
    10: ("Q2_K", 256, 84),
    11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210),
    15: ("Q8_K", 256, 292),
    16: ("IQ2_XXS", 256, 66),
    17: ("IQ2_XS", 256, 74),
    18: ("IQ3_XXS", 256, 98),
    19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18),
    21: ("IQ3_S", 256, 110),
    22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136),
    24: ("I8", 1, 1),
    25: ("I16", 1, 2),
    26: ("I32", 1, 4),
    27: ("I64", 1, 8),
    28: ("F64", 1, 8),
    29: ("IQ1_M", 256, 56),
    30: ("BF16", 1, 2),
    39: ("MXFP4", 32, 17),
}


def read_header(path: Path) -> Header:
    """The header of the file at `path`. Raises OSError, and Malformed when it is damaged or not GGUF."""
    with path.open("rb") as file:
        return _Reader(file, os.fstat(file.fileno()).st_size).header()


class _Reader:
    """Takes one value after another from the file, never past its end or the header's limit."""

    def __init__(self, file: BinaryIO, file_bytes: int) -> None:
        self._file = file
        self._file_bytes = file_bytes
        self._left = min(file_bytes, _MAX_HEADER_BYTES)

    def header(self) -> Header:
        if self._take(4) != b"GGUF":
            raise Malformed("it does not begin with 'GGUF'")
        version = self._number("I")
        if version not in (2, 3):
            raise Malformed(f"version {version}, need 2 or 3 (little-endian)")
        n_tensors, n_entries = self._count(), self._count()
        metadata = dict(self._entry() for _ in range(n_entries))
        tensors = tuple(self._tensor() for _ in range(n_tensors))
        start = self._aligned(self._file.tell(), metadata.get("general.alignment", 32))
        return Header(version, metadata, tensors, start, self._file_bytes)

    def _entry(self) -> tuple[str, Scalar | Array]:
        key = self._text(_MAX_NAME_BYTES)
        kind = self._number("I")
        return key, self._array() if kind == _ARRAY else self._scalar(kind)

    def _scalar(self, kind: int) -> Scalar:
        if kind == _STRING:
            return self._text(_MAX_TEXT_BYTES)
        if kind not in _SCALARS:
            raise Malformed(f"metadata type {kind} is unknown")
        value: Scalar = struct.unpack("<" + _SCALARS[kind], self._take(struct.calcsize(_SCALARS[kind])))[0]
        return value

    def _array(self) -> Array:
        kind, length = self._number("I"), self._number("Q")
        if length > _MAX_ITEMS:
            raise Malformed(f"an array of {length} items, limit {_MAX_ITEMS}")
        least = 8 if kind == _STRING else struct.calcsize(_SCALARS.get(kind, "B"))
        if length * least > self._left:
            raise Malformed(f"an array of {length} items is longer than the file")
        if length > _KEPT_ITEMS and kind in _SCALARS:
            self._skip(length * least)
            return Array(length, ())
        kept = tuple(self._scalar(kind) for _ in range(min(length, _KEPT_ITEMS)))
        for _ in range(length - len(kept)):
            self._skip(self._number("Q"))
        return Array(length, kept if length <= _KEPT_ITEMS else ())

    def _tensor(self) -> Tensor:
        name = self._text(_MAX_NAME_BYTES)
        n_dimensions = self._number("I")
        if n_dimensions > _MAX_DIMENSIONS:
            raise Malformed(f"a tensor of {n_dimensions} dimensions, limit {_MAX_DIMENSIONS}")
        shape = tuple(self._number("Q") for _ in range(n_dimensions))
        kind, offset = self._number("I"), self._number("Q")
        return Tensor(name, shape, kind, offset)

    def _count(self) -> int:
        count = self._number("Q")
        if count > _MAX_ENTRIES:
            raise Malformed(f"{count} entries, limit {_MAX_ENTRIES}")
        return count

    def _text(self, limit: int) -> str:
        length = self._number("Q")
        if length > limit:
            raise Malformed(f"a name or text of {length} bytes, limit {limit}")
        return self._take(length).decode("utf-8", errors="replace")

    def _number(self, form: str) -> int:
        value: int = struct.unpack("<" + form, self._take(struct.calcsize(form)))[0]
        return value

    def _take(self, n_bytes: int) -> bytes:
        self._spend(n_bytes)
        piece = self._file.read(n_bytes)
        if len(piece) < n_bytes:
            raise Malformed("it ends in the middle of its header")
        return piece

    def _skip(self, n_bytes: int) -> None:
        self._spend(n_bytes)
        self._file.seek(n_bytes, os.SEEK_CUR)

    def _spend(self, n_bytes: int) -> None:
        if n_bytes > self._left:
            raise Malformed("it ends in the middle of its header, or the header is too long")
        self._left -= n_bytes

    @staticmethod
    def _aligned(position: int, alignment: Scalar | Array) -> int:
        if not isinstance(alignment, int) or alignment not in {2**power for power in range(3, 17)}:
            raise Malformed(f"an alignment of {alignment!r:.40}, need a power of two from 8 to 65536")
        return -(-position // alignment) * alignment
