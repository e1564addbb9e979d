"""How much a request may send, and how long it may take to. An ASGI `receive` in front of the application's."""

from __future__ import annotations

from dataclasses import dataclass

import anyio
from starlette.types import Message, Receive

from jett.server.refusal import Refusal


@dataclass(frozen=True, slots=True)
class BodyLimit:
    """Bytes, and seconds from the first byte that is waited for."""

    most_bytes: int
    within_s: float

    def too_long(self) -> Refusal:
        """What is said about a body that is longer."""
        return Refusal(413, f"the body is longer than {self.most_bytes} bytes", "send less")


PLAIN = BodyLimit(1 << 20, 30.0)
SOUND = BodyLimit(100 << 20, 300.0)
"""100 MiB are 54 minutes of 16 kHz WAV."""


def limited(receive: Receive, limit: BodyLimit) -> Receive:
    """`receive`, which raises Refusal once the body is too long or too slow."""
    got_bytes, until_s = 0, 0.0
    whole = False

    async def next_message() -> Message:
        nonlocal got_bytes, until_s, whole
        if whole:
            return await receive()
        until_s = until_s or anyio.current_time() + limit.within_s
        try:
            with anyio.fail_after(max(0.0, until_s - anyio.current_time())):
                message = await receive()
        except TimeoutError:
            raise Refusal(408, "the body did not come", f"send it within {limit.within_s:.0f} s") from None
        if message["type"] != "http.request":
            whole = True
            return message
        got_bytes += len(message.get("body", b""))
        if got_bytes > limit.most_bytes:
            raise limit.too_long()
        whole = not message.get("more_body", False)
        return message

    return next_message
