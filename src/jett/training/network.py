"""The network of a head, or of a trained look: a window of 16 rows in, one logit out.

Its shape was chosen against a logistic one and one with attention (benchmarks/LOG.md, "Wake words: which head").
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jett.training.layers import Array, Dense, Dropout, Flatten, Layer, LayerNorm, Relu

FRAMES, DIMENSIONS = 16, 96
WIDTH = 128
_DROPOUT = 0.5


class Network:
    """Layers one after another, after the input was brought to mean 0 and deviation 1 of the negatives."""

    def __init__(self, layers: Sequence[Layer], mean: Array, deviation: Array) -> None:
        self.layers = tuple(layers)
        self.mean = mean
        """Shape (dimensions,)."""
        self.scale: Array = (1 / np.maximum(deviation, 1e-3)).astype(np.float32)
        """Shape (dimensions,)."""

    def forward(self, windows: Array, rng: np.random.Generator | None = None) -> Array:
        """Logits, shape (n,), of `windows` (n, 16, dimensions)."""
        x: Array = (windows - self.mean) * self.scale
        for layer in self.layers:
            x = layer.forward(x, rng)
        return x[:, 0]

    def backward(self, d: Array) -> None:
        """Fill the gradients from that of the loss by the logits, shape (n,)."""
        back = d[:, None]
        for layer in reversed(self.layers):
            back = layer.backward(back)

    def parameters(self) -> list[Array]:
        """Copies of all values, in order."""
        return [value.copy() for layer in self.layers for value in layer.values]

    def take(self, parameters: Sequence[Array]) -> None:
        """Put `parameters` (as `parameters` gave them) in place."""
        given = iter(parameters)
        for layer in self.layers:
            layer.values = [next(given).copy() for _ in layer.values]


def network(mean: Array, deviation: Array, rng: np.random.Generator, width: int = WIDTH) -> Network:
    """A fresh one for rows of as many numbers as `mean` has: two layers of `width`, each with layer norm."""
    first: list[Layer] = [
        Flatten(),
        Dense(FRAMES * mean.size, width, rng),
        LayerNorm(width),
        Relu(),
        Dropout(_DROPOUT),
    ]
    second: list[Layer] = [Dense(width, width, rng), LayerNorm(width), Relu(), Dropout(_DROPOUT)]
    return Network([*first, *second, _last(width, rng)], mean.astype(np.float32), deviation)


def _last(inputs: int, rng: np.random.Generator) -> Dense:
    layer = Dense(inputs, 1, rng)
    layer.values[0] *= np.float32(0.1)
    layer.values[1][:] = -2.0  # most of what is heard is not the phrase
    return layer


def sigmoid(logits: Array) -> Array:
    """1 / (1 + e^-x), without overflow."""
    halves: Array = (0.5 * (1.0 + np.tanh(0.5 * logits))).astype(np.float32)
    return halves
