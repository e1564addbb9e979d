"""Smart Turn v3.2 (BSD-2, github.com/pipecat-ai/smart-turn) on ONNX Runtime: has the speaker finished?

The model hears the last 8 s: shorter speech is padded with silence before it, so that the end of speech is always
at the end of the window.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jett.core.audio import Samples, to_float32
from jett.core.errors import EngineError
from jett.engines.log_mel import log_mel
from jett.engines.onnx import ONNX_ERRORS, session

_WINDOW_SAMPLES = 8 * 16_000


class SmartTurnDetector:
    """Port TurnDetector."""

    def __init__(self, model_path: Path, *, threads: int = 1) -> None:
        self._session = session(model_path, threads=threads)

    def probability_finished(self, speech: Samples) -> float:
        features = log_mel(_normalised_window(speech))
        try:
            (probability,) = self._session.run(None, {"input_features": features[None]})  # (1, 80, 800) -> (1, 1)
        except ONNX_ERRORS as error:
            raise EngineError(
                f"turn: the turn detector failed ({type(error).__name__}); turns end at turn.cap_s"
            ) from error
        return float(probability[0, 0])


def _normalised_window(speech: Samples) -> NDArray[np.float32]:
    """The last 8 s, zeros before, with zero mean and unit variance, as the model was trained."""
    window = np.zeros(_WINDOW_SAMPLES, dtype=np.float32)
    tail = to_float32(speech[-_WINDOW_SAMPLES:])
    if tail.size:
        window[-tail.size :] = tail
    normalised: NDArray[np.float32] = (window - window.mean()) / np.sqrt(window.var() + np.float32(1e-7))
    return normalised
