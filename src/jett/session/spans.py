"""Where a turn's time goes: stage marks, gathered as monotonic times and reported from the true end of speech."""

from __future__ import annotations

from dataclasses import dataclass, field

from jett.core.events import STAGES, ReplyWithdrawn, TurnReport
from jett.session.draft import Draft
from jett.session.ears import Ears
from jett.session.listening import Hearing
from jett.turns.events import Commit


@dataclass(slots=True)
class _Span:
    """Marks of one committed turn, monotonic seconds."""

    revision: int
    speech_end_s: float
    marks: dict[str, float]
    first_audio: float | None = None
    withdrawn: int = 0
    silences: list[tuple[float, float]] = field(default_factory=list)


class Spans:
    """One span a turn; times become milliseconds from the end of speech when a report is made."""

    def __init__(self, ears: Ears, engines: dict[str, str]) -> None:
        self._ears = ears
        self._engines = engines
        self._spans: dict[int, _Span] = {}
        self._withdrawn: dict[int, int] = {}

    def commit(self, command: Commit, hearing: Hearing, draft: Draft, now_s: float) -> None:
        """The turn is over: its marks so far, less those that the draft will still get."""
        marks = {**hearing.marks, "commit": now_s}
        self._spans = {command.turn: _Span(command.revision, command.speech_end_s, marks)}

    def first_audio(self, turn: int, at_s: float) -> None:
        """The first sample of the reply went to the output at `at_s` (monotonic)."""
        span = self._spans.get(turn)
        if span is not None and span.first_audio is None:
            span.first_audio = at_s

    def silenced(self, turn: int, onset_s: float) -> None:
        """Playback fell silent for speech that began at `onset_s` (audio clock)."""
        span = self._spans.get(turn)
        if span is not None:
            span.silences.append((onset_s, self._ears.ring.end_s))

    def report(self, draft: Draft, *, interrupted: bool, reason: str = "") -> TurnReport:
        """The finished turn, for the terminal and `--json`."""
        span = self._spans[draft.turn]
        stages = self._stages_ms(span, draft)
        return TurnReport(
            turn=draft.turn,
            revision=span.revision,
            transcript=draft.said,
            reply=draft.text.strip() or draft.track.heard(),
            heard=draft.track.heard(),
            interrupted=interrupted,
            reason=reason,
            ttfa_ms=stages.get("first_audio"),
            stages_ms=stages,
            speech_end_s=round(span.speech_end_s, 3),
            first_audio_s=self._first_audio_s(span),
            speech_end_monotonic_s=self._ears.monotonic_s(span.speech_end_s),
            silences_s=tuple((round(a, 3), round(b, 3)) for a, b in span.silences),
            withdrawn=self._withdrawn.pop(draft.turn, 0),
            error=draft.error,
            engines=self._engines,
        )

    def withdrawn(self, draft: Draft) -> ReplyWithdrawn:
        """The reply came too soon and is forgotten."""
        span = self._spans[draft.turn]
        self._withdrawn[draft.turn] = self._withdrawn.get(draft.turn, 0) + 1
        onset_s, silent_s = span.silences[-1] if span.silences else (0.0, 0.0)
        return ReplyWithdrawn(
            draft.turn, span.revision, draft.track.heard(), self._first_audio_s(span), onset_s, silent_s
        )

    def unanswered(self, turn: int, text: str) -> TurnReport:
        """A turn that is over without an answer: a stop phrase."""
        return TurnReport(turn, 0, text, "", "", interrupted=False, reason="stopped", engines=self._engines)

    def _first_audio_s(self, span: _Span) -> float | None:
        return None if span.first_audio is None else round(self._ears.audio_s(span.first_audio), 3)

    def _stages_ms(self, span: _Span, draft: Draft) -> dict[str, float]:
        zero_s = self._ears.monotonic_s(span.speech_end_s)
        marks = {"speech_end": zero_s, **span.marks, **draft.marks}
        if span.first_audio is not None:
            marks["first_audio"] = span.first_audio
        return {stage: round((marks[stage] - zero_s) * 1000, 1) for stage in STAGES if stage in marks}
