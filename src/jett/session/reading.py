"""Text to sound, clause by clause, while the text still comes: for programs that want Jett's voice, not for replies.

Called by the HTTP API and by Wyoming.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable
from dataclasses import dataclass, field

from jett.core.clock import Clock, MonotonicClock
from jett.core.ports import TextToSpeech
from jett.session.playback import Clip
from jett.session.seats import Seat
from jett.turns.clauses import ClauseSplitter

_FIRST_WITHIN_S = 0.5
"""The first sound is waited for, but by nobody who has just stopped speaking."""


@dataclass(slots=True)
class _Ahead:
    """How much sound a listener has who began to play as soon as there was some."""

    clock: Clock
    made_s: float = 0.0
    since_s: float | None = None

    def needed_in_s(self) -> float:
        """When the next clause is needed; half of it, since it takes time to make."""
        if self.since_s is None:
            return _FIRST_WITHIN_S
        return max(0.0, self.made_s - (self.clock.now_s() - self.since_s)) / 2

    def add(self, seconds: float) -> None:
        self.since_s = self.clock.now_s() if self.since_s is None else self.since_s
        self.made_s += seconds


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads aloud at one seat, with the seat's voice or another (`voice`, of the same engine)."""

    seat: Seat
    voice: TextToSpeech | None = None
    clock: Clock = field(default_factory=MonotonicClock)

    @property
    def engine(self) -> TextToSpeech:
        """The voice."""
        return self.voice or self.seat.parts.tts

    async def read(self, texts: AsyncIterable[str]) -> AsyncGenerator[Clip, None]:
        """The sound of each clause, at the voice's rate, as soon as it is made. Raises TextToSpeechError."""
        splitter, ahead = ClauseSplitter(), _Ahead(self.clock)
        async for text in texts:
            for clause in splitter.feed(text):
                async for clip in self._spoken(clause, ahead):
                    yield clip
        for clause in splitter.flush():
            async for clip in self._spoken(clause, ahead):
                yield clip

    async def _spoken(self, clause: str, ahead: _Ahead) -> AsyncGenerator[Clip, None]:
        """The clause's sound, where there is something in it that can be said."""
        spoken = self.seat.parts.spoken(clause)
        if not spoken.strip():
            return
        samples = await self.seat.workers.tts.within(ahead.needed_in_s()).call(self.engine.synthesize, spoken)
        if samples.size:
            ahead.add(samples.size / self.engine.rate_hz)
            yield Clip(clause, samples)
