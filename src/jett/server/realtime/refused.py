"""A client's event that cannot be done, and the `error` event that says so. Never repeats what was sent."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError


class EventRefused(Exception):
    """The connection goes on. `param` is the path of the field that is wrong."""

    def __init__(self, message: str, *, code: str = "invalid_value", param: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.param = param


def refused(error: EventRefused, event_id: str | None) -> dict[str, Any]:
    """The `error` object of an `error` event, as OpenAI writes it."""
    return {
        "type": "invalid_request_error",
        "code": error.code,
        "message": str(error),
        "param": error.param,
        "event_id": event_id,
    }


def failed(message: str, code: str = "server_error") -> dict[str, Any]:
    """The same, for what is nobody's mistake but Jett's own."""
    return {"type": "server_error", "code": code, "message": message, "param": None, "event_id": None}


def from_validation(error: ValidationError, prefix: str = "") -> EventRefused:
    """The first thing that is wrong, without its value."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    path = ".".join([*filter(None, [prefix]), *(str(part) for part in first["loc"])])
    code = "missing_required_parameter" if first["type"] == "missing" else "invalid_value"
    return EventRefused(f"{path or 'event'}: {first['msg']}", code=code, param=path or None)
