"""What every wake word head looks at: one vector of 96 numbers for each 80 ms of sound.

Two models, as openWakeWord joins them: a melspectrogram of 32 bands every 10 ms, and Google's speech embedding
(Apache-2.0, tfhub.dev/google/speech_embedding) over 76 of its frames (775 ms), every 8 frames. Used by `detector` while
Jett sleeps, and by training for hours of sound at once; both see the same numbers.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from onnxruntime import InferenceSession

from jett.core.audio import Samples
from jett.core.errors import EngineError, ModelError
from jett.engines.onnx import ONNX_ERRORS, session_of
from jett.engines.wake.onward import MELS, Onward, State, onward

FRAME_SAMPLES = 1280
"""80 ms at 16 kHz: what makes one embedding more."""
WINDOW_FRAMES = 16
"""Embeddings that a head usually sees, 1.975 s of sound."""
DIMENSIONS = 96

MELS_AN_EMBEDDING = 76
MELS_A_FRAME = 8
_BANDS = 32
_HOP_SAMPLES = 160
_OVERLAP_SAMPLES = 480
"""A mel frame is 512 samples long, so the eight of a frame begin in the one before."""
_RANGE_DB = 80.0
"""What lies deeper below the loudest band of its 80 ms is raised to that."""
_FIRST_WHOLE = 9
"""The frame, counted from 0, whose embedding is the first to hear nothing but sound."""
QUIET_RMS = 30.0
"""Of what was "heard" before the first frame. After a window of ones, as openWakeWord begins with, a stock head woke at
the first word of 7 of 88 recordings; after this at none (benchmarks/LOG.md, "Wake words")."""
_BLOCK_MELS = MELS_AN_EMBEDDING + 127 * MELS_A_FRAME
"""Embedded at once: bounds memory at about 10 MB."""

Embeddings = NDArray[np.float32]
"""Shape (frames, 96)."""
_Mels = NDArray[np.float32]  # (mel frames, 32)

# The melspectrogram limits its range by the loudest sound it is given, which would make a frame depend on how much was
# given. It is freed by changing this constant of the file in memory to another of the same length, and limited here.
_OWN_RANGE, _NO_RANGE = np.float32(_RANGE_DB).tobytes(), np.float32(1e9).tobytes()


class SpeechEmbedding:
    """The two models; several streams may use one."""

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        """`folder` holds the model `wake-features`. Raises ModelError."""
        self._mel = _melspectrogram(folder / "melspectrogram.onnx", threads)
        self._quiet = np.zeros((0, _BANDS), dtype=np.float32)
        self._onward = _going_on(folder / "embedding_model.onnx")
        self._embedding = session_of(self._onward.content, str(folder / "embedding_model.onnx"), threads=threads)

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
        (found,) = self._run(self._mel, {"input": audio.astype(np.float32)[None]})
        db = found.reshape(-1, _BANDS)
        short = -len(db) % MELS_A_FRAME
        groups = np.pad(db, ((short, 0), (0, 0)), constant_values=-np.inf).reshape(-1, MELS_A_FRAME, _BANDS)
        floors = groups.max(axis=(1, 2), keepdims=True) - _RANGE_DB
        scaled: _Mels = np.maximum(groups, floors).reshape(-1, _BANDS)[short:] / np.float32(10.0) + np.float32(2.0)
        return scaled

    def embed(self, mels: _Mels) -> Embeddings:
        """One embedding for each 76 mel frames, every 8: shape ((m - 76) // 8 + 1, 96). Raises EngineError."""
        if len(mels) < MELS_AN_EMBEDDING:
            return np.zeros((0, DIMENSIONS), dtype=np.float32)
        whole = mels[: len(mels) - (len(mels) - MELS_AN_EMBEDDING) % MELS_A_FRAME]
        found, state = self.embed_on(whole[:_BLOCK_MELS], None)
        rows = [found]
        for start in range(_BLOCK_MELS, len(whole), _BLOCK_MELS - MELS_AN_EMBEDDING + MELS_A_FRAME):
            found, state = self.embed_on(whole[start : start + _BLOCK_MELS - MELS_AN_EMBEDDING + MELS_A_FRAME], state)
            rows.append(found)
        return np.concatenate(rows)

    def embed_on(self, mels: _Mels, state: State | None) -> tuple[Embeddings, State]:
        """Embeddings of what follows what `state` heard, one for each 8 frames of `mels`, and the state after them.

        From the start (None) the first needs 76 frames. Raises EngineError.
        """
        heard = self._onward.nothing() if state is None else state
        given = dict(zip(self._onward.state_names, heard, strict=True))
        found, *after = self._run(self._embedding, {MELS: mels[None, None], **given})
        return found[0, :, :, 0].T, tuple(after)

    def quiet_room(self, n_mels: int) -> _Mels:
        """Mel bands, shape (n_mels, 32), of a room at -61 dBFS, always the same. Raises EngineError."""
        if len(self._quiet) < n_mels:
            samples = _HOP_SAMPLES * n_mels + FRAME_SAMPLES
            noise = np.random.default_rng(0).normal(0.0, QUIET_RMS, samples)
            self._quiet = self.mels(noise.astype(np.int16))
        return self._quiet[:n_mels]

    def _run(self, model: InferenceSession, given: dict[str, NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        try:
            found: list[NDArray[np.float32]] = model.run(None, given)
        except ONNX_ERRORS as error:
            raise EngineError(f"wake: the features failed ({type(error).__name__}); run: jett models verify") from error
        return found


class WakeFeatures:
    """The embeddings of one stream of sound. Before its first frame it heard a quiet room."""

    def __init__(self, model: SpeechEmbedding, *, keep: int = WINDOW_FRAMES, before: int = 0) -> None:
        """`keep`: how many embeddings `window` can give, also those of `before` so many frames."""
        self._model = model
        self._before_frames = before
        self._keep = keep + before
        self.reset()

    def reset(self) -> None:
        """Forget what was heard."""
        self._before: Samples = np.zeros(0, dtype=np.int16)
        self._unheard: list[Samples] = []
        whole = MELS_AN_EMBEDDING + MELS_A_FRAME * (self._keep - 1)
        quiet = self._model.quiet_room(whole - MELS_A_FRAME * self._before_frames)
        self._mels = np.resize(quiet[::-1], (whole, _BANDS))[::-1]  # the same room, however much is kept
        self._rows = np.zeros((0, DIMENSIONS), dtype=np.float32)
        self._owed = self._keep
        self._state: State | None = None

    def push(self, frame: Samples) -> NDArray[np.float32]:
        """The embedding, shape (96,), at the end of `frame` (shape (1280,), 16 kHz). Raises EngineError."""
        self.hear(frame)
        newest: NDArray[np.float32] = self.window(1)[0]
        return newest

    def hear(self, frame: Samples) -> None:
        """Keep `frame`, and leave what is computed of it until somebody wants it; of many the last are kept."""
        self._unheard.append(frame)
        if len(self._unheard) * MELS_A_FRAME >= len(self._mels) + 2 * MELS_A_FRAME:
            self._before = self._unheard.pop(0)[-_OVERLAP_SAMPLES:]
        self._owed = min(self._owed + 1, self._keep)

    def window(self, n: int, *, before: int = 0) -> Embeddings:
        """`n` embeddings, oldest first, shape (n, 96): the last ones, or those of `before` so many frames.

        Raises EngineError.
        """
        if self._owed:
            self._catch_up()
            anew = self._state is None or self._owed >= self._keep
            looked_back = MELS_AN_EMBEDDING - MELS_A_FRAME if anew else 0
            mels = self._mels[-(MELS_A_FRAME * self._owed + looked_back) :]
            rows, self._state = self._model.embed_on(mels, None if anew else self._state)
            self._rows = np.concatenate([self._rows, rows])[-self._keep :]
            self._owed = 0
        end = len(self._rows) - before
        return self._rows[end - n : end]

    def _catch_up(self) -> None:
        """Mel bands of all that was kept, in one pass: as frame by frame, since each frame's range is its own."""
        if self._unheard:
            mels = self._model.mels(np.concatenate([self._before, *self._unheard]))
            self._before = self._unheard[-1][-_OVERLAP_SAMPLES:]
            self._unheard.clear()
            self._mels = np.concatenate([self._mels, mels])[-len(self._mels) :]


def _melspectrogram(path: Path, threads: int) -> InferenceSession:
    content = _content(path)
    if content.count(_OWN_RANGE) != 1:
        raise _unknown(path)
    return session_of(content.replace(_OWN_RANGE, _NO_RANGE), str(path), threads=threads)


def _going_on(path: Path) -> Onward:
    try:
        return onward(_content(path))
    except (ValueError, KeyError, IndexError, StopIteration) as other:
        raise _unknown(path) from other


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        why = error.strerror
        raise ModelError(f"wake: no model at '{path}' ({why}); run: jett models pull wake-features") from error


def _unknown(path: Path) -> ModelError:
    return ModelError(f"wake: '{path}' is not the file that Jett knows; run: jett models verify wake-features")
