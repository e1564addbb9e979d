"""What every request meets before a route does. An ASGI application around the others.

    Host ─► Origin ─► public? ─► who? ─► may this kind come here? ─► CSRF ─► budget ─► size ─► the route

The order is from cheap to dear. A name that was made to point here (DNS rebinding) fails at the Host header; a page
from elsewhere at Origin, Sec-Fetch-Site and CSRF, on WebSockets as well, for a browser sends cookies with those too.
Another port of this machine is the same *site* to a browser, so SameSite alone would not keep its pages out. What is
not known to be public needs somebody who is known. No CORS header is ever sent.

Who is let in is looked up again while a WebSocket or a streamed answer lasts (`standing`): a token that was revoked, or
a browser that was signed out, is cut off within seconds.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import anyio
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jett.core.errors import GuardError, JettError, SessionError
from jett.guard import Identity, Kind
from jett.server import body, budget
from jett.server.budget import Budget
from jett.server.connections import known
from jett.server.credentials import Caller, Credentials
from jett.server.openai_refusal import openai_refused
from jett.server.refusal import Refusal, refused, wait_for
from jett.server.response_headers import ResponseHeaders
from jett.server.standing import Standing, Standings, signed_out
from jett.server.window import Window

CSRF_HEADER = "x-jett-csrf"
MOST_FAILURES = 10
"""Failed attempts a minute that are told apart from a flood."""
SOUND_PATH = "/v1/audio/transcriptions"
ANNOUNCEMENTS_PATH = "/v1/announcements"
_CUT_OFF_CODE = 1008
_LAST_WORD_S = 2.0
"""How long a client that is cut off is given to take the reason."""
_SAFE = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where Jett listens: what a Host header may say, and whether TLS is spoken."""

    hosts: frozenset[str]
    secure: bool

    def origin_of(self, host: str) -> str:
        """The origin of Jett's own pages under that name."""
        return f"{'https' if self.secure else 'http'}://{host}"


