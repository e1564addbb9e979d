"""How the server says no: a status, and one JSON shape that says what and the fix. Never repeats what was sent."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response


class Refusal(Exception):
    """An answer other than yes."""

    def __init__(self, status: int, what: str, fix: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(what)
        self.status = status
        self.what = what
        self.fix = fix
        self.headers = dict(headers or {})


def wait_for(status: int, what: str, fix: str, seconds: int) -> Refusal:
    """A no that may be a yes after so many seconds."""
    return Refusal(status, what, fix, {"Retry-After": str(seconds)})


async def refused(request: Request, error: Exception) -> Response:
    """The response to a Refusal; for Starlette's table of exceptions."""
    assert isinstance(error, Refusal)
    return JSONResponse(
        {"error": {"what": error.what, "fix": error.fix}}, status_code=error.status, headers=error.headers
    )
