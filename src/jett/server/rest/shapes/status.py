"""Who is here, and how Jett is."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from jett.server.rest.shapes.base import Shape


class Session(Shape):
    """The browser's session. `csrf` goes into the header X-Jett-CSRF of every request that changes something."""

    name: str
    csrf: str
    ends_at: datetime


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
    """Its turn machine's state: idle, hearing, pausing, replying, overlap; or asleep; or called, until that is sure."""
    can_sleep: bool
    """Whether the local conversation sleeps until it is called."""
    called: list[str]
    """What is said to wake it."""
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
