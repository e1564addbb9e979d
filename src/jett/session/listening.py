"""Transcribing and scoring for the turn machine: the STT and turn-detector threads, and what each pause made final."""

from __future__ import annotations

from dataclasses import dataclass, field

from jett.core.clock import Clock
from jett.core.errors import EngineError
from jett.core.ports import SpeechToText, Transcript, TurnDetector
from jett.session.audio_ring import AudioRing
from jett.session.redacted import Redact
from jett.session.worker import Caller
from jett.turns.events import Score, Speculate

INAUDIBLE = "[inaudible]"
"""Stands for speech whose transcription failed, so that the turn still ends and the failure is spoken."""

_PARTIAL_WITHIN_S = 1.0
"""Where others wait for the engine, too: what somebody has said to its end goes before what is still being said."""


@dataclass(slots=True)
class Hearing:
    """What is known of one revision. `marks` are monotonic times of its stages."""

    command: Speculate
    text: str = ""
    typed: bool = False
    error: EngineError | None = None
    transcript: Transcript | None = None
    marks: dict[str, float] = field(default_factory=dict)


class Listener:
    """Owns the engines that listen; knows nothing of replies."""

    def __init__(
        self,
        stt: SpeechToText,
        turn_detector: TurnDetector,
        ring: AudioRing,
        clock: Clock,
        *,
        stt_worker: Caller,
        turn_worker: Caller,
        redact: Redact = str,
    ) -> None:
        """`redact` sees each text as a whole; what follows knows no other."""
        self._stt = stt
        self._turn_detector = turn_detector
        self._ring = ring
        self._clock = clock
        self._stt_worker = stt_worker
        self._turn_worker = turn_worker
        self._redact = redact
        self._earlier_turn = 0
        self._earlier: list[Transcript] = []

    @property
    def busy(self) -> bool:
        """Whether a transcription runs, so that a partial would only delay it."""
        return self._stt_worker.busy

    async def score(self, command: Score) -> float | None:
        """Probability that the speaker has finished, given the silence there is by now; None when it failed."""
        speech = self._ring.read(command.from_s, self._ring.end_s)
        try:
            return await self._turn_worker.call(self._turn_detector.probability_finished, speech)
        except EngineError:
            return None

    async def transcribe(self, hearing: Hearing) -> None:
        """Fill `hearing` with the text of the whole turn so far, or with the error."""
        command = hearing.command
        speech = self._ring.read(command.from_s, command.until_s)
        earlier = tuple(self._earlier) if self._earlier_turn == command.turn else ()
        try:
            hearing.transcript = await self._stt_worker.call(self._stt.transcribe, speech, earlier=earlier)
            hearing.text = self._redact(hearing.transcript.text)
        except EngineError as error:
            hearing.error, hearing.text = error, INAUDIBLE
        hearing.marks["stt_final"] = self._clock.now_s()

    async def partial(self, turn: int, from_s: float) -> str | None:
        """The turn's text so far; None when it cannot be had now."""
        earlier = tuple(self._earlier) if self._earlier_turn == turn else ()
        speech = self._ring.read(from_s, self._ring.end_s)
        try:
            worker = self._stt_worker.within(_PARTIAL_WITHIN_S)
            heard = await worker.call(self._stt.transcribe, speech, earlier=earlier, partial=True)
        except EngineError:
            return None
        return self._redact(heard.text)

    def keep_as_earlier(self, hearing: Hearing, *, min_s: float) -> None:
        """The user went on after a pause: what was said before it needs no second transcription."""
        turn, transcript = hearing.command.turn, hearing.transcript
        if transcript is None or not transcript.text:
            return
        if self._earlier_turn != turn:
            self._earlier_turn, self._earlier = turn, []
        before = self._earlier[-1].audio_samples if self._earlier else 0
        if transcript.audio_samples - before >= min_s * 16_000:
            self._earlier.append(transcript)
