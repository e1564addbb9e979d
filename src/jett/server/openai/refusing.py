"""How this API says no: a status, and OpenAI's shape. Never repeats what was sent, but for names of fields."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from jett.core.errors import AudioError, JettError, RequestRefused, SessionsFull

RETRY_AFTER_S = 5
"""An answer takes a few seconds; then a seat may be free."""


class OpenAITrouble(BaseModel):
    """`param` is the field that is wrong, `code` OpenAI's word for what is."""

    message: str
    type: str
    param: str | None
    code: str | None


class OpenAIFailure(BaseModel):
    """The body of every answer that is not a success."""

    error: OpenAITrouble


_MEANING = {
    400: "Cannot be read, or asks for what is not there",
    401: "Nobody that Jett knows",
    403: "Not allowed",
    404: "There is no such thing",
    408: "Came too slowly",
    413: "Too long",
    422: "Malformed",
    429: "Too many, or every seat is taken",
    503: "Not possible now",
}
FAILURES: dict[int | str, dict[str, Any]] = {
    status: {"model": OpenAIFailure, "description": meaning} for status, meaning in _MEANING.items()
}
"""For the OpenAPI document."""


class ApiError(Exception):
    """An answer other than yes. `param` is the field that is wrong, `code` OpenAI's word for what is."""

    def __init__(
        self, status: int, message: str, *, kind: str = "invalid_request_error", param: str = "", code: str = ""
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.kind = kind
        self.param = param
        self.code = code

    def body(self) -> dict[str, Any]:
        """`{"error": {message, type, param, code}}`."""
        return {
            "error": {
                "message": self.message,
                "type": self.kind,
                "param": self.param or None,
                "code": self.code or None,
            }
        }

    def response(self) -> Response:
        """With Retry-After, where that helps."""
        headers = {"Retry-After": str(RETRY_AFTER_S)} if self.status in (429, 503) else {}
        return JSONResponse(self.body(), status_code=self.status, headers=headers)


def api_error(error: Exception) -> ApiError | None:
    """What an error means to a client; None for a mistake of ours."""
    match error:
        case ApiError():
            return error
        case SessionsFull():
            return ApiError(429, str(error), kind="rate_limit_error", code="sessions_full")
        case AudioError():
            message = "the file is not sound that can be decoded; send WAV, FLAC, OGG or MP3"
            return ApiError(400, message, param="file", code="invalid_audio")
        case RequestRefused():
            return ApiError(400, error.spoken, param="messages", code="refused_by_model")
        case JettError():
            return ApiError(503, error.spoken, kind="server_error", code="engine_failed")
        case ValidationError() | RequestValidationError():
            return _wrong_field(error)
        case HTTPException():
            return ApiError(error.status_code, str(error.detail))
        case ClientDisconnect():
            return ApiError(400, "the request did not come to its end; send it again")
    return None


def event_of(error: Exception) -> str:
    """The same in the middle of a stream, when the status is sent already; raises what is a mistake of ours."""
    known = api_error(error)
    if known is None:
        raise error
    return f"data: {json.dumps(known.body())}\n\n"


def _wrong_field(error: ValidationError | RequestValidationError) -> ApiError:
    """The first field that is wrong, and why; not its value."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"] if part != "body")
    return ApiError(400, f"{where or 'the body'}: {first['msg']}; see the API reference", param=where)


class OpenAIRoute(APIRoute):
    """A route whose refusals have OpenAI's shape, wherever it is mounted."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except (
                ApiError,
                JettError,
                RequestValidationError,
                ValidationError,
                HTTPException,
                ClientDisconnect,
            ) as no:
                known = api_error(no)
                assert known is not None
                return known.response()

        return handled
