"""Opens an ONNX voice for low latency: one place for session options, telemetry and errors of onnxruntime."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from jett.core.errors import ModelError, ModelMissing, TextToSpeechError

CPU = ("CPUExecutionProvider",)


class OnnxVoice:
    """One loaded voice model; `run` gives its first output as a flat float32 array."""

    def __init__(self, path: Path, *, threads: int, providers: Sequence[str] = CPU) -> None:
        if not path.is_file():
            raise ModelMissing(f"tts: no voice model at {path}; run `jett models pull`")
        onnxruntime.disable_telemetry_events()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=list(providers))
        except (RuntimeError, ValueError) as error:  # onnxruntime's own errors are RuntimeErrors
            raise ModelError(f"tts: {path.name} is no voice model; run `jett models verify`") from error
        self.input_names = tuple(item.name for item in self._session.get_inputs())

    def run(self, inputs: dict[str, NDArray[Any]]) -> NDArray[np.float32]:
        """Raises TextToSpeechError when onnxruntime refuses or runs out of memory."""
        try:
            outputs = self._session.run(None, inputs)
        except (RuntimeError, ValueError) as error:
            raise TextToSpeechError(f"tts: the voice model failed: {type(error).__name__}") from error
        signal: NDArray[np.float32] = np.asarray(outputs[0], dtype=np.float32).ravel()
        return signal
