"""How the OpenAI-compatible paths say no: in the shape that OpenAI's own clients read."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from jett.server.refusal import Refusal

_TYPES = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}


async def openai_refused(request: Request, error: Exception) -> Response:
    """The response to a Refusal."""
    assert isinstance(error, Refusal)
    kind = _TYPES.get(error.status, "server_error" if error.status >= 500 else "invalid_request_error")
    told = {"message": f"{error.what}; {error.fix}", "type": kind, "param": None, "code": None}
    return JSONResponse({"error": told}, status_code=error.status, headers=error.headers)
