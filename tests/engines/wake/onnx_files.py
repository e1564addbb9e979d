"""Small ONNX heads: flatten, a dense layer, sigmoid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from jett.core.onnx_model import FLOAT, model, node, tensor, value


def head(
    weights: NDArray[np.float32],
    bias: float = 0.0,
    *,
    shape: Sequence[int] = (1, 16, 96),
    meta: Mapping[str, str] | None = None,
    last: str = "Sigmoid",
    kind: int = FLOAT,
) -> bytes:
    """`weights`: (values, outputs); `last` is the operator that gives the scores."""
    outputs = weights.shape[1]
    nodes = [
        node("Flatten", ["x"], ["flat"]),
        node("MatMul", ["flat", "w"], ["product"]),
        node("Add", ["product", "b"], ["sum"]),
        node(last, ["sum"], ["score"]),
    ]
    numbers = [tensor("w", weights.astype(np.float32)), tensor("b", np.full(outputs, bias, dtype=np.float32))]
    ends = [value("x", shape, kind)], [value("score", (1, outputs))]
    return model("head", nodes, numbers, *ends, opset=13, meta=meta)
