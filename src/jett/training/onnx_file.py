"""A trained head as an ONNX file.

Input `embeddings` (1, 16, 96), output `score` (1, 1): the sigmoid of the mean of the networks' logits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from jett.core.onnx_model import model, node, tensor, value
from jett.training.layers import Array, Dense, Dropout, Flatten, Layer, LayerNorm, Relu
from jett.training.network import DIMENSIONS, FRAMES, Network

_OPSET = 17


def head_file(networks: Sequence[Network], meta: Mapping[str, str]) -> bytes:
    """The file; `meta` becomes its metadata, such as `jett.phrase`."""
    graph = _Graph()
    logits = [_layers(graph, network, f"n{n}") for n, network in enumerate(networks)]
    mean = graph.node("Mean", logits, "logit")
    graph.node("Sigmoid", [mean], "score")
    given, found = value("embeddings", (1, FRAMES, DIMENSIONS)), value("score", (1, 1))
    return model("head", graph.nodes, graph.tensors, [given], [found], opset=_OPSET, meta=meta)


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
