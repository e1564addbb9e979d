"""Whether what sounded like a name was one: speech-to-text is asked how likely the name is, a tenth of a second later.

A head of a wake word is small and listens all the time, so it is made to miss little; what it takes for a call is
rare, and each is looked at again by a model that knows speech. Asleep this costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from jett.core.audio import SAMPLE_RATE_HZ, Samples
from jett.core.errors import EngineError
from jett.core.ports import PhraseScorer
from jett.session.audio_ring import AudioRing
from jett.session.worker import Caller

SHARE = 0.55
"""A name counts where its log-likelihood is more than this share of what it would be in noise: a rare name is unlikely
even where it is said. Chosen in benchmarks/LOG.md, "The second look"."""
_NOISE_RMS = 100.0
BEFORE_S, AFTER_S = 1.4, 0.16
"""What is looked at around the time at which a detector was sure: it may be so before the name is over."""


@dataclass(frozen=True, slots=True)
class SecondLook:
    """`spellings`: what is said for each name that is looked at, in the ways it may be written."""

    scorer: PhraseScorer
    spellings: Mapping[str, Sequence[str]]
    _least: dict[str, float] = field(default_factory=dict)

    async def taken(self, name: str, at_s: float, ring: AudioRing, worker: Caller) -> bool | None:
        """Whether the call of `name` that seems to have ended at `at_s` is one; None where it could not be told.

        `ring` holds the sound until `AFTER_S` later.
        """
        try:
            return await worker.call(self.holds, name, self.sound(at_s, ring))
        except EngineError:
            return None

    def wants(self, name: str) -> bool:
        """Whether calls of `name` are looked at."""
        return name in self.spellings

    @staticmethod
    def sound(at_s: float, ring: AudioRing) -> Samples:
        """What `holds` is to be asked about, of a call at `at_s`; whole once `ring` goes on for `AFTER_S`."""
        return ring.read(at_s - BEFORE_S, at_s + AFTER_S)

    def holds(self, name: str, speech: Samples) -> bool:
        """Whether `speech` (16 kHz), with the name at its end if it is there, is of it. Raises SpeechToTextError."""
        return self.scorer.log_likelihood(speech, self.spellings[name]) >= self.least(name)

    def warm_up(self) -> None:
        """Find out what each name is worth, so that the first call does not wait for it. Raises SpeechToTextError."""
        for name in self.spellings:
            self.least(name)

    def least(self, name: str) -> float:
        """The log-likelihood from which a call of `name` is one. Raises SpeechToTextError."""
        if name not in self._least:
            noise = np.random.default_rng(0).normal(0.0, _NOISE_RMS, round((BEFORE_S + AFTER_S) * SAMPLE_RATE_HZ))
            self._least[name] = SHARE * self.scorer.log_likelihood(noise.astype(np.int16), self.spellings[name])
        return self._least[name]
