"""Who makes a request, as every route is told. The doors have made sure of it (`doors`) before any route runs."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from jett.guard import Identity
from jett.server.standing import Standing


def identity_of(connection: HTTPConnection) -> Identity:
    """The identity that the doors noted; a route that was reached without one is a mistake of ours."""
    identity = connection.scope.get("state", {}).get("identity")
    assert isinstance(identity, Identity), "a route was mounted outside the doors"
    return identity


def standing_of(connection: HTTPConnection) -> Standing:
    """Whether they are still let in, to be asked before something is done long after the doors were passed."""
    standing = connection.scope.get("state", {}).get("standing")
    assert isinstance(standing, Standing), "a route was mounted outside the doors"
    return standing


Visitor = Annotated[Identity, Depends(identity_of)]
"""A parameter of a route: who asks."""
