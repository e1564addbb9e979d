"""Reads the GE2E speaker encoder's weights out of the training checkpoint that they are published in (`pretrained.pt`).

A checkpoint is a pickle, and unpickling runs whatever it says, so it is not unpickled. The store gives the very file
whose SHA-256 the manifest names, in which each tensor lies at a known place: a count (int64), then float32, little
endian. The network's tensors are three of its storages; the optimiser's, which are the rest, are never looked at.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jett.core.errors import ModelError

BANDS = 40
WIDTH = 256
LAYERS = 3
_GATES = 4 * WIDTH
_LSTM_AT, _LINEAR_AT, _BIAS_AT = 269_875, 7_723, 6_691
_COUNT_BYTES = 8
_INPUTS = (BANDS, WIDTH, WIDTH)

Numbers = NDArray[np.float32]


class Layer(NamedTuple):
    """One LSTM layer; rows are the gates input, output, forget, candidate, `WIDTH` of each."""

    of_input: Numbers
    """Shape (4 * WIDTH, inputs)."""
    of_state: Numbers
    """Shape (4 * WIDTH, WIDTH)."""
    biases: Numbers
    """Of the input, then of the state: shape (8 * WIDTH,)."""


class Weights(NamedTuple):
    """The whole network. `linear` has shape (WIDTH, WIDTH), a row for each output."""

    layers: tuple[Layer, ...]
    linear: Numbers
    bias: Numbers


def read_weights(path: Path) -> Weights:
    """Raises ModelError when the file is not there, or is not the checkpoint that these places are of."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"speaker: no model at '{path}' ({error.strerror}); run: jett models pull ge2e") from error
    lstm = _floats(path, content, _LSTM_AT, sum((inputs + WIDTH + 2) * _GATES for inputs in _INPUTS))
    linear = _floats(path, content, _LINEAR_AT, WIDTH * WIDTH).reshape(WIDTH, WIDTH)
    bias = _floats(path, content, _BIAS_AT, WIDTH)
    return Weights(tuple(_layers(lstm)), linear, bias)


def _floats(path: Path, content: bytes, at: int, count: int) -> Numbers:
    start, end = at + _COUNT_BYTES, at + _COUNT_BYTES + 4 * count
    found = int.from_bytes(content[at:start], "little")
    if found != count or len(content) < end:
        raise ModelError(
            f"speaker: '{path}' has {found} numbers at byte {at}, need {count}; run: jett models verify, then: "
            "jett models pull ge2e"
        )
    numbers = np.frombuffer(content, dtype="<f4", count=count, offset=start).astype(np.float32)
    if not np.isfinite(numbers).all():
        raise ModelError(f"speaker: '{path}' has numbers that are none at byte {at}; run: jett models pull ge2e")
    return numbers


def _layers(lstm: Numbers) -> list[Layer]:
    """All weights lie before all biases: of each layer those of its input, then those of its state."""
    sizes = [size for inputs in _INPUTS for size in (inputs * _GATES, WIDTH * _GATES)]
    ends = np.cumsum([0, *sizes])
    weights = [lstm[start:end].reshape(_GATES, -1) for start, end in pairwise(ends)]
    biases = lstm[ends[-1] :].reshape(LAYERS, 2, _GATES)
    return [
        Layer(
            _ordered(weights[2 * at]),
            _ordered(weights[2 * at + 1]),
            np.concatenate([_ordered(of_either) for of_either in biases[at]]),
        )
        for at in range(LAYERS)
    ]


def _ordered(gates: Numbers) -> Numbers:
    """From the order of PyTorch (input, forget, candidate, output) to that of ONNX, along the first axis."""
    i, f, c, o = np.split(gates, 4)
    return np.concatenate((i, o, f, c))
