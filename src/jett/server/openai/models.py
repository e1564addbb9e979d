"""`/v1/models`: what can be asked for. Other names are taken, too, since clients have OpenAI's built in."""

from __future__ import annotations

from fastapi import APIRouter

from jett.server.openai.ports import Ports
from jett.server.openai.refusing import ApiError
from jett.server.visitor import Visitor

JETT = "jett"
"""The assistant: its language model, its prompt, its commands and tools."""


def add_routes(routes: APIRouter, ports: Ports) -> None:
    """List, and one by its name."""
    names = (JETT, ports.model, ports.stt_model, *ports.voices)

    @routes.get("/models", operation_id="listModels", summary="Models that answer, hear and speak")
    async def listed(visitor: Visitor) -> dict[str, object]:
        return {"object": "list", "data": [_model(name) for name in names]}

    @routes.get("/models/{name:path}", operation_id="retrieveModel", summary="One model")
    async def one(name: str, visitor: Visitor) -> dict[str, object]:
        if name not in names:
            raise ApiError(
                404, "there is no such model; list them: GET /v1/models", param="model", code="model_not_found"
            )
        return _model(name)


def _model(name: str) -> dict[str, object]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "jett"}
