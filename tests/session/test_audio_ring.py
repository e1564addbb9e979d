"""The ring of captured audio."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from jett.session.audio_ring import AudioRing


@given(st.lists(st.integers(0, 5_000), max_size=30), st.floats(0, 4), st.floats(0, 4))
def test_a_read_gives_what_was_written_as_far_as_it_is_held(sizes: list[int], a: float, b: float) -> None:
    """Any chunks, any times: the samples between the two times that the last second still holds."""
    ring = AudioRing(1.0)
    whole = np.arange(sum(sizes), dtype=np.int64).astype(np.int16)
    at = 0
    for size in sizes:
        ring.write(whole[at : at + size])
        at += size
    start, end = round(min(a, b) * 16_000), round(max(a, b) * 16_000)
    expected = whole[max(start, whole.size - 16_000, 0) : min(end, whole.size)]
    assert np.array_equal(ring.read(min(a, b), max(a, b)), expected)
