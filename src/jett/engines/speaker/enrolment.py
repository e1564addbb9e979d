"""What makes an enrolment: three utterances that are long and loud enough, and of one voice. Not where it is kept.

Thresholds: benchmarks/LOG.md, "Whose voice". Called by `jett voice enroll`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from jett.core.audio import SAMPLE_RATE_HZ, Samples, level_dbfs
from jett.core.errors import VoiceProfileError
from jett.core.ports import SpeakerEncoder, VoicePlace

SENTENCES = (
    "The old boat left the harbour early, before the morning fog had lifted.",
    "Please water both of the plants in the kitchen, and close the window on Thursday.",
    "Seven grey geese were flying over the quiet field while she counted them.",
)
"""Shown one after another: some four seconds each, with most sounds of English."""

UTTERANCES = 3
LEAST_SPEECH_S = 2.0
LEAST_DBFS = -45.0
LEAST_AGREEMENT = 0.73
"""Of each utterance with the other two together."""
SAME_RECORDING = 0.995
"""Two utterances so alike are one recording twice, which says nothing about how a voice varies."""


def checked(encoder: SpeakerEncoder, speech: Samples, what: str) -> VoicePlace:
    """The place of one utterance. Raises VoiceProfileError, which begins with `what`, where it is short or quiet."""
    voiced = encoder.voiced(speech)
    speech_s = voiced.size / SAMPLE_RATE_HZ
    if speech_s < LEAST_SPEECH_S:
        raise VoiceProfileError(
            f"voice: {what} has {speech_s:.1f} s of speech, need {LEAST_SPEECH_S:.1f} s; say the whole sentence"
        )
    level = level_dbfs(voiced)
    if level < LEAST_DBFS:
        raise VoiceProfileError(
            f"voice: {what} is too quiet ({level:.0f} dBFS), need {LEAST_DBFS:.0f} dBFS; come nearer, or turn the "
            "microphone up"
        )
    return encoder.embed(voiced)


def agreement(places: Sequence[VoicePlace]) -> list[float]:
    """How like each of them is to the others together; 1 is the same."""
    return [
        float(place @ _mean([other for at, other in enumerate(places) if at != number]))
        for number, place in enumerate(places)
    ]


def agreed(places: Sequence[VoicePlace]) -> VoicePlace:
    """The voice that all of `places` are of: their mean, of length 1. Raises VoiceProfileError where they are not."""
    if len(places) < UTTERANCES:
        raise VoiceProfileError(f"voice: {len(places)} utterances, need {UTTERANCES}; give one more")
    for number, likeness in enumerate(agreement(places), 1):
        if likeness < LEAST_AGREEMENT:
            raise VoiceProfileError(
                f"voice: utterance {number} is not like the others ({likeness:.2f}), need {LEAST_AGREEMENT}; "
                "let one person say all of them, in a quiet room"
            )
    alike = next((pair for pair in combinations(enumerate(places, 1), 2) if _same(pair[0][1], pair[1][1])), None)
    if alike is not None:
        (one, _), (other, _) = alike
        raise VoiceProfileError(f"voice: utterances {one} and {other} are the same recording; say each sentence once")
    return _mean(places)


def _same(one: VoicePlace, other: VoicePlace) -> bool:
    return float(one @ other) > SAME_RECORDING


def _mean(places: Sequence[VoicePlace]) -> VoicePlace:
    together = np.sum(places, axis=0)
    mean: VoicePlace = (together / max(float(np.linalg.norm(together)), 1e-9)).astype(np.float32)
    return mean
