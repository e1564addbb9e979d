"""Cuts long speech where it is quietest, so that each piece fits Whisper's 30 s window. Called by `whisper`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from jett.core.audio import SAMPLE_RATE_HZ, Samples

_MAX_S = 27.0
_SEARCH_S = 8.0
_BLOCK_SAMPLES = 1_600
_SMOOTH_BLOCKS = 3


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
