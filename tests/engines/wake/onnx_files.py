"""Small ONNX heads, written byte by byte: flatten, a dense layer, sigmoid. Field numbers are those of onnx.proto."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

_FLOAT = 1


def head(
    weights: NDArray[np.float32],
    bias: float = 0.0,
    *,
    shape: Sequence[int] = (1, 16, 96),
    meta: Mapping[str, str] | None = None,
    last: str = "Sigmoid",
    kind: int = _FLOAT,
) -> bytes:
    """`weights`: (values, outputs); `last` is the operator that gives the scores."""
    outputs = weights.shape[1]
    nodes = [
        _node("Flatten", ["x"], "flat"),
        _node("MatMul", ["flat", "w"], "product"),
        _node("Add", ["product", "b"], "sum"),
        _node(last, ["sum"], "score"),
    ]
    graph = b"".join(_field(1, node) for node in nodes)
    graph += _field(2, b"head")
    graph += _field(5, _tensor("w", weights)) + _field(5, _tensor("b", np.full(outputs, bias, dtype=np.float32)))
    graph += _field(11, _value("x", shape, kind)) + _field(12, _value("score", (1, outputs), _FLOAT))
    props = b"".join(_field(14, _field(1, k.encode()) + _field(2, v.encode())) for k, v in (meta or {}).items())
    return _number(1, 8) + _field(7, graph) + _field(8, _number(2, 13)) + props


def _node(kind: str, inputs: Sequence[str], output: str) -> bytes:
    return b"".join(_field(1, name.encode()) for name in inputs) + _field(2, output.encode()) + _field(4, kind.encode())


def _tensor(name: str, values: NDArray[np.float32]) -> bytes:
    dims = b"".join(_number(1, n) for n in values.shape)
    return dims + _number(2, _FLOAT) + _field(8, name.encode()) + _field(9, values.astype("<f4").tobytes())


def _value(name: str, shape: Sequence[int], kind: int) -> bytes:
    dims = b"".join(_field(1, _number(1, n)) for n in shape)
    return _field(1, name.encode()) + _field(2, _field(1, _number(1, kind) + _field(2, dims)))


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
