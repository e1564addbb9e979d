"""The shapes of the dashboard's REST interface. Its TypeScript types are made from these, by the OpenAPI document.

Times are RFC 3339 in UTC, durations milliseconds. Unknown is null, never a guess. Texts were redacted before.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Shape(BaseModel):
    """Nothing unknown is taken in, and nothing changes afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Trouble(Shape):
    """What went wrong, and what to do about it."""

    what: str
    fix: str


class Failure(Shape):
    """The body of every answer that is not a success."""

    error: Trouble


# ---- who is here ----------------------------------------------------------------------------------------------------


class Session(Shape):
    """The browser's session. `csrf` goes into the header X-Jett-CSRF of every request that changes something."""

    name: str
    csrf: str
    ends_at: datetime


# ---- how Jett is ----------------------------------------------------------------------------------------------------


class Engine(Shape):
    """One stage and what does its work."""

    stage: Literal["vad", "turn", "stt", "llm", "tts", "embedding"]
    name: str
    state: Literal["ready", "loading", "failed", "down"]
    detail: str = ""


class Memory(Shape):
    """The graphics card's memory by the plan, in MiB; all null where there is no card."""

    card: str | None = None
    budget_mib: int | None = None
    planned_mib: int | None = None
    parts: dict[str, int] = Field(default_factory=dict)


class Status(Shape):
    """How Jett is now."""

    version: str
    started_at: datetime
    profile: str
    local_loop: Literal["off", "running", "failed"]
    """The conversation through this machine's own microphone and speaker."""
    local_state: str = ""
    """Its turn machine's state: idle, hearing, pausing, replying, overlap."""
    sessions: int
    """Conversations held over the network now."""
    most_sessions: int
    engines: list[Engine]
    vram: Memory
    resident_mib: int
    troubles: list[str]


class StageTimes(Shape):
    """One turn's stages, milliseconds from the true end of speech."""

    turn_id: int
    at: datetime
    ttfa_ms: float | None
    stages_ms: dict[str, float]


class Percentiles(Shape):
    """Of the turns that have the value."""

    count: int
    p50_ms: float | None
    p95_ms: float | None


class Latency(Shape):
    """The newest turns, oldest first, and the percentiles over them: `ttfa` and each stage by name."""

    turns: list[StageTimes]
    percentiles: dict[str, Percentiles]


# ---- containers -----------------------------------------------------------------------------------------------------

ContainerVerb = Literal["status", "logs", "stats", "start", "stop", "restart"]


class Permission(Shape):
    """What the guard would say if this browser asked."""

    verb: ContainerVerb
    verdict: Literal["allow", "confirm", "deny"]
    reason: str = ""


class Usage(Shape):
    """What a container takes; `cpu_percent` is of one core."""

    at: datetime
    cpu_percent: float
    memory_bytes: int
    memory_limit_bytes: int


class Container(Shape):
    """One container of the policy's, as last seen. Never its environment or command line."""

    name: str
    state: str
    """Docker's: running, exited, created, restarting, paused, dead; `absent` when the engine does not have it."""
    health: Literal["healthy", "unhealthy", "starting", "none"]
    started_at: datetime | None
    exit_code: int | None
    lifeline: bool
    permissions: list[Permission]
    usage: list[Usage]
    """Samples of the last minutes, oldest first; empty where they may not be had."""


class Containers(Shape):
    """`known` is false while the engine is out of sight; then `trouble` says why and the list is empty."""

    known: bool
    trouble: str
    place: str
    may_change: bool
    """Whether the owner has turned actions on (`server.actions`)."""
    containers: list[Container]


class Log(Shape):
    """The last lines, redacted."""

    name: str
    lines: list[str]


class ChangeAsked(Shape):
    """A change that waits for a person's yes."""

    nonce: str
    text: str
    """The read-back, with the resolved name."""
    operation: str
    verb: str
    target: str
    asked_by: str
    ends_at: datetime


class Answer(Shape):
    """The click."""

    answer: Literal["yes", "no"]


class Outcome(Shape):
    """What came of an operation. `refused` before it began; `unknown`: begun, and nobody saw how it ended."""

    operation: str
    result: Literal["done", "failed", "unknown", "refused"]
    text: str
    """One or two sentences, as they would be spoken."""
    rule: str = ""
    took_ms: float | None = None


class Questions(Shape):
    """Changes that wait, whoever asked them."""

    questions: list[ChangeAsked]


# ---- history --------------------------------------------------------------------------------------------------------


class Conversation(Shape):
    """One session, from its beginning to its end."""

    id: int
    source: Literal["local", "browser", "realtime", "wyoming", "api", "recording"]
    identity: str
    started_at: datetime
    ended_at: datetime | None
    turns: int
    first_words: str


class Conversations(Shape):
    """Newest first. `next` is given back as `before` for the page after this one; null at the end."""

    conversations: list[Conversation]
    next: str | None


