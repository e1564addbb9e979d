"""The GE2E network as an ONNX model, written by hand from its weights: three LSTM layers, a linear one, a ReLU.

ONNX Runtime's own thread runs it, and no pool of a BLAS library that spins beside the language model. The format is
protobuf (onnx.proto of ONNX 1.x); the dozen fields that are needed are written here, so that no package is. Called by
`ge2e`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jett.engines.speaker.ge2e_weights import BANDS, WIDTH, Weights

INPUT, OUTPUT = "frames", "places"
_IR_VERSION, _OPSET = 7, 13
_FLOAT, _INT64, _INT_ATTRIBUTE = 1, 7, 2
_VARINT, _BYTES = 0, 2


def onnx_model(weights: Weights) -> bytes:
    """The serialised model: `frames`, shape (frames, windows, BANDS), to `places`, shape (windows, WIDTH), unscaled."""
    tensors, nodes, last = (
        [_tensor("axis", np.array([1], np.int64)), _tensor("first", np.array([0], np.int64))],
        [],
        INPUT,
    )
    for at, layer in enumerate(weights.layers):
        names = [f"{part}{at}" for part in ("input_weights", "state_weights", "biases")]
        tensors += [_tensor(name, part[None]) for name, part in zip(names, layer, strict=True)]
        nodes += [
            _node("LSTM", [last, *names], [f"states{at}", f"end{at}"], hidden_size=WIDTH),
            _node("Squeeze", [f"states{at}", "axis"], [f"out{at}"]),
        ]
        last = f"out{at}"
    tensors += [_tensor("linear", weights.linear), _tensor("bias", weights.bias)]
    nodes += [
        _node("Squeeze", [f"end{len(weights.layers) - 1}", "first"], ["end"]),
        _node("Gemm", ["end", "linear", "bias"], ["raw"], transB=1),
        _node("Relu", ["raw"], [OUTPUT]),
    ]
    graph = [_field(1, node) for node in nodes] + [_field(2, b"ge2e")] + [_field(5, tensor) for tensor in tensors]
    graph += [_field(11, _value(INPUT, ("frames", "windows", BANDS))), _field(12, _value(OUTPUT, ("windows", WIDTH)))]
    opset = _field(1, b"") + _number(2, _OPSET)
    return _number(1, _IR_VERSION) + _field(7, b"".join(graph)) + _field(8, opset)


def _node(kind: str, inputs: list[str], outputs: list[str], **attributes: int) -> bytes:
    named = b"".join(_field(1, name.encode()) for name in inputs) + b"".join(
        _field(2, name.encode()) for name in outputs
    )
    settings = (
        _field(1, name.encode()) + _number(3, value) + _number(20, _INT_ATTRIBUTE) for name, value in attributes.items()
    )
    return named + _field(4, kind.encode()) + b"".join(_field(5, setting) for setting in settings)


def _tensor(name: str, values: NDArray[np.float32] | NDArray[np.int64]) -> bytes:
    kind = _INT64 if values.dtype == np.int64 else _FLOAT
    dimensions = b"".join(_number(1, size) for size in values.shape)
    little_endian = values.astype(values.dtype.newbyteorder("<")).tobytes()
    return dimensions + _number(2, kind) + _field(8, name.encode()) + _field(9, little_endian)


def _value(name: str, shape: tuple[int | str, ...]) -> bytes:
    """What goes in or out; a dimension with a name may be any."""
    sizes = (_number(1, size) if isinstance(size, int) else _field(2, size.encode()) for size in shape)
    dimensions = b"".join(_field(1, size) for size in sizes)
    kind = _number(1, _FLOAT) + _field(2, dimensions)
    return _field(1, name.encode()) + _field(2, _field(1, kind))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3 | _VARINT) + _varint(value)


def _field(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | _BYTES) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; the high bit says that more follow."""
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])
