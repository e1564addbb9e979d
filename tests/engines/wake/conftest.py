"""Real models, real people, and what they say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from jett.audio.files import read_audio
from jett.core.audio import Samples
from jett.engines.wake.features import SpeechEmbedding
from jett.models.store import Store

DATA = Path(__file__).resolve().parents[2] / "data"

Recording = Callable[[str], Samples]


@pytest.fixture(scope="session")
def features(store: Store) -> SpeechEmbedding:
    return SpeechEmbedding(store.path("wake-features"))


@pytest.fixture(scope="session")
def recording() -> Recording:
    """`recording("wake/hey_jarvis_1")`: int16 at 16 kHz."""
    return lambda name: read_audio(DATA / f"{name}.flac")
