"""A trained head, or a trained look, as an ONNX file, and a head's file as networks again.

Input `embeddings` (1, 16, 96; of a look as many as a state has), output `score` (1, 1): the sigmoid of the mean of the
networks' logits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from jett.core.onnx_model import GRAPH, INITIALIZER, model, node, tensor, value
from jett.core.onnx_wire import read
from jett.training.layers import Array, Dense, Dropout, Flatten, Layer, LayerNorm, Relu
from jett.training.network import DIMENSIONS, FRAMES, Network, network

_OPSET = 17


def head_file(networks: Sequence[Network], meta: Mapping[str, str]) -> bytes:
    """The file; `meta` becomes its metadata, such as `jett.phrase`."""
    graph = _Graph()
    logits = [_layers(graph, network, f"n{n}") for n, network in enumerate(networks)]
    mean = graph.node("Mean", logits, "logit")
    graph.node("Sigmoid", [mean], "score")
    given, found = value("embeddings", (1, FRAMES, networks[0].mean.size)), value("score", (1, 1))
    return model("head", graph.nodes, graph.tensors, [given], [found], opset=_OPSET, meta=meta)


def networks_of(content: bytes) -> list[Network]:
    """The networks of a file that `head_file` wrote. Raises ValueError where it is another one's, or damaged."""
    try:
        tensors = dict(_tensors(content))
        members = sum(name.endswith(".mean") for name in tensors)
        found = [_network(tensors, f"n{n}") for n in range(members)]
    except (KeyError, IndexError, TypeError, UnicodeDecodeError) as error:
        raise ValueError(f"not a head of `jett wake train` ({type(error).__name__})") from error
    if not found:
        raise ValueError("not a head of `jett wake train`")
    return found


def _tensors(content: bytes) -> Iterator[tuple[str, Array]]:
    graphs = [graph for number, graph in read(content) if number == GRAPH and isinstance(graph, bytes)]
    for number, message in (field for graph in graphs for field in read(graph)):
        if number == INITIALIZER and isinstance(message, bytes):
            fields = read(message)
            shape = [size for at, size in fields if at == 1 and isinstance(size, int)]
            held = {at: each for at, each in fields if isinstance(each, bytes)}
            yield held[8].decode(), np.frombuffer(held[9], dtype="<f4").reshape(shape).astype(np.float32)


def _network(tensors: Mapping[str, Array], name: str) -> Network:
    width = tensors[f"{name}.1.w"].shape[1]
    mean, scale = tensors[f"{name}.mean"], tensors[f"{name}.scale"]
    made = network(mean, np.ones_like(scale), np.random.default_rng(0), width)
    made.scale = scale
    if mean.shape != scale.shape or mean.shape != (DIMENSIONS,):
        raise KeyError(name)
    for n, layer in enumerate(made.layers):
        parts = {Dense: ("w", "b"), LayerNorm: ("gain", "shift")}.get(type(layer), ())
        given = [tensors[f"{name}.{n}.{part}"] for part in parts]
        if [each.shape for each in given] != [each.shape for each in layer.values]:
            raise KeyError(f"{name}.{n}")
        layer.values = given
    return made


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
        self.nodes: list[bytes] = []
        self.tensors: list[bytes] = []

    def node(self, kind: str, inputs: Sequence[str], output: str) -> str:
        self.nodes.append(node(kind, inputs, [output]))
        return output

    def tensor(self, name: str, values: Array) -> str:
        self.tensors.append(tensor(name, values.astype(np.float32)))
        return name
