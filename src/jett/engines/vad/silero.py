"""Silero VAD (MIT, github.com/snakers4/silero-vad) on ONNX Runtime: one 32 ms frame in, one probability out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from onnxruntime import InferenceSession

from jett.core.audio import Samples, to_float32
from jett.core.errors import EngineError
from jett.engines.onnx import ONNX_ERRORS, session

_CONTEXT_SAMPLES = 64


class SileroVoiceActivityDetector:
    """Port VoiceActivityDetector. The model sees each frame after the last 64 samples of the one before."""

    frame_samples = 512

    def __init__(self, model: Path | InferenceSession) -> None:
        """`model`: its file, or what another detector has loaded already (`model`)."""
        self.model = session(model) if isinstance(model, Path) else model
        self._rate = np.array(16_000, dtype=np.int64)
        self.reset()

    def another(self) -> SileroVoiceActivityDetector:
        """One that hears something else with the same weights. ONNX Runtime's `run` may be called by both at once."""
        return SileroVoiceActivityDetector(self.model)

    def reset(self) -> None:
        self._state = np.zeros((2, 1, 128), dtype=np.float32)
        self._context = np.zeros(_CONTEXT_SAMPLES, dtype=np.float32)

    def score(self, frame: Samples) -> float:
        signal = np.concatenate([self._context, to_float32(frame)])
        inputs = {"input": signal[None, :], "state": self._state, "sr": self._rate}
        try:
            probability, self._state = self.model.run(None, inputs)
        except ONNX_ERRORS as error:
            raise EngineError(f"vad: Silero failed ({type(error).__name__}); run: jett models verify") from error
        self._context = signal[-_CONTEXT_SAMPLES:]
        return float(probability[0, 0])
