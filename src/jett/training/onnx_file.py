"""A trained head as an ONNX file, written byte by byte: so the runtime needs no `onnx` package.

Input `embeddings` (1, 16, 96), output `score` (1, 1): the sigmoid of the mean of the networks' logits. Field numbers
are those of onnx.proto (opset 17); format: https://protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jett.training.layers import Array, Dense, Dropout, Flatten, Layer, LayerNorm, Relu
from jett.training.network import DIMENSIONS, FRAMES, Network

_FLOAT = 1
_IR_VERSION, _OPSET = 8, 17


def head_file(networks: Sequence[Network], meta: Mapping[str, str]) -> bytes:
    """The file; `meta` becomes its metadata, such as `jett.phrase`."""
    graph = _Graph()
    logits = [_layers(graph, network, f"n{n}") for n, network in enumerate(networks)]
    mean = graph.node("Mean", logits, "logit")
    graph.node("Sigmoid", [mean], "score")
    props = b"".join(_field(14, _field(1, key.encode()) + _field(2, value.encode())) for key, value in meta.items())
    return (
        _number(1, _IR_VERSION)
        + _field(2, b"jett")
        + _field(7, graph.written("embeddings", (1, FRAMES, DIMENSIONS), "score", (1, 1)))
        + _field(8, _number(2, _OPSET))
        + props
    )


def _layers(graph: _Graph, network: Network, name: str) -> str:
    """Add the nodes of one network; the name of its logit."""
    at = graph.node("Sub", ["embeddings", graph.tensor(f"{name}.mean", network.mean)], f"{name}.centred")
    at = graph.node("Mul", [at, graph.tensor(f"{name}.scale", network.scale)], f"{name}.normal")
    for n, layer in enumerate(network.layers):
        at = _layer(graph, layer, at, f"{name}.{n}")
    return at


def _layer(graph: _Graph, layer: Layer, at: str, name: str) -> str:
    match layer:
        case Flatten():
            return graph.node("Flatten", [at], name)
        case Dense():
            product = graph.node("MatMul", [at, graph.tensor(f"{name}.w", layer.values[0])], f"{name}.product")
            return graph.node("Add", [product, graph.tensor(f"{name}.b", layer.values[1])], name)
        case LayerNorm():
            inputs = [at, graph.tensor(f"{name}.gain", layer.values[0]), graph.tensor(f"{name}.shift", layer.values[1])]
            return graph.node("LayerNormalization", inputs, name)  # its own epsilon is 1e-5, as ours
        case Relu():
            return graph.node("Relu", [at], name)
        case Dropout():
            return at
    raise AssertionError(f"no ONNX operator for {type(layer).__name__}")


class _Graph:
    """Nodes in order, and the numbers that they use."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self._tensors: list[bytes] = []

    def node(self, kind: str, inputs: Sequence[str], output: str) -> str:
        named = b"".join(_field(1, name.encode()) for name in inputs)
        self._nodes.append(named + _field(2, output.encode()) + _field(4, kind.encode()))
        return output

    def tensor(self, name: str, values: Array) -> str:
        dims = b"".join(_number(1, n) for n in values.shape)
        raw = values.astype("<f4").tobytes()
        self._tensors.append(dims + _number(2, _FLOAT) + _field(8, name.encode()) + _field(9, raw))
        return name

    def written(self, given: str, given_shape: Sequence[int], found: str, found_shape: Sequence[int]) -> bytes:
        nodes = b"".join(_field(1, node) for node in self._nodes)
        tensors = b"".join(_field(5, tensor) for tensor in self._tensors)
        ends = _field(11, _value(given, given_shape)) + _field(12, _value(found, found_shape))
        return nodes + _field(2, b"head") + tensors + ends


def _value(name: str, shape: Sequence[int]) -> bytes:
    dims = b"".join(_field(1, _number(1, n)) for n in shape)
    return _field(1, name.encode()) + _field(2, _field(1, _number(1, _FLOAT) + _field(2, dims)))


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
