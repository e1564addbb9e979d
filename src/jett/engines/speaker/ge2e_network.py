"""The GE2E network as an ONNX model, written by hand from its weights: three LSTM layers, a linear one, a ReLU.

ONNX Runtime's own thread runs it, and no pool of a BLAS library that spins beside the language model. Called by `ge2e`.
"""

from __future__ import annotations

import numpy as np

from jett.core.onnx_model import model, node, tensor, value
from jett.engines.speaker.ge2e_weights import BANDS, WIDTH, Weights

INPUT, OUTPUT = "frames", "places"
_OPSET = 13


def onnx_model(weights: Weights) -> bytes:
    """The serialised model: `frames`, shape (frames, windows, BANDS), to `places`, shape (windows, WIDTH), unscaled."""
    tensors, nodes, last = (
        [tensor("axis", np.array([1], np.int64)), tensor("first", np.array([0], np.int64))],
        [],
        INPUT,
    )
    for at, layer in enumerate(weights.layers):
        names = [f"{part}{at}" for part in ("input_weights", "state_weights", "biases")]
        tensors += [tensor(name, part[None]) for name, part in zip(names, layer, strict=True)]
        nodes += [
            node("LSTM", [last, *names], [f"states{at}", f"end{at}"], hidden_size=WIDTH),
            node("Squeeze", [f"states{at}", "axis"], [f"out{at}"]),
        ]
        last = f"out{at}"
    tensors += [tensor("linear", weights.linear), tensor("bias", weights.bias)]
    nodes += [
        node("Squeeze", [f"end{len(weights.layers) - 1}", "first"], ["end"]),
        node("Gemm", ["end", "linear", "bias"], ["raw"], transB=1),
        node("Relu", ["raw"], [OUTPUT]),
    ]
    return model(
        "ge2e",
        nodes,
        tensors,
        [value(INPUT, ("frames", "windows", BANDS))],
        [value(OUTPUT, ("windows", WIDTH))],
        opset=_OPSET,
    )
