"""Whose voice something was spoken with, of those that are enrolled: the nearest, if it is near enough.

A soft signal: it cannot tell a voice from a recording or a good imitation of it. Called on a thread of its own.
"""

from __future__ import annotations

from collections.abc import Mapping

from jett.core.audio import SAMPLE_RATE_HZ, Samples
from jett.core.ports import SpeakerEncoder, SpeakerScore, VoicePlace

LEAST_SPEECH_S = 1.5
_MOST_SAMPLES = 6 * SAMPLE_RATE_HZ
"""The end of a long turn says as much as all of it, and costs less."""


class ProfileSpeakerVerifier:
    """Port SpeakerVerifier."""

    def __init__(self, encoder: SpeakerEncoder, profiles: Mapping[str, VoicePlace], threshold: float) -> None:
        self._encoder = encoder
        self._profiles = profiles
        self._threshold = threshold

    def verify(self, speech: Samples) -> SpeakerScore | None:
        if not self._profiles:
            return None
        voiced = self._encoder.voiced(speech[-2 * _MOST_SAMPLES :])[-_MOST_SAMPLES:]
        if voiced.size < LEAST_SPEECH_S * SAMPLE_RATE_HZ:
            return None
        place = self._encoder.embed(voiced)
        name, score = max(
            ((name, float(place @ other)) for name, other in self._profiles.items()), key=lambda at: at[1]
        )
        return SpeakerScore(name if score >= self._threshold else None, round(score, 3))
