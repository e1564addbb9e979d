"""Whether what sounded like a name was one: each call is looked at again by a model that knows speech.

A head of a wake word is small and listens all the time, so it is made to miss little; what it takes for a call is rare.
A sixth of a second later a judge hears the last 1.6 s; one that has learned the name is asked up to twice more, 80 ms
later each, since the head is often sure before the name is over. Asleep this costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import anyio.to_thread
import numpy as np

from jett.core.audio import SAMPLE_RATE_HZ, Samples
from jett.core.errors import EngineError
from jett.core.ports import CallJudge, PhraseScorer
from jett.session.audio_ring import AudioRing
from jett.session.worker import Caller

WINDOW_S = 1.6
"""What is looked at."""
AFTER_S = (0.16, 0.24, 0.32)
"""Ends of the looks, from the time at which a detector was sure."""
SHARE = 0.55
"""A name counts where its log-likelihood is more than this share of what it would be in noise: a rare name is unlikely
even where it is said. Chosen in benchmarks/LOG.md, "The second look"."""
_NOISE_RMS = 100.0


@dataclass(frozen=True, slots=True)
class Look:
    """One that is to be taken."""

    name: str
    at_s: float
    """When the call seems to have ended."""
    nth: int = 0

    @property
    def until_s(self) -> float:
        """The end of what is looked at."""
        return self.at_s + AFTER_S[self.nth]

    def is_due(self, ring: AudioRing) -> bool:
        """Whether all that is looked at was heard."""
        return ring.end_sample >= round(self.until_s * SAMPLE_RATE_HZ)

    def sound(self, ring: AudioRing) -> Samples:
        """What is looked at; whole once `ring` goes on until `until_s`."""
        return ring.read(self.until_s - WINDOW_S, self.until_s)


@dataclass(frozen=True, slots=True)
class SecondLook:
    """One judge a name; calls of other names are not looked at."""

    judges: Mapping[str, CallJudge]
    beside: frozenset[str] = frozenset()
    """Names whose judge has an engine of its own, which need not wait for one that transcribes."""

    def wants(self, name: str) -> bool:
        """Whether calls of `name` are looked at."""
        return name in self.judges

    def again(self, look: Look) -> Look | None:
        """The one that is taken where `look` finds no name."""
        most = min(self.judges[look.name].most_looks, len(AFTER_S))
        return replace(look, nth=look.nth + 1) if look.nth + 1 < most else None

    async def taken(self, look: Look, ring: AudioRing, worker: Caller) -> bool | None:
        """Whether the name is there; None where it could not be told. `ring` goes on until `look.until_s`."""
        try:
            if look.name in self.beside:
                return await anyio.to_thread.run_sync(self.holds, look.name, look.sound(ring))
            return await worker.call(self.holds, look.name, look.sound(ring))
        except EngineError:
            return None

    def holds(self, name: str, speech: Samples) -> bool:
        """Whether `speech`, as `Look.sound` gives it, ends with `name`. Raises EngineError."""
        return self.judges[name].holds(speech)

    def warm_up(self) -> None:
        """So that the first call does not wait. Raises EngineError."""
        for judge in self.judges.values():
            judge.warm_up()


@dataclass(slots=True)
class LikelyPhrase:
    """A judge that has not learned the name: how likely does speech-to-text find it?

    `spellings`: what is said, in the ways it may be written.
    """

    scorer: PhraseScorer
    spellings: Sequence[str]
    most_looks: int = 1
    _least: float | None = field(default=None, init=False)

    def holds(self, speech: Samples) -> bool:
        """Port CallJudge."""
        return self.scorer.log_likelihood(speech, self.spellings) >= self.least()

    def warm_up(self) -> None:
        """Port CallJudge: find out what the name is worth."""
        self.least()

    def least(self) -> float:
        """The log-likelihood from which a call is one. Raises SpeechToTextError."""
        if self._least is None:
            noise = np.random.default_rng(0).normal(0.0, _NOISE_RMS, round(WINDOW_S * SAMPLE_RATE_HZ))
            self._least = SHARE * self.scorer.log_likelihood(noise.astype(np.int16), self.spellings)
        return self._least
