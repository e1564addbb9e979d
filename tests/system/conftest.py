"""Fixtures for tests in which real parts work together."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.system.docker_engine import TestEngine, docker_engine, why_no_docker
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


@pytest.fixture(scope="session")
def _engine() -> Iterator[TestEngine]:
    missing = why_no_docker()
    if missing and os.environ.get("CI") != "true":
        pytest.skip(missing)
    assert not missing, missing
    with docker_engine() as running:
        yield running


@pytest.fixture
def engine(_engine: TestEngine) -> TestEngine:
    """A real Docker engine without any container; skipped where there can be none."""
    _engine.remove_all()
    return _engine
