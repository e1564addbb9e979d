"""Heads: small models that say how sure it is that a phrase has just ended, from the last embeddings.

Any that openWakeWord's features can feed: ONNX files of openWakeWord and livekit-wakeword, Jett's own (ONNX with
metadata), and openWakeWord's TensorFlow Lite files (`tflite`). Whatever a file holds, it loads or is a ModelError.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jett.core.errors import ModelError
from jett.engines.onnx import ONNX_ERRORS, session_of
from jett.engines.wake.features import DIMENSIONS, Embeddings
from jett.engines.wake.tflite import read_tflite

MOST_BYTES = 32 << 20
MOST_FRAMES = 64
"""Longest window of a head, 5 s: a file that wants more is no head."""
MOST_NAMES = 16
THRESHOLD = 0.5
PATIENCE = 1
"""Of heads that do not say: openWakeWord's own defaults."""
SUFFIXES = (".onnx", ".tflite")

_DAMAGE: tuple[type[Exception], ...] = (ModelError, IndexError, KeyError, TypeError, MemoryError, *ONNX_ERRORS)

Run = Callable[[Embeddings], NDArray[np.float32]]
"""From (1, frames, 96) to as many scores as there are names."""


@dataclass(frozen=True, slots=True)
class Head:
    """One loaded head, without state."""

    names: tuple[str, ...]
    """What it listens for; more than one where it has several outputs."""
    frames: int
    """Embeddings that it looks at."""
    threshold: float
    """Score from which its makers say that it was called."""
    look_again: float | None
    """Score, no more than the threshold, from which it wants a second look at the sound; None where it wants none."""
    patience: int
    """Frames in a row that must reach the threshold."""
    phrase: str
    """As it is said; empty where the file does not say."""
    spellings: tuple[str, ...]
    """The phrase, and what sounds the same: a writer may choose any of them; empty where the file does not say."""
    path: Path
    card: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """How it was made and measured; empty for other people's."""
    _run: Run = field(repr=False, kw_only=True)

    def scores(self, window: Embeddings) -> tuple[float, ...]:
        """One score, 0 to 1, a name, for `window` (shape (frames, 96))."""
        return tuple(float(score) for score in np.clip(np.nan_to_num(self._run(window[None])), 0.0, 1.0))


def load_head(path: Path) -> Head:
    """The head in the file `path`. Raises ModelError where it is none, or not one for these features."""
    content = _content(path)
    if content[4:8] == b"TFL3":
        model = read_tflite(content, path.name)
        return _head(path, model.input_shape, model.run, [], {})
    try:
        session = session_of(content, str(path))
        meta = session.get_modelmeta().custom_metadata_map
        inputs, outputs = session.get_inputs(), [output.name for output in session.get_outputs()]
    except _DAMAGE as error:
        raise ModelError(f"wake: '{path}' is no head ({_short(error)}); {_FIX}") from error
    if len(inputs) != 1 or inputs[0].type != "tensor(float)":
        kinds = ", ".join(f"{each.name} {each.type}" for each in inputs)
        raise ModelError(f"wake: '{path}' takes {kinds or 'nothing'}, need one tensor(float); {_FIX}")

    def run(window: Embeddings) -> NDArray[np.float32]:
        found = session.run(outputs, {inputs[0].name: window})
        return np.concatenate([np.asarray(each, dtype=np.float32).reshape(-1) for each in found])

    return _head(path, inputs[0].shape, run, outputs, meta)


_FIX = "give a head of openWakeWord, livekit-wakeword or `jett wake train`"


def _content(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise ModelError(f"wake: '{path}' has {size} bytes, a head has at most {MOST_BYTES}; {_FIX}")
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"wake: no head at '{path}' ({error.strerror}); run: jett wake list") from error


