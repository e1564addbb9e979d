"""What every route has in common where it says no: the shape in the OpenAPI document, and who is a person."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends

from jett.guard import Identity, Kind, Refused
from jett.server.refusal import Refusal, wait_for
from jett.server.rest.shapes.base import Failure
from jett.server.visitor import Visitor

_MEANING = {
    400: "Cannot be read, or is for another address",
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
_ANYWHERE = (400, 401, 403, 413, 422, 429, 503)


def failures(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route: the statuses named, and those that any route may answer with."""
    return {status: {"model": Failure, "description": _MEANING[status]} for status in sorted({*_ANYWHERE, *statuses})}


def person(visitor: Visitor) -> Identity:
    """Somebody in a browser. A token is a program's, or a thief's: it has no business in here. Raises Refusal."""
    if visitor.kind is not Kind.DASHBOARD:
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
