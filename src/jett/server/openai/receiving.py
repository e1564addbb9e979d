"""What a request brings: JSON of a bounded size, or a form whose files go to disk while they come."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

import anyio
from pydantic import BaseModel
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.types import Message

from jett.server.openai.refusing import ApiError

MOST_JSON_BYTES = 1 << 20
MOST_FILE_BYTES = 25 << 20
"""As OpenAI."""
_FORM_BYTES = 64 << 10
"""The fields beside the file."""
_WITHIN_S = 300.0

Body = TypeVar("Body", bound=BaseModel)


def limited(request: Request, most_bytes: int) -> Request:
    """The same request, which refuses to be longer, whatever its length was said to be."""
    too_long = ApiError(413, f"the request is longer than {most_bytes} bytes; send less", code="request_too_large")
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > most_bytes:
        raise too_long
    received = 0

    async def receive() -> Message:
        nonlocal received
        message = await request.receive()
        received += len(message.get("body", b""))
        if received > most_bytes:
            raise too_long
        return message

    return Request(request.scope, receive)


async def json_of(request: Request, kind: type[Body]) -> Body:
    """The body, checked. Raises ApiError, ValidationError."""
    with _in_time():
        return kind.model_validate_json(await limited(request, MOST_JSON_BYTES).body())


@asynccontextmanager
async def form_of(request: Request) -> AsyncGenerator[FormData, None]:
    """The fields and the file of a form; the file is gone when the block ends. Raises ApiError."""
    bounded = limited(request, MOST_FILE_BYTES + _FORM_BYTES)
    with _in_time():
        form = await bounded.form(max_files=1, max_fields=32, max_part_size=_FORM_BYTES)
    try:
        yield form
    finally:
        await form.close()


@contextmanager
def _in_time() -> Iterator[None]:
    try:
        with anyio.fail_after(_WITHIN_S):
            yield
    except TimeoutError:
        raise ApiError(408, f"the request did not come within {_WITHIN_S:.0f} s; send it again") from None


def body_schema(kind: type[BaseModel]) -> dict[str, object]:
    """How the body stands in the OpenAPI document, since the route reads it itself."""
    schema = kind.model_json_schema()
    whole = _resolved(schema, schema.pop("$defs", {}))
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": whole}}}}


def _resolved(schema: Any, defined: dict[str, Any]) -> Any:
    """With what it refers to in its place; nothing here refers to itself."""
    if isinstance(schema, list):
        return [_resolved(each, defined) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _resolved(defined[schema["$ref"].rpartition("/")[2]], defined)
    return {name: _resolved(each, defined) for name, each in schema.items()}


def answers(description: str, *media_types: str) -> dict[int | str, dict[str, Any]]:
    """How a good answer stands in the document, for a route that makes its response itself."""
    return {200: {"description": description, "content": {kind: {} for kind in media_types}}}
