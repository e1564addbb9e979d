"""What a sentence asks for, before anybody has decided whether it may be done. Pure data, made by `fast_path`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from jett.guard import CHANGING


class Action(StrEnum):
    """All that the fast path can understand. The container verbs are those of the guard, by the same names."""

    LIST = "list"
    STATUS = "status"
    LOGS = "logs"
    STATS = "stats"
    START = "start"
    STOP = "stop"
    RESTART = "restart"
    RUN_WORKFLOW = "run_workflow"
    TIME = "time"
    DATE = "date"
    VOLUME_SET = "volume_set"
    VOLUME_UP = "volume_up"
    VOLUME_DOWN = "volume_down"
    REPEAT = "repeat"


CHANGES = frozenset(Action(verb.value) for verb in CHANGING if verb.value in set(Action))
"""What alters something on a server."""


@dataclass(frozen=True, slots=True)
class Intent:
    """One understood request. `target` is a name as the owner's policy writes it, never as it was heard."""

    action: Action
    target: str = ""
    lines: int | None = None
    """Log lines asked for, where a number was said."""
    percent: int | None = None
    """Volume, 0 to 100, where a number was said."""


@dataclass(frozen=True, slots=True)
class WhichOne:
    """Two names or more are as near to what was heard: the user must say which."""

    action: Action
    names: tuple[str, ...]