class Doors:
    """The application inside sees only requests that may come in, with `state["identity"]` set where one is needed."""

    def __init__(
        self,
        app: ASGIApp,
        place: Place,
        credentials: Credentials,
        headers: ResponseHeaders,
        *,
        public: Collection[str],
        now_s: Callable[[], float],
        trouble: Callable[[str], None],
        connected: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """`public`: paths that give nothing of the owner's. `now_s` is monotonic.

        `trouble` is told of floods, and of what cannot be read. `connected` lasts as long as a WebSocket.
        """
        self._app = app
        self._place = place
        self._credentials = credentials
        self._headers = headers
        self._public = public
        self._budget = Budget(now_s)
        self._failures = Window(MOST_FAILURES, 60.0, now_s)
        self._trouble = trouble
        self._connected = connected
        self.standings = Standings()
        """Of the connections that last; somebody must `keep` them."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            raise RuntimeError(f"doors: a scope of type {scope['type']}")
        told = self._with_headers(scope, send)
        try:
            await self._let_in(scope, receive, told)
        except Refusal as refusal:
            await _refuse(scope, receive, told, refusal)

    async def _let_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = HTTPConnection(scope)
        own_origin = self._place.origin_of(self._host(connection))
        _check_origin(connection, own_origin)
        caller = None
        if scope["type"] == "websocket" or scope["path"] not in self._public:
            caller = await self._caller(connection)
            _check_kind(connection, caller)
            _check_page(connection, caller, own_origin)
            standing = self._standing(connection, caller)
            known(scope)
            scope.setdefault("state", {}).update(identity=caller.identity, caller=caller, standing=standing)
        await self._within_budget(scope, receive, send, caller)

    async def _within_budget(self, scope: Scope, receive: Receive, send: Send, caller: Caller | None) -> None:
        key = f"stranger {(scope.get('client') or ('?',))[0]}" if caller is None else caller.identity.key
        allowance = budget.STRANGER if caller is None else budget.VISITOR
        if not self._budget.spend(key, allowance):
            raise wait_for(429, f"more than {allowance.per_s:.0f} requests a second", "send fewer", 1)
        with self._budget.holding(key, allowance, scope["type"]) as room:
            if not room:
                raise wait_for(429, "too many connections are open already", "close some", 5)
            with self._connected() if scope["type"] == "websocket" else nullcontext():
                await self._while_good(scope, _within_limit(scope, receive), send)

    async def _while_good(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The application, cut off with a last word once who asks is no longer let in."""
        standing: Standing | None = scope.get("state", {}).get("standing")
        if standing is None:
            await self._app(scope, receive, send)
            return
        answer = _Answer(scope, standing, send)
        with self.standings.held(standing), standing.scope:
            await self._app(scope, receive, answer.send)
        if standing.scope.cancelled_caught:
            await answer.cut_off()

    def _standing(self, connection: HTTPConnection, caller: Caller) -> Standing:
        whose = (caller.identity, caller.secret)  # a token's name is given once
        look = partial(self._still, connection, caller.identity)
        return Standing(whose, look, lasts=connection.scope["type"] == "websocket")

    async def _still(self, connection: HTTPConnection, identity: Identity) -> bool:
        try:
            caller = await self._credentials.caller(connection)
        except (GuardError, SessionError) as error:
            self._trouble(str(error))
            return False
        return caller is not None and caller.identity == identity

    def _host(self, connection: HTTPConnection) -> str:
        named = connection.headers.getlist("host")
        if len(named) != 1 or named[0] not in self._place.hosts:
            raise Refusal(400, "the Host header is not this address", "call the address that Jett listens on")
        return named[0]

    async def _caller(self, connection: HTTPConnection) -> Caller:
        try:
            caller = await self._credentials.caller(connection)
        except (GuardError, SessionError) as error:
            self._trouble(str(error))
            raise wait_for(503, _spoken(error), "look at Jett's terminal", 60) from None
        if caller is not None:
            return caller
        if not self._credentials.shown(connection) or self._failures.admits():
            fix = "open the link that `jett link` prints, or send `Authorization: Bearer jett_…` (`jett token create`)"
            raise Refusal(401, "nobody that Jett knows sent this", fix, {"WWW-Authenticate": "Bearer"})
        if self._failures.first_over:
            sender = connection.client.host if connection.client else "somebody"
            self._trouble(f"server: more than {MOST_FAILURES} a minute without a good token or link, now from {sender}")
        raise wait_for(429, "too many attempts without a good token or link", "wait a minute", 60)

    def _with_headers(self, scope: Scope, send: Send) -> Send:
        async def told(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                self._headers.add(MutableHeaders(scope=message), scope["path"])
            await send(message)

        return told


class _Answer:
    """What is sent to somebody who is known, and how it ends when they no longer are."""

    def __init__(self, scope: Scope, standing: Standing, send: Send) -> None:
        self._socket = scope["type"] == "websocket"
        self._standing = standing
        self._send = send
        self._begun = False
        self._events = False

    async def send(self, message: Message) -> None:
        """ASGI."""
        if message["type"] == "http.response.start":
            self._begun = True
            kind = Headers(raw=list(message.get("headers", ()))).get("content-type", "")
            self._events = kind.startswith("text/event-stream")
        elif message["type"] == "http.response.body" and message.get("more_body", False):
            self._standing.lasts = True
        await self._send(message)

    async def cut_off(self) -> None:
        """The reason, as far as the answer has room for one; else it just ends. Raises Refusal before it began."""
        refusal = signed_out()
        if not self._socket and not self._begun:
            raise refusal
        with anyio.move_on_after(_LAST_WORD_S), suppress(OSError, RuntimeError):
            if self._socket:
                await self._send({"type": "websocket.close", "code": _CUT_OFF_CODE, "reason": refusal.what})
            elif self._events:
                data = json.dumps({"error": {"message": refusal.what, "code": "signed_out"}})
                last = f"event: signed_out\ndata: {data}\n\n".encode()
                await self._send({"type": "http.response.body", "body": last, "more_body": False})


def _check_origin(connection: HTTPConnection, own_origin: str) -> None:
    """A page of another origin is refused whatever it shows; programs send no Origin."""
    given = connection.headers.getlist("origin")
    if given and given != [own_origin]:
        raise Refusal(403, "this is not for pages from elsewhere", "open Jett's own address")


def _check_kind(connection: HTTPConnection, caller: Caller) -> None:
    """What is a browser's is not a token's; a token talks only if it was made for it."""
    path, identity = connection.scope["path"], caller.identity
    if identity.kind is not Kind.TOKEN:
        return
    if path.startswith("/api/"):
        raise Refusal(403, "this is for the owner's browser", "open the link that `jett link` prints")
    talks = identity.scope is not None and identity.scope.talk
    if path.startswith("/v1/") and path != ANNOUNCEMENTS_PATH and not talks:
        raise Refusal(403, "this token was not made to talk", "make one with `jett token create NAME --talk`")


def _check_page(connection: HTTPConnection, caller: Caller, own_origin: str) -> None:
    """A cookie alone proves only that a browser sends it: the page must be ours."""
    if caller.by != "cookie" or caller.session is None:
        return
    fetched = connection.headers.get("sec-fetch-site", "same-origin")
    if fetched not in ("same-origin", "none"):
        raise Refusal(403, "this is not for pages from elsewhere", "open Jett's own address")
    socket = connection.scope["type"] == "websocket"
    if not socket and connection.scope["method"] in _SAFE:
        return
    if connection.headers.get("origin") != own_origin:
        raise Refusal(403, "no Origin header says that this is Jett's own page", "open Jett's own address")
    shown = connection.headers.get(CSRF_HEADER, "")
    if not socket and not hmac.compare_digest(shown.encode(), caller.session.csrf.encode()):
        raise Refusal(403, "the header X-Jett-CSRF is not this session's", "send the csrf of GET /api/session")


def _within_limit(scope: Scope, receive: Receive) -> Receive:
    if scope["type"] == "websocket":
        return receive
    limit = body.SOUND if scope["path"] == SOUND_PATH else body.PLAIN
    length = HTTPConnection(scope).headers.get("content-length", "0")
    if not length.isdigit() or int(length) > limit.most_bytes:
        raise limit.too_long()
    return body.limited(receive, limit)


async def _refuse(scope: Scope, receive: Receive, send: Send, refusal: Refusal) -> None:
    """In the shape that belongs to the path; a WebSocket is refused with an answer, before it is one."""
    of_openai = scope["path"].startswith("/v1/") and scope["path"] != ANNOUNCEMENTS_PATH
    as_http: dict[str, Any] = {**scope, "type": "http", "method": scope.get("method", "GET")}
    answer = await (openai_refused if of_openai else refused)(Request(as_http), refusal)
    if scope["type"] == "websocket" and "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1008, "reason": refusal.what})
        return
    await answer(scope, receive, send)


def _spoken(error: JettError) -> str:
    return error.spoken.rstrip(".")
