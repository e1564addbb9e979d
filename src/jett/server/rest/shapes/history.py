"""Conversations and their turns."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from jett.server.rest.shapes.base import Shape


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
    speaker: str | None
    """The name of the enrolled voice; empty for nobody's, null where nobody looked or too little was said."""
    speaker_score: float | None
    woken_by: str | None
    """What woke Jett for it: the name that was called, key, request, announcement; null where it was awake already."""
    has_audio: bool


class ConversationTurns(Shape):
    """One conversation with its turns, oldest first. `next` is given back as `after` for the turns after these."""

    conversation: Conversation
    turns: list[Turn]
    next: str | None
