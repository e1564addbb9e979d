"""Who makes a request, from what it shows: a browser's cookie, or a token. Not whether it may come in (`doors`)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import anyio.to_thread
from starlette.requests import HTTPConnection

from jett.guard import Identity, Kind, TokenStore
from jett.server.browser_sessions import BrowserSession, BrowserSessions

COOKIE = "jett_session"
SECURE_COOKIE = "__Host-jett_session"
"""With TLS: the prefix has the browser insist on Secure, on path / and on this host (RFC 6265bis, 4.1.3)."""
_BEARER = re.compile(r"(?i:bearer) +(jett_[A-Za-z0-9_-]{16,128})", re.ASCII)
_SUBPROTOCOL = re.compile(r"openai-insecure-api-key\.(jett_[A-Za-z0-9_-]{16,128})", re.ASCII)
_COOKIE_SECRET = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who is known. `session` and `secret` are of a browser's cookie."""

    identity: Identity
    by: Literal["cookie", "token"]
    session: BrowserSession | None = None
    secret: str = ""


class Credentials:
    """Looks tokens and sessions up, each time anew, so that one that was revoked is nobody's at once."""

    def __init__(
        self, tokens: TokenStore, sessions: BrowserSessions, *, owner: str, secure: bool, now: Callable[[], datetime]
    ) -> None:
        """`owner` is the name of the one person whose browsers these are."""
        self._tokens = tokens
        self._sessions = sessions
        self._owner = owner
        self._now = now
        self.cookie = SECURE_COOKIE if secure else COOKIE

    def shown(self, connection: HTTPConnection) -> bool:
        """Whether anything was shown at all: who shows nothing guesses nothing."""
        keys = any(map(_is_key, connection.scope.get("subprotocols", ())))
        return keys or "authorization" in connection.headers or self.cookie in connection.cookies

    async def caller(self, connection: HTTPConnection) -> Caller | None:
        """A token counts before a cookie, since whoever sends one means it. Raises TokenError, SessionError."""
        if (token := _token(connection)) is not None:
            identity = await anyio.to_thread.run_sync(self._tokens.identify, token, self._now())
            return None if identity is None else Caller(identity, "token")
        secret = connection.cookies.get(self.cookie, "")
        if not _COOKIE_SECRET.fullmatch(secret):
            return None
        session = await anyio.to_thread.run_sync(self._sessions.who, secret, self._now())
        return None if session is None else Caller(Identity(Kind.DASHBOARD, self._owner), "cookie", session, secret)


def _is_key(subprotocol: str) -> bool:
    return subprotocol.startswith("openai-insecure-api-key.")


def _token(connection: HTTPConnection) -> str | None:
    """The one token that is shown, be it one or none of ours; None where only a cookie could tell."""
    given = connection.headers.getlist("authorization")
    if given:
        found = _BEARER.fullmatch(given[0]) if len(given) == 1 else None
        return found[1] if found else ""
    if connection.scope["type"] == "websocket":
        for name in connection.scope.get("subprotocols", ()):
            if found := _SUBPROTOCOL.fullmatch(name):
                return found[1]
    return None
