"""The login link, and the browser's own session."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import anyio.to_thread
from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from jett.server.browser_sessions import LOGIN, BrowserSessions
from jett.server.credentials import Caller
from jett.server.refusal import Refusal
from jett.server.rest.login_page import FLOODED, STALE, unopened
from jett.server.rest.shapes.status import Session
from jett.server.window import Window

MOST_LOGINS = 20
"""Tries of the link a minute: 256 bits are not guessed anyway, but the file need not be read more often."""


def router(
    sessions: BrowserSessions,
    *,
    cookie: str,
    secure: bool,
    session_days: int,
    now: Callable[[], datetime],
    now_s: Callable[[], float],
) -> APIRouter:
    """The routes of who is here. `cookie` is its name, `now_s` monotonic."""
    routes = APIRouter(tags=["session"])
    logins = Window(MOST_LOGINS, 60.0, now_s)

    @routes.get(LOGIN, include_in_schema=False)
    async def login(request: Request, code: str = "") -> Response:
        """One look at the link lets this browser in; nothing is told of why another code does not."""
        if not logins.admits():
            return unopened(request, FLOODED, {"Retry-After": "60"})
        if not 20 <= len(code) <= 100:
            return unopened(request, STALE)
        secret = await anyio.to_thread.run_sync(sessions.enter, code, now())
        if secret is None:
            return unopened(request, STALE)
        answer = RedirectResponse("/", status_code=303)
        lasts_s = round(timedelta(days=session_days).total_seconds())
        answer.set_cookie(cookie, secret, max_age=lasts_s, path="/", secure=secure, httponly=True, samesite="strict")
        return answer

    @routes.get("/api/session", operation_id="getSession")
    async def get_session(request: Request) -> Session:
        """Who is here, and what its pages must show when they change something."""
        caller: Caller = request.state.caller
        if caller.session is None:
            raise Refusal(403, "a token has no session", "open the link that `jett link` prints")
        ends = datetime.fromtimestamp(caller.session.ends_ms / 1000, UTC)
        return Session(name=caller.identity.name, csrf=caller.session.csrf, ends_at=ends)

    @routes.delete("/api/session", operation_id="leave", status_code=204)
    async def leave(request: Request) -> Response:
        """Sign this browser out."""
        caller: Caller = request.state.caller
        await anyio.to_thread.run_sync(sessions.leave, caller.secret, now())
        answer = Response(status_code=204)
        answer.delete_cookie(cookie, path="/", secure=secure, httponly=True, samesite="strict")
        return answer

    return routes
