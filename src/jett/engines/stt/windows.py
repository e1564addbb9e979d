"""Shapes speech for Whisper: cut where it is quietest to fit 30 s, never begun in the middle of a sound.

Called by `whisper`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from jett.core.audio import SAMPLE_RATE_HZ, Samples

_MAX_S = 27.0
_SEARCH_S = 8.0
_BLOCK_SAMPLES = 1_600
_SMOOTH_BLOCKS = 3
_LEAD_S = 0.2
_EDGE_S = 0.05
_FRAME_S = 0.01
_QUIET_POWER = 10 ** (-35 / 10)
"""Relative to the loudest 10 ms; benchmarks/LOG.md, "Speech from the first sample"."""


def split_at_pauses(speech: Samples, *, max_s: float = _MAX_S) -> Iterator[Samples]:
    """Pieces of at most `max_s` that join to `speech`, each cut in the quietest 300 ms of its last 8 s."""
    longest = int(max_s * SAMPLE_RATE_HZ)
    while speech.size > longest:
        cut = (
            longest
            - int(_SEARCH_S * SAMPLE_RATE_HZ)
            + _quietest(speech[longest - int(_SEARCH_S * SAMPLE_RATE_HZ) : longest])
        )
        yield speech[:cut]
        speech = speech[cut:]
    if speech.size:
        yield speech


def _quietest(span: Samples) -> int:
    """Sample offset of the middle of the quietest blocks of `span`."""
    blocks = span[: span.size // _BLOCK_SAMPLES * _BLOCK_SAMPLES].reshape(-1, _BLOCK_SAMPLES)
    power = np.square(blocks.astype(np.float32)).mean(axis=1)
    smooth = np.convolve(power, np.ones(_SMOOTH_BLOCKS), mode="same")
    return int(np.argmin(smooth)) * _BLOCK_SAMPLES + _BLOCK_SAMPLES // 2


def with_lead(speech: Samples) -> Samples:
    """`speech` with 200 ms of silence before it, if it is loud within its first 50 ms.

    Whisper mishears a first sound that nothing goes before. A live turn has pre-roll and is left as it is.
    """
    loud = _loud_frames(speech)
    if not loud[: round(_EDGE_S / _FRAME_S)].any():
        return speech
    return np.concatenate([np.zeros(int(_LEAD_S * SAMPLE_RATE_HZ), dtype=np.int16), speech])


def spoken_s(speech: Samples) -> float:
    """Seconds of `speech` that are not silence."""
    return float(_loud_frames(speech).sum()) * _FRAME_S


def _loud_frames(speech: Samples) -> NDArray[np.bool_]:
    """Whether each 10 ms is within 35 dB of the loudest, shape (n_frames,)."""
    size = round(_FRAME_S * SAMPLE_RATE_HZ)
    frames = speech[: speech.size // size * size].reshape(-1, size)
    power = np.square(frames.astype(np.float32)).mean(axis=1)
    loudest = power.max(initial=0.0)
    return np.asarray(power > loudest * _QUIET_POWER)
