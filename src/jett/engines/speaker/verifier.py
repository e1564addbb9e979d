"""Whose voice something was spoken with, of those that are enrolled: the nearest, if it is near enough.

A soft signal: it cannot tell a voice from a recording or a good imitation of it. Called on a thread of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from jett.core.audio import SAMPLE_RATE_HZ, Samples
from jett.core.ports import SpeakerEncoder, SpeakerScore, VoicePlace

LEAST_SPEECH_S = 1.5
_MOST_SAMPLES = 6 * SAMPLE_RATE_HZ
"""The end of a long turn says as much as all of it, and costs less."""


class ProfileSpeakerVerifier:
    """Port SpeakerVerifier."""

    def __init__(
        self, encoder: SpeakerEncoder, profiles: Callable[[], Mapping[str, VoicePlace]], threshold: float
    ) -> None:
        """`profiles` is asked at each turn, so that who was deleted is nobody from then on."""
        self._encoder = encoder
        self._profiles = profiles
        self._threshold = threshold

    def verify(self, speech: Samples) -> SpeakerScore | None:
        profiles = self._profiles()
        if not profiles:
            return None
        voiced = self._encoder.voiced(speech[-2 * _MOST_SAMPLES :])[-_MOST_SAMPLES:]
        if voiced.size < LEAST_SPEECH_S * SAMPLE_RATE_HZ:
            return None
        place = self._encoder.embed(voiced)
        name, score = max(((name, float(place @ other)) for name, other in profiles.items()), key=lambda at: at[1])
        if score >= self._threshold:
            score = min(score, *(float(self._encoder.embed(half) @ profiles[name]) for half in _halves(voiced)), 1.0)
        return SpeakerScore(name if score >= self._threshold else None, round(score, 3))


def _halves(voiced: Samples) -> list[Samples]:
    """Each must be of that voice, so that nobody ends what somebody else began; none where they would be too short."""
    middle = voiced.size // 2
    return [voiced[:middle], voiced[middle:]] if middle >= LEAST_SPEECH_S * SAMPLE_RATE_HZ else []
