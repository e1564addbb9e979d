"""What the guard said, as a turn's report tells it. Pure; called by `commands` and `model_tools`."""

from __future__ import annotations

from datetime import UTC, datetime

from jett.core.events import Decided
from jett.guard import Permit, Question, Refused, Request


def decided(
    answer: Permit | Question | Refused, now: datetime, request: Request | None = None, *, confirmed: bool = False
) -> Decided:
    """`request` is what was asked, where a refusal does not say it; `confirmed`: it was a question's answer."""
    at = now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(answer, Refused):
        verb, target = (str(request.verb), request.target) if request is not None else ("", "")
        return Decided(answer.operation, verb, target, "deny", answer.rule, at)
    asked = answer.request
    verdict = "confirm" if isinstance(answer, Question) else "confirmed" if confirmed else "allow"
    return Decided(answer.operation, str(asked.verb), asked.target, verdict, "", at)
