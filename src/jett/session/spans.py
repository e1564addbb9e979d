"""Where a turn's time goes: stage marks, gathered as monotonic times and reported from the true end of speech."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from jett.core.events import STAGES, ReplyWithdrawn, StageSpan, TurnReport
from jett.session.draft import Draft
from jett.session.ears import Ears
from jett.session.listening import Hearing
from jett.turns.events import Commit

_INTERVALS = (
    ("hearing", "heard_from", "speech_end"),
    ("pause", "speech_end", "commit"),
    ("stt", "pause_seen", "stt_final"),
    ("llm", "llm_asked", "llm_first_token"),
    ("tts", "tts_asked", "tts_first_audio"),
    ("held", "tts_first_audio", "commit"),
    ("playing", "first_audio", "ended"),
)
"""A span has both its marks, and ends no earlier than it begins: sound that came after the commit was never held."""


@dataclass(slots=True)
class _Span:
    """Marks of one committed turn, monotonic seconds."""

    revision: int
    speech_end_s: float
    marks: dict[str, float]
    hearing_s: float = 0.0
    """How long the user spoke, pre-roll and pauses included."""
    at: str = ""
    asked_s: float | None = None
    """When it was asked for, monotonic, if nobody spoke: then no sound says when that was."""
    first_audio: float | None = None
    withdrawn: int = 0
    silences: list[tuple[float, float]] = field(default_factory=list)


class Spans:
    """One span a turn; times become milliseconds from the end of speech when a report is made."""

    def __init__(
        self, ears: Ears, engines: dict[str, str], wall_clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._ears = ears
        self._wall_clock = wall_clock
        self._engines = engines
        self._spans: dict[int, _Span] = {}
        self._withdrawn: dict[int, int] = {}

    def commit(self, command: Commit, hearing: Hearing, draft: Draft, now_s: float, *, asked: bool = False) -> None:
        """The turn is over: its marks so far, less those that the draft will still get. `asked`: nobody spoke it."""
        marks = {**hearing.marks, "commit": now_s}
        zero_s = now_s if asked else self._ears.monotonic_s(command.speech_end_s)
        self._spans = {
            command.turn: _Span(
                command.revision,
                command.speech_end_s,
                marks,
                command.speech_end_s - hearing.command.from_s,
                _rfc3339(self._wall_clock() - timedelta(seconds=now_s - zero_s)),
                now_s if asked else None,
            )
        }

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
        zero_s = self._zero_s(span)
        stages = self._stages_ms(span, draft, zero_s)
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
            speech_end_monotonic_s=zero_s,
            silences_s=tuple((round(a, 3), round(b, 3)) for a, b in span.silences),
            withdrawn=self._withdrawn.pop(draft.turn, 0),
            error=draft.error,
            engines=self._engines,
            at=span.at,
            spans=self._intervals(span, draft, zero_s),
            tool_calls=tuple(use.told(zero_s) for use in draft.used),
            guard=tuple(draft.decisions),
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
        at = _rfc3339(self._wall_clock())
        return TurnReport(turn, 0, text, "", "", interrupted=False, reason="stopped", engines=self._engines, at=at)

    def _zero_s(self, span: _Span) -> float:
        """The true end of speech, as well as it is known by now."""
        return self._ears.monotonic_s(span.speech_end_s) if span.asked_s is None else span.asked_s

    def _first_audio_s(self, span: _Span) -> float | None:
        return None if span.first_audio is None else round(self._ears.audio_s(span.first_audio), 3)

    def _stages_ms(self, span: _Span, draft: Draft, zero_s: float) -> dict[str, float]:
        marks = {"speech_end": zero_s, **span.marks, **draft.marks}
        if span.first_audio is not None:
            marks["first_audio"] = span.first_audio
        return {stage: round((marks[stage] - zero_s) * 1000, 1) for stage in STAGES if stage in marks}

    def _intervals(self, span: _Span, draft: Draft, zero_s: float) -> tuple[StageSpan, ...]:
        marks = {"heard_from": zero_s - span.hearing_s, "speech_end": zero_s, **span.marks, **draft.marks}
        if span.first_audio is not None:
            marks["first_audio"] = span.first_audio
        found = [(name, marks[start], marks[end]) for name, start, end in _INTERVALS if {start, end} <= marks.keys()]
        found += [("tool", use.start_s, use.end_s) for use in draft.used]
        told = [StageSpan(name, _ms(start - zero_s), _ms(end - zero_s)) for name, start, end in found]
        return tuple(sorted((each for each in told if each.end_ms >= each.start_ms), key=lambda each: each.start_ms))


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)


def _rfc3339(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
