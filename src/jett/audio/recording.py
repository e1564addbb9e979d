"""What was played, kept in order; silence costs nothing, so an idle evening fits. Used by `file_duplex.py`."""

from __future__ import annotations

import numpy as np

from jett.core.audio import Samples, silence

_QUIET = 32
"""Below this a sample counts as silence when gaps are shortened: -60 dBFS."""


class Recording:
    """Mono int16 at `rate_hz`."""

    def __init__(self, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self.length_samples = 0
        self._parts: list[Samples | int] = []
        """Sound, or how many zeros."""

    def add(self, block: Samples) -> None:
        self.length_samples += block.size
        if block.any():
            self._parts.append(block.copy())
        elif self._parts and isinstance(self._parts[-1], int):
            self._parts[-1] += block.size
        else:
            self._parts.append(block.size)

    def samples(self) -> Samples:
        """All of it, shape (length_samples,)."""
        parts = [silence(part) if isinstance(part, int) else part for part in self._parts]
        return np.concatenate(parts) if parts else silence(0)

    def trimmed(self, max_gap_s: float) -> Samples:
        """All of it, with each silence cut to `max_gap_s`."""
        longest = round(max_gap_s * self.rate_hz)
        played = self.samples()
        loud_at = np.flatnonzero(np.abs(played.astype(np.int32)) >= _QUIET)
        gap_starts = np.concatenate(([0], loud_at + 1))
        gap_ends = np.concatenate((loud_at, [played.size]))
        keep = np.ones(played.size, dtype=bool)
        long = gap_ends - gap_starts > longest
        for start, end in zip(gap_starts[long], gap_ends[long], strict=True):
            keep[start + longest : end] = False
        return played[keep]
