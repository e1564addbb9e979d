"""The queue between the audio thread and the event loop."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from jett.audio.device_microphone import ChunkQueue


@given(sizes=st.lists(st.integers(1, 400), max_size=40), limit=st.integers(400, 2_000))
def test_a_full_queue_drops_its_oldest_and_counts_them(sizes: list[int], limit: int) -> None:
    queue = ChunkQueue(limit)
    for mark, size in enumerate(sizes):
        queue.put(np.full(size, mark, np.int16))
    kept = []
    while (chunk := queue.take()) is not None:
        kept.append((int(chunk[0]), chunk.size))
    assert kept == list(enumerate(sizes))[len(sizes) - len(kept) :]
    kept_samples = sum(size for _, size in kept)
    assert kept_samples <= limit
    assert queue.dropped_samples == sum(sizes) - kept_samples
