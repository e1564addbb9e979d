"""Looks into a GGUF file before llama.cpp does: is it whole, and how much memory will it want?

llama.cpp says only that it failed, to a log that Jett keeps silent. Reads the header alone, never a tensor.
Format: ggml's docs/gguf.md, versions 2 and 3, little-endian. Called by `embedded`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from jett.core.errors import ModelError, ModelMissing

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_MOST_ENTRIES = 100_000
_LONGEST_STRING_BYTES = 16_000_000
_LONGEST_ARRAY = 10_000_000


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """What the header says of the model."""

    architecture: str
    trained_context_tokens: int
    kv_values_per_token: int
    """Keys and values that one token of context needs in the cache, over all layers; 0 when unknown."""
    file_bytes: int


class _MalformedError(ValueError):
    """The header breaks the format."""


def read_header(path: Path) -> GgufHeader:
    """The header of the model at `path`. Raises ModelMissing when there is none, ModelError when it is damaged."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            fields, ends_at = _parse(file, size)
    except FileNotFoundError as error:
        raise ModelMissing(f"llm: no model at {path}; run `jett models pull`") from error
    except OSError as error:
        raise ModelError(f"llm: cannot read {path} ({error.strerror}); check its permissions") from error
    except (_MalformedError, struct.error, UnicodeDecodeError) as error:
        raise ModelError(f"llm: {path.name} is not a whole GGUF model ({error}); run `jett models verify`") from error
    if ends_at >= size:
        raise ModelError(
            f"llm: {path.name} has {size} bytes, its last tensor begins at {ends_at}; run `jett models verify`"
        )
    return _header(fields, size)


def _parse(file: BinaryIO, size: int) -> tuple[dict[str, object], int]:
    """The metadata, and where the last tensor begins."""
    magic, version = file.read(4), _unpack(file, "I")
    if magic != b"GGUF" or version not in (2, 3):
        raise _MalformedError("no GGUF header of version 2 or 3")
    n_tensors, n_fields = _count(_unpack(file, "Q")), _count(_unpack(file, "Q"))
    fields: dict[str, object] = {}
    for _ in range(n_fields):
        key = _string(file)
        fields[key] = _value(file, _unpack(file, "I"), size)
    last = 0
    for _ in range(n_tensors):
        last = max(last, _tensor_offset(file))
    named = fields.get("general.alignment")
    alignment = named if isinstance(named, int) and named > 0 else 32
    return fields, -(-file.tell() // alignment) * alignment + last


def _unpack(file: BinaryIO, code: str) -> int:
    value: int = struct.unpack("<" + code, file.read(struct.calcsize("<" + code)))[0]
    return value


def _count(value: int) -> int:
    if value > _MOST_ENTRIES:
        raise _MalformedError(f"{value} entries, limit {_MOST_ENTRIES}")
    return value


def _string(file: BinaryIO) -> str:
    length = _unpack(file, "Q")
    if length > _LONGEST_STRING_BYTES:
        raise _MalformedError(f"a string of {length} bytes, limit {_LONGEST_STRING_BYTES}")
    return file.read(length).decode("utf-8", "replace")


def _value(file: BinaryIO, kind: int, size: int) -> object:
    if kind == _STRING:
        return _string(file)
    if kind == _ARRAY:
        return _array(file, size)
    if kind not in _SCALARS:
        raise _MalformedError(f"a value of unknown type {kind}")
    return _unpack(file, _SCALARS[kind])


def _array(file: BinaryIO, size: int) -> list[object]:
    """Numbers are read (per-layer head counts), strings skipped (the vocabulary)."""
    kind, length = _unpack(file, "I"), _unpack(file, "Q")
    if length > _LONGEST_ARRAY or file.tell() + length > size:
        raise _MalformedError(f"an array of {length} values")
    if kind == _STRING:
        for _ in range(length):
            file.seek(_unpack(file, "Q"), 1)
        return []
    if kind not in _SCALARS:
        raise _MalformedError(f"an array of unknown type {kind}")
    code = f"<{length}{_SCALARS[kind]}"
    return list(struct.unpack(code, file.read(struct.calcsize(code))))


def _tensor_offset(file: BinaryIO) -> int:
    _string(file)
    n_dimensions = _unpack(file, "I")
    if n_dimensions > 8:
        raise _MalformedError(f"a tensor of {n_dimensions} dimensions")
    file.seek(8 * n_dimensions + 4, 1)
    return _unpack(file, "Q")


def _header(fields: dict[str, object], size: int) -> GgufHeader:
    architecture = str(fields.get("general.architecture", ""))

    def whole(name: str, default: int = 0) -> int:
        value = fields.get(f"{architecture}.{name}", default)
        if isinstance(value, list):
            value = max(value, default=0)
        return value if isinstance(value, int) else default

    heads = whole("attention.head_count", 1)
    key = whole("attention.key_length", whole("embedding_length") // max(heads, 1))
    values = key + whole("attention.value_length", key)
    return GgufHeader(
        architecture=architecture,
        trained_context_tokens=whole("context_length"),
        kv_values_per_token=whole("block_count") * whole("attention.head_count_kv", heads) * values,
        file_bytes=size,
    )
