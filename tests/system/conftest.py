"""Fixtures for tests in which real parts work together."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.system.sound_card import SoundCard, pointed_at, sound_card, why_no_sound_card


@pytest.fixture
def card() -> Iterator[SoundCard]:
    """A virtual sound card of this test's own, which this process uses meanwhile; skipped where there can be none."""
    missing = why_no_sound_card()
    if missing and os.environ.get("CI") != "true":
        pytest.skip(missing)
    assert not missing, missing
    with sound_card() as running, pointed_at(running):
        yield running
