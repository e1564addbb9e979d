"""openWakeWord's heads in TensorFlow Lite, run in numpy: a few dense layers need no runtime of 5 MB.

Knows just the operators that such heads are made of, in float32; any other file is a ModelError. Numbers of fields and
operators are those of the published schema (tensorflow/lite/schema/schema.fbs). Chosen in docs/decisions/wake-word.md.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jett.core.errors import ModelError
from jett.engines.wake.flatbuffer import Table

_MOST_VALUES = 1 << 20
"""Of one result: a file must not make Jett fill the memory."""
_MOST_OPERATORS = 1000
_DAMAGE = (struct.error, ValueError, IndexError, TypeError, OverflowError, KeyError)
_KINDS = {0: "<f4", 2: "<i4"}  # TensorType
_FULLY_CONNECTED, _RESHAPE, _MEAN, _IF = 9, 22, 40, 118  # BuiltinOperator

Array = NDArray[Any]


def _logistic(x: Array) -> Array:
    halves: Array = 0.5 + 0.5 * np.tanh(0.5 * x)
    return halves


_PLAIN: dict[int, Callable[..., Array]] = {
    0: np.add,
    14: _logistic,
    18: np.multiply,
    19: lambda x: np.maximum(x, 0),
    41: np.subtract,
    61: np.greater,
    62: np.greater_equal,
    76: lambda x: 1 / np.sqrt(x),
    99: lambda x, y: np.square(x - y),
}
_ACTIVATED = {0, 18, 41, _FULLY_CONNECTED}
"""Operators whose options begin with a fused activation: 0 none, 1 ReLU."""


@dataclass(frozen=True, slots=True)
class _Operator:
    code: int
    inputs: tuple[int, ...]
    output: int
    option: int
    """The activation; of `if` the graph to run when true."""
    other: int
    """Of `if` the graph to run when false."""


@dataclass(frozen=True, slots=True)
class _Graph:
    constants: dict[int, Array]
    inputs: tuple[int, ...]
    output: int
    operators: tuple[_Operator, ...]
    input_shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TfLiteModel:
    """One that was read."""

    graphs: tuple[_Graph, ...]

    @property
    def input_shape(self) -> tuple[int, ...]:
        return self.graphs[0].input_shape

    def run(self, value: NDArray[np.float32]) -> NDArray[np.float32]:
        """From its one input to its one output, flat. Raises ValueError and the like where its shapes do not fit."""
        return np.asarray(self._run(0, [value]), dtype=np.float32).reshape(-1)

    def _run(self, which: int, given: list[Array]) -> Array:
        graph = self.graphs[which]
        values = {**graph.constants, **dict(zip(graph.inputs, given, strict=True))}
        for operator in graph.operators:
            values[operator.output] = self._step(which, operator, [values[n] for n in operator.inputs])
        return values[graph.output]

    def _step(self, which: int, operator: _Operator, given: list[Array]) -> Array:
        code = operator.code
        if code == _IF:
            branch = operator.option if bool(given[0].all()) else operator.other
            if branch <= which:  # so that it ends
                raise ValueError("a graph leads back to itself")
            return self._run(branch, given[1:])
        if code == _FULLY_CONNECTED:
            rows = given[0].reshape(-1, given[1].shape[1])
            _require_small(rows.shape[0], given[1].shape[0])
            found = rows @ given[1].T
            found = found + given[2] if len(given) > 2 else found
        elif code == _RESHAPE:
            return given[0].reshape(tuple(int(n) for n in given[1]))
        elif code == _MEAN:
            return np.asarray(given[0].mean(axis=tuple(int(n) for n in given[1].reshape(-1)), keepdims=True))
        else:
            _require_small(*np.broadcast_shapes(*(value.shape for value in given)))
            found = _PLAIN[code](*given)
        return np.maximum(found, 0) if code in _ACTIVATED and operator.option == 1 else found


def _require_small(*shape: int) -> None:
    if math.prod(shape) > _MOST_VALUES:
        raise ValueError(f"a result of shape {shape} is more than is computed, {_MOST_VALUES} values")


def read_tflite(content: bytes, name: str) -> TfLiteModel:
    """The model in `content`; `name` is for messages. Raises ModelError for one that is damaged or of another kind."""
    try:
        model = Table.root(content)
        codes = [max(each.number(0, "<b"), each.number(3, "<i")) for each in model.tables(1)]
        buffers = model.tables(4)
        graphs = tuple(_graph(each, codes, buffers) for each in model.tables(2))
        if not graphs or len(graphs[0].inputs) != 1:
            raise ValueError("it does not have one input")
    except _DAMAGE as damage:
        raise ModelError(
            f"wake: '{name}' is no head in TensorFlow Lite that Jett can read ({damage}); give one of openWakeWord's, "
            "or an ONNX file"
        ) from damage
    return TfLiteModel(graphs)


def _graph(graph: Table, codes: list[int], buffers: list[Table]) -> _Graph:
    tensors = graph.tables(0)
    inputs = tuple(int(n) for n in graph.numbers(1, "<i4"))
    (output,) = (int(n) for n in graph.numbers(2, "<i4"))
    operators = graph.tables(3)
    if len(operators) > _MOST_OPERATORS:
        raise ValueError(f"{len(operators)} operators, at most {_MOST_OPERATORS} are read")
    return _Graph(
        constants={n: found for n, each in enumerate(tensors) if (found := _constant(each, buffers)) is not None},
        inputs=inputs,
        output=output,
        operators=tuple(_operator(each, codes) for each in operators),
        input_shape=_shape(tensors[inputs[0]]) if inputs else (),
    )


def _shape(tensor: Table) -> tuple[int, ...]:
    return tuple(int(n) for n in tensor.numbers(0, "<i4"))


def _constant(tensor: Table, buffers: list[Table]) -> Array | None:
    """Its values; None where they are computed."""
    buffer, kind, shape = tensor.number(2, "<I"), tensor.number(1, "<b"), _shape(tensor)
    data = buffers[buffer].numbers(0, "u1")
    if not data.size and 0 not in shape:
        return None
    if kind not in _KINDS:
        raise ValueError(f"numbers of kind {kind}, need float32")
    return data.view(_KINDS[kind]).reshape(shape)


def _operator(operator: Table, codes: list[int]) -> _Operator:
    code = codes[operator.number(0, "<I")]
    if code not in _PLAIN and code not in (_FULLY_CONNECTED, _RESHAPE, _MEAN, _IF):
        raise ValueError(f"operator {code} is not known")
    options = operator.table(4)
    form = "<i" if code == _IF else "<b"
    option = options.number(0, form) if options is not None and code in {*_ACTIVATED, _IF} else 0
    other = options.number(1, form) if options is not None and code == _IF else 0
    if option not in (0, 1) and code != _IF:
        raise ValueError(f"activation {option} is not known")
    (output,) = (int(n) for n in operator.numbers(2, "<i4"))
    inputs = tuple(int(n) for n in operator.numbers(1, "<i4") if n >= 0)
    return _Operator(code, inputs, output, option, other)
