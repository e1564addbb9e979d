"""Whose voice a turn is: judged on a thread of its own beside the transcript, and never waited for before it.

    Speculate r ─► judge ─► on the thread ─► score of (turn, r)
    Commit      ─► commit: that of the newest r counts; whoever acts on the words may wait for it (`name`)

What is too short to tell has no verdict: it is the guard's to say what that means. Called by the conversation; the port
WhoSpeaks for its commands and tools.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import anyio

from jett.core.errors import EngineError
from jett.core.events import SessionEvent, TurnReport
from jett.core.ports import SpeakerScore, SpeakerVerifier
from jett.session.audio_ring import AudioRing
from jett.session.worker import Caller
from jett.turns.events import Speculate


@dataclass(slots=True)
class _Judgement:
    """Of one revision; without a score once it is `done`, nobody could tell."""

    turn: int = 0
    score: SpeakerScore | None = None
    done: anyio.Event = field(default_factory=anyio.Event)

    @property
    def name(self) -> str | None:
        return None if self.score is None else self.score.name or ""


class Identifying:
    """Port WhoSpeaks, for one conversation at a time."""

    def __init__(self, verifier: SpeakerVerifier) -> None:
        self._verifier = verifier
        self._newest: _Judgement | None = None
        self._committed: _Judgement | None = None

    def forget(self) -> None:
        """Another conversation begins, whose turns are counted anew."""
        self._newest = self._committed = None

    async def judge(self, command: Speculate, ring: AudioRing, worker: Caller) -> None:
        """Of all that was said in the turn so far; a fault of the engine costs the verdict alone."""
        mine = self._newest = _Judgement(command.turn)
        try:
            speech = ring.read(command.from_s, command.until_s)
            mine.score = await worker.call(self._verifier.verify, speech)
        except EngineError:
            mine.score = None
        finally:
            mine.done.set()

    def commit(self, turn: int) -> None:
        """The turn is over; one that was typed was spoken by nobody."""
        newest = self._newest
        self._committed = newest if newest is not None and newest.turn == turn else None

    @property
    def so_far(self) -> str | None:
        """Port WhoSpeaks."""
        return self._newest.name if self._newest is not None else None

    async def name(self) -> str | None:
        """Port WhoSpeaks."""
        judgement = self._committed
        if judgement is None:
            return None
        await judgement.done.wait()
        return judgement.name

    def told(self, event: SessionEvent) -> SessionEvent:
        """A report of the committed turn, with whose voice it was."""
        judgement = self._committed
        if not isinstance(event, TurnReport) or judgement is None or judgement.turn != event.turn:
            return event
        score = judgement.score
        return event if score is None else replace(event, speaker=score.name or "", speaker_score=score.score)
