"""The speech embedding made to go on where it stopped, so that 80 ms of sound cost the work of 80 ms and not of 775.

The published model looks at 76 mel frames anew for each embedding. It is convolutions and pooling without padding in
time, eight frames a step, so all but the last eight frames' work was done before. Here each convolution that looks back
two rows is given the last two rows of its last input as a state, and hands on those of this one:

    before   x ──────────────────────► Conv 3×1 ─►
    now      x ─┐
        state ──┴─ Concat ─┬─────────► Conv 3×1 ─►
                           └─ last two rows ──► state

With a state of no rows it is the published model on sound of any length. Weights are not touched. Used by `features`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jett.core import onnx_model
from jett.core.onnx_model import GRAPH, INITIALIZER, INPUT, NODE, OUTPUT
from jett.core.onnx_wire import Field, read, texts, write

State = tuple[NDArray[np.float32], ...]

MELS, ROWS = "mels", "rows"
"""Input, shape (1, 1, mel frames, 32), and output, (1, 96, embeddings, 1)."""
_BACK = 2
_TO_THE_END = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Onward:
    """The changed model."""

    content: bytes
    """An ONNX file."""
    widths: tuple[tuple[int, int], ...]
    """Channels and bands of each state."""

    @property
    def state_names(self) -> tuple[str, ...]:
        return tuple(f"state_{n}" for n in range(len(self.widths)))

    @property
    def new_state_names(self) -> tuple[str, ...]:
        return tuple(f"new_{name}" for name in self.state_names)

    def nothing(self) -> State:
        """The state of one that heard nothing yet."""
        return tuple(np.zeros((1, channels, 0, bands), dtype=np.float32) for channels, bands in self.widths)


def onward(content: bytes) -> Onward:
    """The speech embedding of the ONNX file `content` with states. Raises ValueError where it is another model."""
    model = read(content)
    graph = read(next(value for number, value in model if number == GRAPH and isinstance(value, bytes)))
    shapes = dict(_shape(value) for number, value in graph if number == INITIALIZER)
    nodes = [read(value) for number, value in graph if number == NODE and isinstance(value, bytes)]
    first, *between, last = nodes
    if _kind(first) != "Reshape" or _kind(last) != "Reshape":
        raise ValueError("it does not begin and end with a change of shape")
    changed: list[bytes] = []
    widths: list[tuple[int, int]] = []
    bands, renamed = 32, {texts(first, 2)[0]: MELS, texts(last, 1)[0]: ROWS}
    for node in between:
        node = [(number, _renamed(number, value, renamed)) for number, value in node]
        if _kind(node) == "MaxPool":
            bands //= 2
        elif _kind(node) == "Conv" and shapes[texts(node, 1)[1]][2] == _BACK + 1:
            changed += _looking_back(node, len(widths))
            widths.append((shapes[texts(node, 1)[1]][1], bands))
            continue
        changed.append(write(node))
    names = [f"state_{n}" for n in range(len(widths))]
    kept = [(number, value) for number, value in graph if number not in (NODE, INPUT, OUTPUT)]
    whole: list[Field] = [
        *((NODE, node) for node in changed),
        *kept,
        *((INITIALIZER, onnx_model.tensor(name, np.array([number], np.int64))) for name, number in _CONSTANTS.items()),
        *((INPUT, onnx_model.value(name)) for name in (MELS, *names)),
        *((OUTPUT, onnx_model.value(name)) for name in (ROWS, *(f"new_{name}" for name in names))),
    ]
    return Onward(write((n, write(whole) if n == GRAPH else value) for n, value in model), tuple(widths))


_CONSTANTS = {"onward_from": -_BACK, "onward_to": _TO_THE_END, "onward_axis": 2}


def _looking_back(node: list[Field], n: int) -> list[bytes]:
    """The convolution `node` with the rows before its input, and what hands its last rows on."""
    before = texts(node, 1)[0]
    joined = f"joined_{n}"
    return [
        onnx_model.node("Concat", [f"state_{n}", before], [joined], axis=2),
        onnx_model.node("Slice", [joined, *_CONSTANTS], [f"new_state_{n}"]),
        write((number, _renamed(number, value, {before: joined})) for number, value in node),
    ]


def _renamed(number: int, value: int | bytes, names: dict[str, str]) -> int | bytes:
    """Of a node's field: other names for its inputs and outputs."""
    if number not in (1, 2) or not isinstance(value, bytes):
        return value
    name = value.decode()
    return names.get(name, name).encode()


def _kind(node: list[Field]) -> str:
    return texts(node, 4)[0]


def _shape(tensor: int | bytes) -> tuple[str, tuple[int, ...]]:
    """Name and dimensions of a TensorProto."""
    fields = read(tensor) if isinstance(tensor, bytes) else []
    return texts(fields, 8)[0], tuple(value for number, value in fields if number == 1 and isinstance(value, int))
