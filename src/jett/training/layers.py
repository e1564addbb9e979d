"""Layers of a small network, forwards and backwards, in numpy: what a head needs and no more.

Shapes are (batch, ...), float32. A layer keeps what its own `backward` needs from the last `forward`; parameters and
their gradients are plain arrays in `values` and `gradients`, which `optimiser` walks through.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
_EPSILON = np.float32(1e-5)


class Layer(Protocol):
    """One step of a network."""

    values: list[Array]
    gradients: list[Array]

    def forward(self, x: Array, rng: np.random.Generator | None) -> Array:
        """The output for `x`; with `rng` as in training (dropout), without it as in use."""
        ...

    def backward(self, d: Array) -> Array:
        """From the loss' gradient by the output to that by the input; fills `gradients`."""
        ...


class Dense:
    """`x @ w + b` over the last axis."""

    def __init__(self, inputs: int, outputs: int, rng: np.random.Generator) -> None:
        scale = np.sqrt(2.0 / inputs)
        self.values = [
            rng.normal(0.0, scale, (inputs, outputs)).astype(np.float32),
            np.zeros(outputs, dtype=np.float32),
        ]
        self.gradients = [np.zeros_like(value) for value in self.values]

    def forward(self, x: Array, rng: np.random.Generator | None) -> Array:
        self._x = x
        y: Array = x @ self.values[0] + self.values[1]
        return y

    def backward(self, d: Array) -> Array:
        flat_x, flat_d = self._x.reshape(-1, self._x.shape[-1]), d.reshape(-1, d.shape[-1])
        self.gradients = [flat_x.T @ flat_d, flat_d.sum(axis=0)]
        back: Array = d @ self.values[0].T
        return back


class LayerNorm:
    """Mean 0 and deviation 1 over the last axis, then a gain and a shift."""

    def __init__(self, size: int) -> None:
        self.values = [np.ones(size, dtype=np.float32), np.zeros(size, dtype=np.float32)]
        self.gradients = [np.zeros_like(value) for value in self.values]

    def forward(self, x: Array, rng: np.random.Generator | None) -> Array:
        centred = x - x.mean(axis=-1, keepdims=True)
        self._scale = 1 / np.sqrt(np.square(centred).mean(axis=-1, keepdims=True) + _EPSILON)
        self._normal = centred * self._scale
        y: Array = self._normal * self.values[0] + self.values[1]
        return y

    def backward(self, d: Array) -> Array:
        over = tuple(range(d.ndim - 1))
        self.gradients = [(d * self._normal).sum(axis=over), d.sum(axis=over)]
        d = d * self.values[0]
        shared = d.mean(axis=-1, keepdims=True) + self._normal * (d * self._normal).mean(axis=-1, keepdims=True)
        back: Array = (d - shared) * self._scale
        return back


class Relu:
    """What is below zero becomes zero."""

    def __init__(self) -> None:
        self.values: list[Array] = []
        self.gradients: list[Array] = []

    def forward(self, x: Array, rng: np.random.Generator | None) -> Array:
        self._open = x > 0
        return x * self._open

    def backward(self, d: Array) -> Array:
        return d * self._open


class Dropout:
    """In training, a share of the numbers becomes zero and the rest grows as much."""

    def __init__(self, share: float) -> None:
        self.values: list[Array] = []
        self.gradients: list[Array] = []
        self._share = share

    def forward(self, x: Array, rng: np.random.Generator | None) -> Array:
        self._keep = None
        if rng is None or self._share == 0:
            return x
        kept = rng.random(x.shape, dtype=np.float32) >= self._share
        self._keep = kept.astype(np.float32) / np.float32(1 - self._share)
        return x * self._keep

    def backward(self, d: Array) -> Array:
        return d if self._keep is None else d * self._keep


class Flatten:
    """(batch, frames, features) to (batch, frames * features)."""

    def __init__(self) -> None:
        self.values: list[Array] = []
        self.gradients: list[Array] = []

    def forward(self, x: Array, rng: np.random.Generator | None) -> Array:
        self._shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, d: Array) -> Array:
        return d.reshape(self._shape)
