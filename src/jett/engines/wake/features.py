"""What every wake word head looks at: one vector of 96 numbers for each 80 ms of sound.

Two models, as openWakeWord joins them: a melspectrogram of 32 bands every 10 ms, and Google's speech embedding
(Apache-2.0, tfhub.dev/google/speech_embedding) over 76 of its frames (775 ms), every 8 frames. Used by `detector` while
Jett sleeps, and by training for hours of sound at once; both see the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from onnxruntime import InferenceSession

from jett.core.audio import Samples
from jett.core.errors import EngineError, ModelError
from jett.engines.onnx import ONNX_ERRORS, session_of

FRAME_SAMPLES = 1280
"""80 ms at 16 kHz: what makes one embedding more."""
WINDOW_FRAMES = 16
"""Embeddings that a head usually sees, 1.975 s of sound."""
DIMENSIONS = 96

MELS_AN_EMBEDDING = 76
_MELS_A_FRAME = 8
_BANDS = 32
_HOP_SAMPLES = 160
_OVERLAP_SAMPLES = 480
"""A mel frame is 512 samples long, so the eight of a frame begin in the one before."""
_RANGE_DB = 80.0
"""What lies deeper below the loudest band of its 80 ms is raised to that."""
_FIRST_WHOLE = 9
"""The frame, counted from 0, whose embedding is the first to hear nothing but sound."""
_BLOCK_MELS = MELS_AN_EMBEDDING + 127 * _MELS_A_FRAME
"""Embedded at once: bounds memory at about 10 MB."""

Embeddings = NDArray[np.float32]
"""Shape (frames, 96)."""
_Mels = NDArray[np.float32]  # (mel frames, 32)

# The embedding is convolutions and pooling without padding in time, so one pass over a long melspectrogram gives what a
# window every 8 frames would, bit for bit, for a fifth of the work. Only its declared shapes forbid it. And the
# melspectrogram limits its range by the loudest sound it is given, which would make a frame depend on how much was
# given. Both are freed by changing constants of the file in memory, to others of the same length.
_FREE_LENGTH = {
    np.array([-1, 1, 76, 32], "<i8").tobytes(): np.array([0, 1, -1, 32], "<i8").tobytes(),
    b"\x0a\x02\x08\x4c": b"\x0a\x02\x12\x00",  # dimension: 76 -> dimension: any
}
_FREE_RANGE = {np.float32(_RANGE_DB).tobytes(): np.float32(1e9).tobytes()}


class SpeechEmbedding:
    """The two models, without state: several may use one."""

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        """`folder` holds the model `wake-features`. Raises ModelError."""
        self._mel = _changed(folder / "melspectrogram.onnx", _FREE_RANGE, threads)
        self._embedding = _changed(folder / "embedding_model.onnx", _FREE_LENGTH, threads)

    def embeddings(self, audio: Samples) -> Embeddings:
        """Embeddings of `audio` (16 kHz), shape (n, 96), n = audio.size // 1280 - 9, or 0 where it is shorter.

        The rows are those that `WakeFeatures.push` gives for the whole frames of `audio`, from the tenth on: the first
        nine would hear something from before. Two seconds make 16, the window of a head. Raises EngineError.
        """
        frames = audio.size // FRAME_SAMPLES
        if frames <= _FIRST_WHOLE:
            return np.zeros((0, DIMENSIONS), dtype=np.float32)
        mels = self.mels(audio[: frames * FRAME_SAMPLES])  # (8 * frames - 3, 32)
        return self.embed(mels[1:])

    def mels(self, audio: Samples) -> _Mels:
        """Scaled mel bands, shape (m, 32), of each 512 samples every 160. Grouped from the end, eight a frame, each
        group is limited to 80 dB below its loudest. Raises EngineError."""
        (found,) = self._run(self._mel, "input", audio.astype(np.float32)[None])
        db = found.reshape(-1, _BANDS)
        short = -len(db) % _MELS_A_FRAME
        groups = np.pad(db, ((short, 0), (0, 0)), constant_values=-np.inf).reshape(-1, _MELS_A_FRAME, _BANDS)
        floors = groups.max(axis=(1, 2), keepdims=True) - _RANGE_DB
        scaled: _Mels = np.maximum(groups, floors).reshape(-1, _BANDS)[short:] / np.float32(10.0) + np.float32(2.0)
        return scaled

    def embed(self, mels: _Mels) -> Embeddings:
        """One embedding for each 76 mel frames, every 8: shape ((m - 76) // 8 + 1, 96). Raises EngineError."""
        rows = []
        for start in range(0, len(mels) - MELS_AN_EMBEDDING + 1, _BLOCK_MELS - MELS_AN_EMBEDDING + _MELS_A_FRAME):
            block = mels[start : start + _BLOCK_MELS]
            (found,) = self._run(self._embedding, "input_1", block[None, :, :, None])
            rows.append(found.reshape(DIMENSIONS, -1).T)  # channels first, whatever its shape says
        return np.concatenate(rows) if rows else np.zeros((0, DIMENSIONS), dtype=np.float32)

    def _run(self, model: InferenceSession, name: str, value: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        try:
            found: list[NDArray[np.float32]] = model.run(None, {name: value})
        except ONNX_ERRORS as error:
            raise EngineError(f"wake: the features failed ({type(error).__name__}); run: jett models verify") from error
        return found


class WakeFeatures:
    """The embeddings of one stream of sound. Before its first frame it heard a quiet room."""

    def __init__(self, model: SpeechEmbedding, *, keep: int = WINDOW_FRAMES) -> None:
        """`keep`: how many embeddings `window` can give."""
        self._model = model
        self._keep = keep
        self.reset()

    def reset(self) -> None:
        """Forget what was heard."""
        self._before: Samples = np.zeros(0, dtype=np.int16)
        self._mels = np.ones((MELS_AN_EMBEDDING + _MELS_A_FRAME * (self._keep - 1), _BANDS), dtype=np.float32)
        self._rows = np.zeros((0, DIMENSIONS), dtype=np.float32)
        self._owed = self._keep

    def push(self, frame: Samples) -> NDArray[np.float32]:
        """The embedding, shape (96,), at the end of `frame` (shape (1280,), 16 kHz). Raises EngineError."""
        self.hear(frame)
        newest: NDArray[np.float32] = self.window(1)[0]
        return newest

    def hear(self, frame: Samples) -> None:
        """Take `frame` in, and leave its embedding until somebody wants it: costs an eighth. Raises EngineError."""
        mels = self._model.mels(np.concatenate([self._before, frame]))
        self._before = frame[-_OVERLAP_SAMPLES:]
        self._mels = np.concatenate([self._mels, mels])[-len(self._mels) :]
        self._owed = min(self._owed + 1, self._keep)

    def window(self, n: int) -> Embeddings:
        """The last `n` embeddings, oldest first, shape (n, 96); n is at most `keep`. Raises EngineError."""
        if self._owed:
            needed = MELS_AN_EMBEDDING + _MELS_A_FRAME * (self._owed - 1)
            self._rows = np.concatenate([self._rows, self._model.embed(self._mels[-needed:])])[-self._keep :]
            self._owed = 0
        return self._rows[-n:]


def _changed(path: Path, changes: Mapping[bytes, bytes], threads: int) -> InferenceSession:
    """The model at `path` with constants changed. Raises ModelError where it does not hold each just once."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"wake: no model at '{path}' ({error.strerror}); run: jett models pull wake-features"
        ) from error
    for old, new in changes.items():
        if content.count(old) != 1:
            raise ModelError(f"wake: '{path}' is not the file that Jett knows; run: jett models verify wake-features")
        content = content.replace(old, new)
    return session_of(content, str(path), threads=threads)
