"""GE2E speaker encoder (Wan et al. 2018; weights by Resemble AI, Apache-2.0) on ONNX Runtime: speech in, a place out.

    speech ─► what the VAD calls speech ─► -24 dBFS ─► 40 mel bands ─► windows of 1.6 s ─► LSTM ─► mean, length 1

Measured in benchmarks/LOG.md, "Whose voice". Called through the port SpeakerEncoder.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jett.core.audio import Samples, to_float32
from jett.core.errors import EngineError
from jett.core.ports import VoiceActivityDetector, VoicePlace
from jett.engines.log_mel import mel_power
from jett.engines.onnx import ONNX_ERRORS, session_of
from jett.engines.speaker.ge2e_network import INPUT, onnx_model
from jett.engines.speaker.ge2e_weights import BANDS, WIDTH, read_weights

MODEL = "ge2e-resemblyzer-0.1.4"
WINDOW_FRAMES = 160
_STEP_FRAMES = 77
_LEVEL_DBFS = -24.0
"""The features are no logarithms, so that loudness would look like a part of the voice."""
_SPEECH = 0.5


class Ge2eSpeakerEncoder:
    """Port SpeakerEncoder."""

    name = MODEL
    dimensions = WIDTH

    def __init__(self, checkpoint: Path, vad: VoiceActivityDetector) -> None:
        """`vad` is this encoder's own, since it has state. Raises ModelError."""
        self._session = session_of(onnx_model(read_weights(checkpoint)), str(checkpoint))
        self._vad = vad

    def voiced(self, speech: Samples) -> Samples:
        """What of `speech` (16 kHz, any length) is speech, with a frame of 32 ms around it."""
        self._vad.reset()
        size = self._vad.frame_samples
        padded = np.concatenate((speech, np.zeros(-speech.size % size, np.int16)))
        frames = padded.reshape(-1, size)
        is_speech = np.array([self._vad.score(frame) >= _SPEECH for frame in frames], dtype=bool)
        if not is_speech.any():
            return speech[:0]
        near = np.convolve(is_speech, np.ones(3), mode="same") > 0
        return np.ascontiguousarray(frames[near]).reshape(-1)

    def embed(self, voiced: Samples) -> VoicePlace:
        signal = to_float32(voiced)
        loudness = float(np.sqrt(np.mean(np.square(signal)))) if signal.size else 0.0
        signal = signal * np.float32(10 ** (_LEVEL_DBFS / 20) / max(loudness, 1e-5))
        features = mel_power(signal, bands=BANDS, pad="constant").T  # (frames, BANDS)
        missing = WINDOW_FRAMES - features.shape[0]
        if missing > 0:
            features = np.pad(features, ((0, missing), (0, 0)))
        windows = np.stack([features[at : at + WINDOW_FRAMES] for at in _starts(features.shape[0])], axis=1)
        try:
            (places,) = self._session.run(None, {INPUT: windows})  # (frames, windows, BANDS) -> (windows, WIDTH)
        except ONNX_ERRORS as error:
            raise EngineError(
                f"speaker: the encoder failed ({type(error).__name__}); run: jett models verify"
            ) from error
        return of_length_1(of_length_1(places).mean(axis=0))


def of_length_1(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Along the last axis; a vector of zeros stays one."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: NDArray[np.float32] = vectors / np.maximum(lengths, np.float32(1e-9))
    return scaled


def _starts(frames: int) -> list[int]:
    """Where windows begin: evenly, the first at the start and the last at the end, none more than a step apart."""
    last = frames - WINDOW_FRAMES
    return [round(start) for start in np.linspace(0, last, 1 + -(-last // _STEP_FRAMES))]
