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
_QUIET_DB = -35.0
_NOTHING_DB, _SOUND_DB = -44.0, -28.0
"""All against the loudest 10 ms; benchmarks/LOG.md, "Speech from the first sample"."""


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
    """`speech` with 200 ms of silence before it, if it begins with nothing and is loud within its first 50 ms.

    So begins a voice that was made and cut to its first sound, which Whisper mishears; a room is never so still, and a
    live turn has pre-roll: those are left as they are.
    """
    db = _frames_db(speech)
    if not db.size or db[0] > _NOTHING_DB or db[: round(_EDGE_S / _FRAME_S)].max() <= _SOUND_DB:
        return speech
    return np.concatenate([np.zeros(int(_LEAD_S * SAMPLE_RATE_HZ), dtype=np.int16), speech])


def spoken_s(speech: Samples) -> float:
    """Seconds of `speech` that are not silence."""
    return float(np.count_nonzero(_frames_db(speech) > _QUIET_DB)) * _FRAME_S


def _frames_db(speech: Samples) -> NDArray[np.float64]:
    """The level of each 10 ms against the loudest, shape (n_frames,); -inf where there is no sound at all."""
    size = round(_FRAME_S * SAMPLE_RATE_HZ)
    frames = speech[: speech.size // size * size].reshape(-1, size)
    power = np.square(frames.astype(np.float64)).mean(axis=1)
    loudest = power.max(initial=0.0)
    with np.errstate(divide="ignore"):
        return 10 * np.log10(power / loudest) if loudest else np.full(power.shape, -np.inf)
