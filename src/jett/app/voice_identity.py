"""Whose voice it is, from the user's settings: the encoder, the enrolled voices, and what judges turns by them.

Called by `opening`, `jett voice` and the benchmark.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from jett.app.engines import load_vad
from jett.core.errors import VoiceProfileError
from jett.core.ports import SpeakerEncoder, SpeakerVerifier, VoicePlace
from jett.models.store import Store
from jett.session.identifying import Identifying
from jett.settings import Settings

if TYPE_CHECKING:
    from jett.engines.speaker.profiles import VoiceProfiles

MODEL = "ge2e"


def load_encoder(models: Store) -> SpeakerEncoder:
    """With a voice activity detector of its own. Raises ModelError."""
    from jett.engines.speaker.ge2e import Ge2eSpeakerEncoder

    return Ge2eSpeakerEncoder(models.file(MODEL), load_vad(models))


def voice_profiles(settings: Settings) -> VoiceProfiles:
    """The enrolled voices; nothing is opened yet, and cryptography is imported here."""
    from jett.engines.speaker.profiles import VoiceProfiles

    return VoiceProfiles(voices_folder(settings))


def load_verifier(settings: Settings, models: Store) -> SpeakerVerifier | None:
    """None where it is off, or nobody is enrolled: then nothing is loaded. Raises ModelError, VoiceProfileError."""
    if not settings.speaker.enabled or not (profiles := voice_profiles(settings)).names():
        return None
    from jett.engines.speaker.verifier import ProfileSpeakerVerifier

    encoder = load_encoder(models)
    profiles.load(encoder.name, encoder.dimensions)  # a damaged one is told now
    return ProfileSpeakerVerifier(encoder, as_they_are(profiles, encoder), settings.speaker.threshold)


def as_they_are(profiles: VoiceProfiles, encoder: SpeakerEncoder) -> Callable[[], Mapping[str, VoicePlace]]:
    """The enrolled voices as their files are whenever it is called; nobody where one of them cannot be read."""
    seen: object = None
    places: Mapping[str, VoicePlace] = {}

    def now() -> Mapping[str, VoicePlace]:
        nonlocal seen, places
        if (state := profiles.state()) != seen:
            seen, places = state, {}
            with suppress(VoiceProfileError):
                places = profiles.load(encoder.name, encoder.dimensions)
        return places

    return now


def load_identifying(settings: Settings, models: Store) -> Identifying | None:
    """For one conversation. Raises as `load_verifier`."""
    verifier = load_verifier(settings, models)
    return Identifying(verifier) if verifier is not None else None


def voices_folder(settings: Settings) -> Path:
    """Where they are, or would be."""
    return settings.speaker.dir or platformdirs.user_data_path("jett", appauthor=False) / "voices"
