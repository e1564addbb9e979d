"""What the protocol asks of its shell: imperative, carried out in order; `Send` goes to the client."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jett.core.ports import Message
from jett.server.realtime.config import SessionConfig


@dataclass(frozen=True, slots=True)
class Send:
    """An event for the client, its id included."""

    event: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Configure:
    """From now on with these settings."""

    config: SessionConfig


@dataclass(frozen=True, slots=True)
class Append:
    """Sound in the session's input format: to be listened to, or (`manual`) to be kept until the client commits it."""

    data: bytes
    manual: bool


@dataclass(frozen=True, slots=True)
class ClearSound:
    """What was kept, or is being heard, does not count."""

    manual: bool


@dataclass(frozen=True, slots=True)
class Transcribe:
    """What was kept is a turn: tell `transcribed` its words."""

    item_id: str


@dataclass(frozen=True, slots=True)
class Ask:
    """Have the conversation answer `said`, or its items as they are; written only, or spoken. Then call `was_asked`.

    `typed` is how `said` came in, `written` how the answer goes out.
    """

    said: str
    written: bool
    typed: bool


@dataclass(frozen=True, slots=True)
class AskApart:
    """An answer beside the conversation, of which it keeps nothing."""

    response_id: str
    messages: tuple[Message, ...]
    written: bool


@dataclass(frozen=True, slots=True)
class CancelApart:
    """No more of that one."""

    response_id: str


@dataclass(frozen=True, slots=True)
class Dismiss:
    """End the reply under way; of what was sent of it the listener played `played_s`, where that is known."""

    played_s: float | None = None


@dataclass(frozen=True, slots=True)
class NoteHeard:
    """The listener played `played_s` of what was sent of the reply to `turn`, and no more."""

    turn: int
    played_s: float


@dataclass(frozen=True, slots=True)
class Silence:
    """As if a stop button was pressed."""


Effect = (
    Send | Configure | Append | ClearSound | Transcribe | Ask | AskApart | CancelApart | Dismiss | NoteHeard | Silence
)