def _head(path: Path, shape: list[Any] | tuple[Any, ...], run: Run, outputs: list[str], meta: dict[str, str]) -> Head:
    frames = _frames(path, shape)
    scores = _tried(path, run, frames)
    phrase = meta.get("jett.phrase", "").strip()[:80]
    threshold = _number(path, meta, "jett.threshold", THRESHOLD, 0.0, 1.0)
    name = name_of(phrase or re.sub(r"[_-]v\d+(\.\d+)*$", "", path.stem))
    return Head(
        names=_names(name, len(scores), outputs),
        frames=frames,
        threshold=threshold,
        look_again=_number(path, meta, "jett.look_again", 0.0, 0.0, threshold) or None,
        patience=round(_number(path, meta, "jett.patience", PATIENCE, 1, 25)),
        phrase=phrase,
        spellings=_spellings(path, meta, phrase),
        path=path,
        card=_card(path, meta),
        _run=run,
    )


def _frames(path: Path, shape: list[Any] | tuple[Any, ...]) -> int:
    """Of (batch, frames, 96)."""
    if len(shape) == 3 and shape[2] == DIMENSIONS and isinstance(shape[1], int) and 1 <= shape[1] <= MOST_FRAMES:
        return shape[1]
    raise ModelError(f"wake: '{path}' takes {list(shape)}, need [1, 1 to {MOST_FRAMES}, {DIMENSIONS}]; {_FIX}")


def _tried(path: Path, run: Run, frames: int) -> list[float]:
    """What it says to nothing and to noise, so that what is wrong with it shows now. Raises ModelError."""
    noise = np.random.default_rng(0).normal(0.0, 10.0, (1, frames, DIMENSIONS)).astype(np.float32)
    try:
        scores = [*run(np.zeros_like(noise)), *run(noise)]
    except _DAMAGE as error:
        raise ModelError(f"wake: '{path}' cannot be run ({_short(error)}); {_FIX}") from error
    found = len(scores) // 2
    if not 1 <= found <= MOST_NAMES:
        raise ModelError(f"wake: '{path}' gives {found} numbers, need 1 to {MOST_NAMES}; {_FIX}")
    if wrong := [score for score in scores if not 0.0 <= score <= 1.0]:
        raise ModelError(f"wake: '{path}' gives {wrong[0]:.3g}, need a probability, 0 to 1; {_FIX}")
    return scores[:found]


def _names(name: str, count: int, outputs: list[str]) -> tuple[str, ...]:
    if count == 1:
        return (name,)
    if count == len(outputs):
        return tuple(f"{name}_{name_of(output)}" for output in outputs)
    return tuple(f"{name}_{n}" for n in range(1, count + 1))


def name_of(phrase: str) -> str:
    """`hey_jett` for "Hey, Jett!": how a phrase is called in settings and reports."""
    return "_".join(re.findall(r"[^\W_]+", phrase.lower())) or "unnamed"


def _number(path: Path, meta: Mapping[str, str], key: str, default: float, least: float, most: float) -> float:
    text = meta.get(key)
    if text is None:
        return default
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not least <= value <= most:
        raise ModelError(f"wake: {key} of '{path}' is '{text[:40]}', need {least:g} to {most:g}; train it again")
    return value


def _spellings(path: Path, meta: Mapping[str, str], phrase: str) -> tuple[str, ...]:
    try:
        others = json.loads(meta.get("jett.spellings", "[]"))
    except (ValueError, RecursionError):
        others = None
    if not isinstance(others, list) or len(others) > MOST_NAMES or not all(isinstance(each, str) for each in others):
        raise ModelError(f"wake: jett.spellings of '{path}' is no list of texts; train it again")
    return tuple(dict.fromkeys(filter(None, (phrase, *(each.strip()[:80] for each in others)))))


def _card(path: Path, meta: Mapping[str, str]) -> Mapping[str, Any]:
    try:
        card = json.loads(meta.get("jett.card", "{}"))
    except (ValueError, RecursionError):
        card = None
    if not isinstance(card, dict):
        raise ModelError(f"wake: jett.card of '{path}' is no JSON object; train it again")
    return card


def _short(error: BaseException) -> str:
    """The first line of what a library said."""
    said = str(error.__cause__ or error)
    return said.splitlines()[0][:200] if said else type(error).__name__
