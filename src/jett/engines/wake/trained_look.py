"""A judge of calls that has learned one name: a small network over what speech-to-text's encoder makes of the sound.

Trained with a head (`app.training_looks`) and kept beside it, `hey_jett.whisper-tiny.en.look.onnx`. Whisper has heard
hundreds of thousands of hours of speech in noise, which is why so little on top of it tells "hey jett" from "hey josh"
(benchmarks/LOG.md, "The trained look"). It knows one model's states: with another one it is of no use.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from onnxruntime import InferenceSession

from jett.core.audio import SAMPLE_RATE_HZ, Samples, silence
from jett.core.errors import EngineError, JettError, ModelError
from jett.core.ports import SpeechEncoder
from jett.engines.onnx import ONNX_ERRORS, session_of

ROWS = 16
"""What a network sees: means of the states of 100 ms each."""
STATES_A_ROW = 5
WINDOW_SAMPLES = ROWS * STATES_A_ROW * SAMPLE_RATE_HZ // 50
"""1.6 s."""
MOST_BYTES = 32 << 20
MOST_DIMENSIONS = 2_048
_FIX = "run: jett wake train PHRASE"
_DAMAGE: tuple[type[Exception], ...] = (JettError, KeyError, IndexError, TypeError, MemoryError, *ONNX_ERRORS)

Rows = NDArray[np.float32]
"""Shape (windows, 16, dimensions)."""


@dataclass(frozen=True, slots=True)
class LookFile:
    """A loaded network."""

    phrase: str
    encoder: str
    """Id of the model whose states it knows."""
    threshold: float
    """Score, 0 to 1, from which its makers say that it is a call."""
    dimensions: int
    session: InferenceSession

    def score(self, rows: Rows) -> float:
        """Of one window, 0 to 1. Raises EngineError."""
        try:
            (found,) = self.session.run(None, {self.session.get_inputs()[0].name: rows})
        except ONNX_ERRORS as error:
            raise EngineError(f"wake: the look at a call failed ({error}); {_FIX}") from error
        return float(np.clip(np.nan_to_num(np.asarray(found, dtype=np.float32).reshape(-1)[0]), 0.0, 1.0))


@dataclass(frozen=True, slots=True)
class TrainedLook:
    """Port CallJudge."""

    encoder: SpeechEncoder
    file: LookFile
    threshold: float
    """Score from which it is a call, here."""
    most_looks: int = 3

    def holds(self, speech: Samples) -> bool:
        """Port CallJudge."""
        return self.file.score(rows_of(self.encoder, [speech])) >= self.threshold

    def warm_up(self) -> None:
        """Port CallJudge: a model that does not fit is found now."""
        self.holds(silence(WINDOW_SAMPLES))


def rows_of(encoder: SpeechEncoder, speeches: Sequence[Samples]) -> Rows:
    """What networks are given of `speeches` (16 kHz): of each the last 1.6 s. Raises EngineError."""
    states = encoder.states([_whole(speech) for speech in speeches])
    if states.ndim != 3 or states.shape[1] != ROWS * STATES_A_ROW:
        raise EngineError(f"wake: states of shape {states.shape}, need {ROWS * STATES_A_ROW} of each window; {_FIX}")
    means: Rows = states.reshape(len(states), ROWS, STATES_A_ROW, -1).mean(axis=2, dtype=np.float32)
    return means


def _whole(speech: Samples) -> Samples:
    """Exactly a window, with silence before what is shorter."""
    missing = max(0, WINDOW_SAMPLES - speech.size)
    return np.concatenate([silence(missing), speech[-WINDOW_SAMPLES:]])


def load_look(path: Path) -> LookFile:
    """The network in the file `path`. Raises ModelError where it is none."""
    try:
        if (size := path.stat().st_size) > MOST_BYTES:
            raise ModelError(f"wake: '{path}' has {size} bytes, need at most {MOST_BYTES}; {_FIX}")
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"wake: no trained look at '{path}' ({error.strerror}); {_FIX}") from error
    try:
        session = session_of(content, str(path))
        meta = session.get_modelmeta().custom_metadata_map
        (given,), (_,) = session.get_inputs(), session.get_outputs()
        threshold = float(meta["jett.threshold"])
        file = LookFile(meta["jett.phrase"], meta["jett.encoder"], threshold, given.shape[2], session)
        fits = given.shape[:2] == [1, ROWS] and 1 <= file.dimensions <= MOST_DIMENSIONS and 0.0 <= threshold <= 1.0
        score = file.score(np.zeros((1, ROWS, file.dimensions), np.float32)) if fits else -1.0
    except _DAMAGE as error:
        raise ModelError(f"wake: '{path}' is no trained look ({type(error).__name__}); {_FIX}") from error
    if not fits or not 0.0 <= score <= 1.0:
        raise ModelError(f"wake: '{path}' is no trained look, need [1, {ROWS}, states] and one probability; {_FIX}")
    return file
