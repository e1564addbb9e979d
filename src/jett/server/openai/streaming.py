"""Answers that are sent while they are made, and the seat that is theirs until the last byte."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, aclosing
from typing import Any

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from jett.server.openai.refusing import event_of


class Streamed(StreamingResponse):
    """A response that ends what it was made with: its seat is free as soon as the client is gone."""

    def __init__(
        self, body: AsyncGenerator[bytes, None] | AsyncGenerator[str, None], until: AsyncExitStack, media_type: str
    ) -> None:
        super().__init__(body, media_type=media_type, headers={"Cache-Control": "no-store"})
        self._body = body
        self._until = until

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._until, aclosing(self._body):
            await super().__call__(scope, receive, send)


def event(data: Mapping[str, Any]) -> str:
    """One Server-Sent Event."""
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n"


async def with_errors(events: AsyncGenerator[str, None]) -> AsyncGenerator[str, None]:
    """A failure in the middle is an event, too: the status was sent already."""
    async with aclosing(events):
        try:
            async for one in events:
                yield one
        except Exception as error:  # noqa: BLE001 - what is not told to the client is raised again
            yield event_of(error)
