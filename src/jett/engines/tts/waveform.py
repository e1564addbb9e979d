"""What becomes of a model's raw output: silence trimmed, levels made safe, int16. No model here."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jett.core.audio import Samples, silence, to_int16

_FRAME_S = 0.005
_LEAD_S = 0.010
_TAIL_S = 0.025
_QUIET_DB = -42.0
"""A frame this far below the loudest one is silence at the edges; an initial /f/ or /h/ is about 35 dB below."""
_PEAK = 0.97

_PAUSE_S = {".": 0.20, "!": 0.20, "?": 0.20, "…": 0.25, ":": 0.14, ";": 0.14, "—": 0.12, ",": 0.09}
_BARE_PAUSE_S = 0.02


def pause_s(mark: str) -> float:
    """The silence that belongs after a clause that ends in `mark`, so that clauses made apart join naturally."""
    return _PAUSE_S.get(mark, _BARE_PAUSE_S)


def trimmed(signal: NDArray[np.float32], rate_hz: int) -> NDArray[np.float32]:
    """`signal` (shape (n,)) without the silence at its ends but 10 ms before and 25 ms after; empty if all silent."""
    frame = max(1, round(_FRAME_S * rate_hz))
    n_frames = signal.size // frame
    if n_frames == 0:
        return signal[:0]
    power = np.mean(np.square(signal[: n_frames * frame].reshape(n_frames, frame)), axis=1)  # (n_frames,)
    loudest = float(power.max())
    if not np.isfinite(loudest) or loudest < 1e-8:
        return signal[:0]
    loud = np.flatnonzero(power > loudest * 10 ** (_QUIET_DB / 10))
    start = max(0, int(loud[0]) * frame - round(_LEAD_S * rate_hz))
    end = (int(loud[-1]) + 1) * frame + round(_TAIL_S * rate_hz)
    return signal[start:end]


def finished(signal: NDArray[np.float32], rate_hz: int, mark: str) -> Samples:
    """A model's output as it is played: trimmed, never clipped, with the pause that `mark` asks for."""
    sound = trimmed(signal, rate_hz)
    if sound.size == 0:
        return silence(0)
    peak = float(np.abs(sound).max())
    if peak > _PEAK:
        sound = sound * np.float32(_PEAK / peak)
    fade = min(sound.size, round(0.003 * rate_hz))
    sound = sound.copy()
    sound[:fade] *= np.linspace(0, 1, fade, dtype=np.float32)
    sound[sound.size - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
    return np.concatenate([to_int16(sound), silence(round(pause_s(mark) * rate_hz))])
