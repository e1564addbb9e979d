"""OpenAI's HTTP API, as far as Jett can be one: hear, speak, answer. In OpenAI's shapes, also when it says no.

`router(ports)` is mounted inside the doors, which have made sure of who asks. Each request takes a seat, so that it is
scheduled as fairly as a conversation, and refused with 429 where all are taken.
Reference: https://platform.openai.com/docs/api-reference.
"""

from __future__ import annotations

from fastapi import APIRouter

from jett.server.openai import chat, models, speech, transcriptions
from jett.server.openai.ports import Ports
from jett.server.openai.refusing import FAILURES, OpenAIRoute

__all__ = ["Ports", "router"]


def router(ports: Ports) -> APIRouter:
    """All routes under `/v1` but the Realtime API."""
    routes = APIRouter(prefix="/v1", route_class=OpenAIRoute, tags=["OpenAI"], responses=FAILURES)
    for part in (models, transcriptions, speech, chat):
        part.add_routes(routes, ports)
    return routes
