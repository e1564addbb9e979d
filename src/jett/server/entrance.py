"""What every request must show before anything of it is believed: where it was meant for, who sends it, how much it is.

The order is from cheap to dear. A browser is never let in: pages are refused by their Origin, and a name that was made
to point here (DNS rebinding) by the Host header. No CORS header is ever sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

import anyio
import anyio.to_thread
from starlette.requests import ClientDisconnect, Request

from jett.core.errors import RequestError
from jett.guard import Identity, TokenStore, object_of
from jett.server.connections import known
from jett.server.refusal import Refusal, wait_for
from jett.server.window import Window

MAX_BODY_BYTES = 4096
BODY_WITHIN_S = 5.0
MOST_FAILURES = 10
"""Failed attempts a minute that are told apart from a flood."""
_BEARER = re.compile(r"(?i:bearer) +(jett_[A-Za-z0-9_-]{16,128})", re.ASCII)
_JSON = re.compile(r'(?i:application/json)(?: *; *(?i:charset) *= *"?(?i:utf-8)"?)?', re.ASCII)


class Entrance:
    """Host, origin, token and body of the requests to one address."""

    def __init__(
        self,
        hosts: frozenset[str],
        tokens: TokenStore,
        *,
        now: Callable[[], datetime],
        now_s: Callable[[], float],
        trouble: Callable[[str], None],
    ) -> None:
        """`now_s` is monotonic. `trouble` is told of floods."""
        self._hosts = hosts
        self._tokens = tokens
        self._now = now
        self._failures = Window(MOST_FAILURES, 60.0, now_s)
        self._trouble = trouble

    async def identity(self, request: Request) -> Identity:
        """Who sends it. A good token is let in however many bad ones came before. Raises Refusal, TokenError."""
        named = request.headers.getlist("host")
        if len(named) != 1 or named[0] not in self._hosts:
            raise Refusal(400, "the Host header is not this address", "call the address that Jett listens on")
        if "origin" in request.headers:
            raise Refusal(403, "this is not for web pages", "send it from a program, without an Origin header")
        given = request.headers.getlist("authorization")
        found = _BEARER.fullmatch(given[0]) if len(given) == 1 else None
        if found is not None:
            identity = await anyio.to_thread.run_sync(self._tokens.identify, found[1], self._now())
            if identity is not None:
                known(request.scope)
                return identity
        raise self._not_known(request)

    def _not_known(self, request: Request) -> Refusal:
        if self._failures.admits():
            return Refusal(
                401,
                "no good token was sent",
                "send `Authorization: Bearer jett_…`; `jett token create` makes one",
                {"WWW-Authenticate": "Bearer"},
            )
        if self._failures.first_over:
            sender = request.client.host if request.client else "somebody"
            self._trouble(f"announcements: more than {MOST_FAILURES} a minute without a good token, now from {sender}")
        return wait_for(429, "too many attempts without a good token", "wait a minute, then send a good one", 60)

    async def fields(self, request: Request) -> dict[str, object]:
        """The JSON object of the body, each name in it once. Raises Refusal."""
        content_types, encoded = request.headers.getlist("content-type"), request.headers.get("content-encoding")
        if len(content_types) != 1 or not _JSON.fullmatch(content_types[0]) or encoded not in (None, "identity"):
            raise Refusal(415, "the body is not plain JSON", "send it with Content-Type: application/json")
        try:
            return object_of((await _body(request)).decode("utf-8"))
        except (UnicodeDecodeError, RequestError):
            raise Refusal(
                400, "the body is not a JSON object with each name once", 'send {"text": "…"} in UTF-8'
            ) from None


async def _body(request: Request) -> bytes:
    """At most MAX_BODY_BYTES, whatever its length was said to be, and within BODY_WITHIN_S. Raises Refusal."""
    too_long = Refusal(413, f"the body is longer than {MAX_BODY_BYTES} bytes", "send a shorter text")
    length = request.headers.get("content-length", "0")
    if not length.isdigit() or int(length) > MAX_BODY_BYTES:
        raise too_long
    body = b""
    try:
        with anyio.fail_after(BODY_WITHIN_S):
            async for piece in request.stream():
                body += piece
                if len(body) > MAX_BODY_BYTES:
                    raise too_long
    except (TimeoutError, ClientDisconnect):
        raise Refusal(408, "the body did not come", f"send it within {BODY_WITHIN_S:.0f} s") from None
    return body
