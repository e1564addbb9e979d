"""Sound kept for a commit: what is kept, and what keeping it costs."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from jett.core.audio import SAMPLE_RATE_HZ, Samples
from jett.server.realtime.kept import KeptSound

SECOND = SAMPLE_RATE_HZ


def counted(size: int) -> Samples:
    return np.arange(size, dtype=np.int64).astype(np.int16)


@pytest.mark.parametrize("piece", [1, 7, 1600, SECOND, SECOND + 1, 5 * SECOND])
def test_it_comes_out_as_it_went_in_whatever_the_pieces(piece: int) -> None:
    kept, sound = KeptSound(10 * SECOND), counted(3 * SECOND + 5)
    for start in range(0, sound.size, piece):
        kept.append(sound[start : start + piece])
    assert np.array_equal(kept.take(), sound)
    assert kept.take().size == 0


@pytest.mark.parametrize("piece", [7, SECOND // 3, 20 * SECOND])
def test_the_newest_is_kept(piece: int) -> None:
    kept, sound = KeptSound(2 * SECOND), counted(9 * SECOND)
    for start in range(0, sound.size, piece):
        kept.append(sound[start : start + piece])
    left = kept.take()
    assert 2 * SECOND <= left.size <= 3 * SECOND
    assert np.array_equal(left, sound[-left.size :])


def test_what_is_cleared_is_gone() -> None:
    kept = KeptSound(SECOND)
    kept.append(counted(100))
    kept.clear()
    kept.append(counted(3))
    assert kept.take().tolist() == [0, 1, 2]


def test_an_append_costs_the_same_however_much_is_kept() -> None:
    """Counted in lines of Python that run, not in seconds."""

    def lines_of_an_append(kept: KeptSound) -> int:
        count = 0

        def trace(*_: object) -> object:
            nonlocal count
            count += 1
            return trace

        before = sys.gettrace()
        sys.settrace(trace)  # type: ignore[arg-type]
        try:
            kept.append(counted(1))
        finally:
            sys.settrace(before)
        return count

    small, full = KeptSound(120 * SECOND), KeptSound(120 * SECOND)
    for kept, pieces in ((small, 10), (full, 50_000)):
        for _ in range(pieces):
            kept.append(counted(1))
    assert lines_of_an_append(full) == lines_of_an_append(small)
    assert len(full._full) == 50_000 // SECOND
