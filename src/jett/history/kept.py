"""What the history keeps, as it is written and read: frozen, and free of any database. Times are milliseconds.

Made from a conversation's events, whose texts were redacted before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

from jett.core.events import Decided, StageSpan, ToolUsed, TurnReport

Source = Literal["local", "browser", "realtime", "wyoming", "api", "recording"]
SOURCES: tuple[Source, ...] = get_args(Source)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class KeptConversation:
    """One session, from its beginning to its end. `turns` and `first_words` are of what is still kept."""

    id: int
    source: str
    identity: str
    started_ms: int
    ended_ms: int | None = None
    turns: int = 0
    first_words: str = ""


@dataclass(frozen=True, slots=True)
class TurnInList:
    """A turn where many are listed. `excerpt` is of a search."""

    id: int
    conversation_id: int
    at_ms: int
    transcript: str
    reply: str
    interrupted: bool
    ttfa_ms: float | None
    error: str
    tools: int
    excerpt: str = ""


@dataclass(frozen=True, slots=True)
class KeptTurn:
    """One turn, whole. `recordings` are files with its sound."""

    id: int
    conversation_id: int
    number: int
    at_ms: int
    transcript: str
    reply: str
    heard: str
    interrupted: bool
    withdrawn: int = 0
    reason: str = ""
    error: str = ""
    ttfa_ms: float | None = None
    stages_ms: dict[str, float] = field(default_factory=dict)
    engines: dict[str, str] = field(default_factory=dict)
    spans: tuple[StageSpan, ...] = ()
    tool_calls: tuple[ToolUsed, ...] = ()
    guard: tuple[Decided, ...] = ()
    recordings: tuple[str, ...] = ()
    speaker: str | None = None
    speaker_score: float | None = None
    woken_by: str | None = None


@dataclass(frozen=True, slots=True)
class Gone:
    """How much was deleted. `traces`: why the words may still be in the files for a while; empty where they are not."""

    conversations: int = 0
    turns: int = 0
    traces: str = ""


def kept_turn(report: TurnReport, id: int, conversation_id: int, now_ms: int) -> KeptTurn:
    """A report as it is kept."""
    return KeptTurn(
        id,
        conversation_id,
        report.turn,
        ms_of(datetime.fromisoformat(report.at)) if report.at else now_ms,
        storable(report.transcript),
        storable(report.reply),
        storable(report.heard),
        report.interrupted,
        report.withdrawn,
        report.reason,
        storable(report.error),
        report.ttfa_ms,
        report.stages_ms,
        report.engines,
        report.spans,
        tuple(
            ToolUsed(
                storable(used.name),
                storable(used.arguments),
                storable(used.result),
                used.start_ms,
                used.took_ms,
                failed=used.failed,
            )
            for used in report.tool_calls
        ),
        report.guard,
        speaker=report.speaker,
        speaker_score=report.speaker_score,
        woken_by=report.woken_by,
    )


def storable(text: str) -> str:
    """Without what PostgreSQL cannot hold, a NUL, and what is no text, half a surrogate pair."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def ms_of(at: datetime) -> int:
    """Milliseconds since 1970."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


def time_of(at_ms: int) -> datetime:
    """In UTC."""
    return _EPOCH + timedelta(milliseconds=at_ms)
