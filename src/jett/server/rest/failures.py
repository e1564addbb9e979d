"""What every route has in common where it says no: the shape in the OpenAPI document, and malformed requests as it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from jett.core.errors import GuardError
from jett.guard import Identity, Kind, Refused
from jett.server.refusal import Refusal, refused, wait_for
from jett.server.rest.shapes import Failure
from jett.server.visitor import Visitor

_MEANING = {
    400: "Not for this address",
    401: "Nobody is logged in",
    403: "Not allowed",
    404: "There is no such thing",
    409: "Not as things are now",
    413: "Too long",
    415: "Another form was needed",
    422: "Malformed",
    429: "Too many",
    502: "The server that was asked did not do it",
    503: "Not possible now",
}
_ANYWHERE = (400, 401, 403, 422, 429, 503)
_MOST_NAMED = 3


def failures(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route: the statuses named, and those that any route may answer with."""
    return {status: {"model": Failure, "description": _MEANING[status]} for status in sorted({*_ANYWHERE, *statuses})}


def person(visitor: Visitor) -> Identity:
    """Somebody in a browser. A token is a program's, or a thief's: it has no business in here. Raises Refusal."""
    if visitor.kind is Kind.TOKEN:
        raise Refusal(403, "this is for people, not for tokens", "open the dashboard in a browser")
    return visitor


Person = Annotated[Identity, Depends(person)]
"""A parameter of a route: who asks, and is no program."""


def refusal_of(refused: Refused) -> Refusal:
    """What the guard refused, as an answer. Its reason is fit to be read by whoever asked."""
    if refused.rule.startswith("rate."):
        return wait_for(429, refused.reason, "wait a minute; the policy's limits count for all that ask", 60)
    if refused.rule == "container.live_unknown":
        return wait_for(503, refused.reason, "see that the server is up, and the tunnel", 10)
    if refused.rule.startswith("request.") or refused.rule in ("container.unlisted", "container.absent"):
        return Refusal(404, refused.reason, "name a container of the list")
    return Refusal(403, refused.reason, f"list it in the policy (rule {refused.rule})")


async def malformed(request: Request, error: Exception) -> Response:
    """A request that is not as the document says: which fields, never what was in them. For the table of exceptions."""
    assert isinstance(error, RequestValidationError)
    named = [".".join(str(part) for part in one["loc"])[:100] for one in error.errors()[:_MOST_NAMED]]
    what = f"malformed: {', '.join(dict.fromkeys(named))}"
    return await refused(request, Refusal(422, what, "send what /api/openapi.json says"))


async def unrecorded(request: Request, error: Exception) -> Response:
    """The guard could not decide or write its record, so nothing was done. For the table of exceptions."""
    assert isinstance(error, GuardError)
    return await refused(request, wait_for(503, error.spoken, "look at Jett's terminal", 60))


async def unrouted(request: Request, error: Exception) -> Response:
    """What the framework itself refuses: no such path or method, no JSON in the body. For the table of exceptions."""
    assert isinstance(error, HTTPException)
    what = "the request cannot be read" if error.status_code == 400 else "there is nothing of that kind"
    return await refused(request, Refusal(error.status_code, what, "see /api/openapi.json", error.headers))


HANDLERS: dict[Any, Any] = {
    Refusal: refused,
    RequestValidationError: malformed,
    GuardError: unrecorded,
    HTTPException: unrouted,
}
"""What an application that has these routes does with what they raise."""