class TurnLine(Shape):
    """A turn in a list."""

    id: int
    conversation_id: int
    at: datetime
    transcript: str
    reply: str
    interrupted: bool
    ttfa_ms: float | None
    error: str
    tools: int
    excerpt: str = ""
    """Of a search: where the words were found, between ‹ and ›."""


class Turns(Shape):
    """Newest first, those of a search too: to rank what matches, all of it would have to be read."""

    turns: list[TurnLine]
    next: str | None


class Span(Shape):
    """One piece of work on the turn's clock; 0 is the true end of speech, so what came before is negative."""

    name: str
    start_ms: float
    end_ms: float


class ToolCall(Shape):
    """A tool that the turn used; arguments and result redacted."""

    name: str
    arguments: str
    result: str
    start_ms: float | None = None
    took_ms: float | None = None
    failed: bool = False


class GuardDecision(Shape):
    """What the guard said to something that the turn asked for."""

    operation: str
    verb: str
    target: str
    verdict: str
    rule: str
    at: datetime


class Turn(Shape):
    """One turn, whole."""

    id: int
    conversation_id: int
    number: int
    at: datetime
    transcript: str
    reply: str
    heard: str
    """What was played of the reply."""
    interrupted: bool
    withdrawn: int
    reason: str
    error: str
    ttfa_ms: float | None
    stages_ms: dict[str, float]
    spans: list[Span]
    engines: dict[str, str]
    tool_calls: list[ToolCall]
    guard: list[GuardDecision]
    has_audio: bool


class ConversationTurns(Shape):
    """One conversation with its turns, oldest first. `next` is given back as `after` for the turns after these."""

    conversation: Conversation
    turns: list[Turn]
    next: str | None


class Deleted(Shape):
    """How much is gone."""

    conversations: int = 0
    turns: int = 0
    memories: int = 0


class DeleteAll(Shape):
    """The words are asked for so that nobody does it by accident."""

    confirm: Literal["delete everything"]


class AuditRecord(Shape):
    """One record of the audit log."""

    number: int
    at: datetime
    kind: str
    operation: str
    identity: str
    verb: str
    target: str
    verdict: str
    rule: str
    detail: str
    hash: str


class AuditPage(Shape):
    """Newest first."""

    records: list[AuditRecord]
    next: str | None


class AuditFault(Shape):
    """Where the chain does not hold."""

    number: int | None
    what: str


class AuditVerdict(Shape):
    """Whether the chain holds and its anchors agree."""

    intact: bool
    records: int
    head: str
    faults: list[AuditFault]
    anchors: list[str]


# ---- settings -------------------------------------------------------------------------------------------------------


class Setting(Shape):
    """One setting. The value of a secret is never given, only whether it is set."""

    key: str
    """Such as `stt.model`."""
    section: str
    type: Literal["boolean", "integer", "number", "string", "choice", "list", "table", "path", "secret"]
    description: str
    value: Any
    default: Any
    source: Literal["default", "profile", "file", "environment", "option", "dashboard"]
    source_detail: str = ""
    choices: list[str] = Field(default_factory=list)
    least: float | None = None
    most: float | None = None
    unit: str = ""
    editable: bool
    """Not where the environment or an option has the last word."""
    restart: bool
    """Whether a change counts only at the next start."""


class Settings(Shape):
    """All of them, in the order of the settings file."""

    path: str
    settings: list[Setting]
    waiting: list[str]
    """Keys changed since the start that count only at the next one."""


class ChangeSettings(Shape):
    """New values by key; null goes back to the default. All or none are taken."""

    values: Annotated[dict[str, Any], Field(min_length=1, max_length=50)]


class SettingsChanged(Shape):
    """What was written, and which of it counts only after a restart."""

    settings: list[Setting]
    restart: list[str]


class Voice(Shape):
    """A voice that can be tried."""

    backend: str
    voice: str
    label: str
    installed: bool
    current: bool


class Voices(Shape):
    """All that the backends have."""

    voices: list[Voice]


class TryVoice(Shape):
    """Speak a sentence; the answer is a WAV file."""

    backend: str
    voice: str
    text: Annotated[str, Field(min_length=1, max_length=200)] = "Hello, I am Jett."
    speed: Annotated[float, Field(ge=0.5, le=2)] = 1.0


class PolicyText(Shape):
    """The guard's policy, to read."""

    path: str
    text: str
    trouble: str


class Socket(Shape):
    """One open socket of Jett's processes."""

    process: str
    protocol: str
    local: str
    remote: str
    state: str
    why: str


class PrivacyPage(Shape):
    """What is kept and what is open."""

    keeps_recordings: bool
    keeps_history: bool
    history_days: int
    places: dict[str, str]
    """Where things lie, by what they are."""
    sockets: list[Socket]


class Remembered(Shape):
    """One thing that Jett was asked to remember."""

    id: str
    text: str
    at: datetime
    source: str
    score: float | None = None


class Memories(Shape):
    """Newest first, or nearest first for a query."""

    memories: list[Remembered]
    next: str | None


class Remember(Shape):
    """A thing to remember."""

    text: Annotated[str, Field(min_length=1, max_length=500)]
