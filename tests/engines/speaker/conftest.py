"""Real recordings of three people, and the real encoder."""

from __future__ import annotations

from pathlib import Path

import pytest

from jett.audio.files import read_audio
from jett.core.audio import Samples
from jett.core.ports import SpeakerEncoder
from jett.engines.speaker.ge2e import Ge2eSpeakerEncoder
from jett.engines.vad.silero import SileroVoiceActivityDetector
from jett.models.store import Store

RECORDINGS = Path(__file__).resolve().parents[2] / "data" / "speaker"


@pytest.fixture(scope="session")
def encoder(store: Store) -> SpeakerEncoder:
    return Ge2eSpeakerEncoder(store.file("ge2e"), SileroVoiceActivityDetector(store.file("silero-vad")))


@pytest.fixture(scope="session")
def people() -> dict[str, list[Samples]]:
    """Utterances of 3.5 to 6 s by speaker, in order."""
    found: dict[str, list[Samples]] = {}
    for path in sorted(RECORDINGS.glob("*.flac")):
        found.setdefault(path.name.partition("-")[0], []).append(read_audio(path))
    return found
