"""One loaded voice model: numbers in, sound out, onnxruntime's errors told as Jett's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jett.core.errors import TextToSpeechError
from jett.engines.onnx import ONNX_ERRORS, session

CPU = ("CPUExecutionProvider",)


class OnnxVoice:
    """Runs a voice; `run` gives the model's first output as a flat float32 array."""

    def __init__(self, path: Path, *, threads: int, providers: Sequence[str] = CPU) -> None:
        self._session = session(path, threads=threads, providers=providers)
        self.input_types: dict[str, str] = {item.name: item.type for item in self._session.get_inputs()}
        """onnxruntime's type of each input, as `tensor(float)`."""

    def run(self, inputs: dict[str, NDArray[Any]]) -> NDArray[np.float32]:
        """Raises TextToSpeechError when onnxruntime refuses the input or runs out of memory."""
        try:
            outputs = self._session.run(None, inputs)
        except ONNX_ERRORS as error:
            raise TextToSpeechError(
                f"tts: the voice model failed ({type(error).__name__}); try a shorter text"
            ) from error
        signal: NDArray[np.float32] = np.asarray(outputs[0], dtype=np.float32).ravel()
        return signal
