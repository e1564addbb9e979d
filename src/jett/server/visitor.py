"""Who makes a request, as every route is told. The doors have made sure of it (`doors`) before any route runs."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from jett.guard import Identity


def identity_of(connection: HTTPConnection) -> Identity:
    """The identity that the doors noted; a route that was reached without one is a mistake of ours."""
    identity = connection.scope.get("state", {}).get("identity")
    assert isinstance(identity, Identity), "a route was mounted outside the doors"
    return identity


Visitor = Annotated[Identity, Depends(identity_of)]
"""A parameter of a route: who asks."""
