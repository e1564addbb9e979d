"""Containers, their logs, changes to them and the questions that wait."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from jett.server.rest.shapes.base import Shape

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
