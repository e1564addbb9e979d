"""The wire format of protocol buffers, as far as ONNX files use it: messages to fields and back. Pure.

Format: https://protobuf.dev/programming-guides/encoding. So the `onnx` package is not needed to change a model.
"""

from __future__ import annotations

from collections.abc import Iterable

_VARINT, _EIGHT, _LENGTH, _FOUR = 0, 1, 2, 5

Field = tuple[int, int | bytes]
"""Number and value: an int for a varint, bytes for what has a length or a fixed size (see `read`)."""


def read(message: bytes) -> list[Field]:
    """The fields of `message` in order, those of fixed size left out (ONNX models hold none). Raises ValueError."""
    fields: list[Field] = []
    at = 0
    while at < len(message):
        key, at = _read_varint(message, at)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, at = _read_varint(message, at)
            fields.append((number, value))
            continue
        if kind not in (_EIGHT, _LENGTH, _FOUR):
            raise ValueError(f"no field is of kind {kind}")
        size = 8 if kind == _EIGHT else 4
        if kind == _LENGTH:
            size, at = _read_varint(message, at)
        if at + size > len(message):
            raise ValueError("a field is longer than its message")
        if kind == _LENGTH:
            fields.append((number, message[at : at + size]))
        at += size
    return fields


def write(fields: Iterable[Field]) -> bytes:
    """The message of `fields`."""
    return b"".join(_written(number, value) for number, value in fields)


def texts(fields: Iterable[Field], number: int) -> list[str]:
    """The strings of field `number`."""
    return [value.decode() for found, value in fields if found == number and isinstance(value, bytes)]


def _written(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3 | _VARINT) + _varint(value)
    return _varint(number << 3 | _LENGTH) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(message) or shift > 63:
            raise ValueError("a number does not end")
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
