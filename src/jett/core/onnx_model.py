"""Parts of an ONNX model as its file has them, so that no `onnx` package is needed to write one. Pure.

Field numbers are those of onnx.proto. Used by the engines that change or write a model, and by training.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from jett.core.onnx_wire import Field, write

NODE, INITIALIZER, INPUT, OUTPUT = 1, 5, 11, 12
"""Fields of a GraphProto."""
GRAPH = 7
"""Field of a ModelProto."""
FLOAT, INT64 = 1, 7
"""TensorProto.DataType."""
_INT_ATTRIBUTE = 2

Dimension = int | str
"""One with a name may be any."""


def node(kind: str, inputs: Sequence[str], outputs: Sequence[str], **attributes: int) -> bytes:
    """A NodeProto; of attributes only whole numbers."""
    named: list[Field] = [*((1, name.encode()) for name in inputs), *((2, name.encode()) for name in outputs)]
    given = [write([(1, name.encode()), (3, value), (20, _INT_ATTRIBUTE)]) for name, value in attributes.items()]
    return write([*named, (4, kind.encode()), *((5, each) for each in given)])


def tensor(name: str, values: NDArray[np.float32] | NDArray[np.int64]) -> bytes:
    """A TensorProto of float32, or of int64."""
    kind, little_endian = (INT64, "<i8") if values.dtype == np.int64 else (FLOAT, "<f4")
    dimensions: list[Field] = [(1, size) for size in values.shape]
    return write([*dimensions, (2, kind), (8, name.encode()), (9, values.astype(little_endian).tobytes())])


def value(name: str, shape: Sequence[Dimension] | None = None, kind: int = FLOAT) -> bytes:
    """A ValueInfoProto: what goes in or out. Without a `shape` it may have any."""
    form: list[Field] = [(1, kind)]
    if shape is not None:
        form.append((2, write((1, _dimension(size)) for size in shape)))
    return write([(1, name.encode()), (2, write([(1, write(form))]))])


def model(
    name: str,
    nodes: Iterable[bytes],
    tensors: Iterable[bytes],
    inputs: Iterable[bytes],
    outputs: Iterable[bytes],
    *,
    opset: int,
    meta: Mapping[str, str] | None = None,
) -> bytes:
    """The file; `meta` becomes its metadata."""
    graph: list[Field] = [
        *((NODE, each) for each in nodes),
        (2, name.encode()),
        *((INITIALIZER, each) for each in tensors),
        *((INPUT, each) for each in inputs),
        *((OUTPUT, each) for each in outputs),
    ]
    props = [write([(1, key.encode()), (2, text.encode())]) for key, text in (meta or {}).items()]
    ir_version = 7 if opset < 15 else 8  # the oldest that has the operators
    return write(
        [
            (1, ir_version),
            (2, b"jett"),
            (GRAPH, write(graph)),
            (8, write([(2, opset)])),
            *((14, each) for each in props),
        ]
    )


def _dimension(size: Dimension) -> bytes:
    return write([(1, size)]) if isinstance(size, int) else write([(2, size.encode())])
