"""From microphone chunks to frames: what was heard and what was played stay matched, however late a thread is."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from jett.audio.echo import EchoReference
from jett.core.audio import Samples
from jett.core.clock import MonotonicClock
from jett.session.ears import Ears

PERIOD = 320
"""20 ms, a block of the microphone and of the speaker."""


class Pairs:
    """A canceller that only notes which sample it was given with which; both count upwards."""

    frame_samples = 160
    audible = True

    def __init__(self) -> None:
        self.shifts: list[int] = []
        self.heard: list[int] = []

    def process(self, near: Samples, far: Samples) -> Samples:
        self.heard += near.tolist()
        if far.all():
            self.shifts += (near - far).tolist()
        return near

    def reset(self) -> None:
        """Nothing to forget."""


class Silence:
    """A voice activity detector for which nothing is speech."""

    frame_samples = 512

    def score(self, frame: Samples) -> float:
        return 0.0

    def reset(self) -> None:
        """Nothing to forget."""


def _block(number: int) -> Samples:
    return np.arange(1 + number * PERIOD, 1 + (number + 1) * PERIOD, dtype=np.int16)


@given(lateness=st.lists(st.integers(0, 2), min_size=5, max_size=60), early=st.integers(0, 2))
@settings(max_examples=200, deadline=None)
def test_a_speaker_thread_that_is_late_shifts_nothing(lateness: list[int], early: int) -> None:
    """Its block of period n comes up to 40 ms later, in order, while the device plays on from its buffer."""
    pairs = Pairs()
    reference = EchoReference(16_000)
    ears = Ears(Silence(), MonotonicClock(), canceller=pairs, reference=reference)
    given_blocks = 0
    for period in range(len(lateness)):
        due = max(given_blocks, min(period + 1 + early - lateness[period], len(lateness)))
        for number in range(given_blocks, due):
            reference.played(_block(number))
        given_blocks = due
        list(ears.hear(_block(period)))
    assert len(set(pairs.shifts)) <= 1
    assert pairs.heard == sorted(pairs.heard)


def test_after_the_last_block_a_frame_waits_sixty_milliseconds_and_no_longer() -> None:
    """Nothing that is heard gets lost or stays behind."""
    pairs = Pairs()
    reference = EchoReference(16_000)
    ears = Ears(Silence(), MonotonicClock(), canceller=pairs, reference=reference)
    reference.played(_block(0))
    behind = []
    for period in range(6):
        list(ears.hear(_block(period)))
        behind.append((period + 1) * PERIOD - len(pairs.heard))
    assert behind == [0, 320, 640, 960, 0, 0]
    assert pairs.heard == list(range(1, 6 * PERIOD + 1))
