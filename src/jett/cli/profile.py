"""What `jett --profile` names, for the command that runs."""

from __future__ import annotations

from contextvars import ContextVar

PROFILE_OPTION: ContextVar[str | None] = ContextVar("PROFILE_OPTION", default=None)
