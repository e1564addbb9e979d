"""One WebSocket: messages in, events out, and the conversation behind it once there is one. The protocol is `session`.

    receive ─► session ─► effects ─┬─► outbox ─► send            a slow client fills its own outbox, and is closed
                                   └─► talk: Jett's conversation, begun with the first sound or question

Two tasks wait while nothing happens, and four once there is a conversation; none of them ticks.
"""

from __future__ import annotations

import json
import logging
import time
from contextlib import suppress
from dataclasses import dataclass
from secrets import token_hex

import anyio
from anyio.abc import TaskGroup
from starlette.websockets import WebSocket, WebSocketDisconnect

from jett.core.errors import JettError, SessionsFull, ungrouped
from jett.guard import Identity
from jett.server.realtime.effects import Append, Ask, AskApart, Configure, Effect, Send
from jett.server.realtime.outbox import Outbox
from jett.server.realtime.ports import House, Seat
from jett.server.realtime.refused import EventRefused, failed
from jett.server.realtime.session import RealtimeSession
from jett.server.realtime.talk import Talk
from jett.server.standing import Standing
from jett.server.window import Window

SUBPROTOCOL = "realtime"
POLICY, FAULT, BUSY = 1008, 1011, 1013
_LAST_WORD_S = 2.0
"""How long a client is given to take what is said before its connection is closed."""
_MOST_BEFORE = 2_000
"""Effects that wait while a seat is made ready; what comes after them is dropped."""
_REASON_CHARS = 100
"""Of a close frame, which has room for 123 bytes."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _End:
    """Why the connection is closed from here."""

    code: int
    kind: str
    message: str


class Connection:
    """Serves one client until it leaves, is told to, or its time is over."""

    def __init__(self, websocket: WebSocket, identity: Identity, house: House, standing: Standing) -> None:
        self._websocket = websocket
        self._identity = identity
        self._house = house
        self._standing = standing
        settings, limits = house.settings(), house.limits
        self._session = RealtimeSession(
            token_hex(6),
            expires_at=int(time.time() + limits.session_s),
            instructions=settings.system_prompt,
            context_tokens=settings.context_tokens,
            model=house.model,
        )
        self._outbox = Outbox(limits.unsent_bytes, self._too_slow)
        self._errors = Window(limits.errors, limits.errors_per_s, time.monotonic)
        self._talk: Talk | None = None
        self._before: list[Effect] | None = None
        self._end: _End | None = None

    async def serve(self) -> None:
        """To its end; raises nothing that a client could cause."""
        offered = self._websocket.scope.get("subprotocols", ())
        await self._websocket.accept(SUBPROTOCOL if SUBPROTOCOL in offered else None)
        with anyio.move_on_after(self._house.limits.session_s) as hour:
            async with anyio.create_task_group() as tasks:
                self._tasks: TaskGroup = tasks
                tasks.start_soon(self._send_all)
                self._act()
                await self._receive_all()
                tasks.cancel_scope.cancel()
        if hour.cancelled_caught:
            self._end_with(_End(1000, "session_expired", "the session has reached its longest time; begin another"))
        if self._end is not None:
            await self._close(self._end)

    # ---- in and out -------------------------------------------------------------------------------------------------

    async def _receive_all(self) -> None:
        while self._end is None:
            message = await self._websocket.receive()
            if message["type"] != "websocket.receive":
                return
            self._receive(message.get("text"))

    def _receive(self, text: str | None) -> None:
        before = self._session.errors
        if text is None:
            self._session.refuse(EventRefused("events are text messages, not binary ones", code="invalid_json"))
        else:
            self._session.receive(text)
        if self._session.errors > before and not self._errors.admits():
            self._end_with(_End(POLICY, "too_many_errors", "too many events that cannot be done; the connection ends"))
        self._act()

    async def _send_all(self) -> None:
        with suppress(WebSocketDisconnect):
            while True:
                await self._websocket.send_text(await self._outbox.next())

    def _too_slow(self) -> None:
        self._end_with(_End(POLICY, "client_too_slow", "events come faster than they are taken; the connection ends"))
        self._tasks.cancel_scope.cancel()

    def _end_with(self, end: _End) -> None:
        """The first reason counts."""
        if self._end is None:
            self._end = end

    async def _close(self, end: _End) -> None:
        """What waits, the reason, and the end: as far as the client takes it soon."""
        with anyio.move_on_after(_LAST_WORD_S, shield=True), suppress(WebSocketDisconnect, RuntimeError):
            while len(self._outbox) and end.code != POLICY:
                await self._websocket.send_text(await self._outbox.next())
            error = {"type": "error", "event_id": self._session.new_id("event"), "error": failed(end.message, end.kind)}
            await self._websocket.send_text(json.dumps(error))
            await self._websocket.close(end.code, end.message[:_REASON_CHARS])

    # ---- effects ----------------------------------------------------------------------------------------------------

    def _act(self) -> None:
        for effect in self._session.take():
            if isinstance(effect, Send):
                self._outbox.put(effect.event)
            elif self._talk is not None:
                self._talk.do(effect)
            else:
                self._before_talk(effect)

    def _before_talk(self, effect: Effect) -> None:
        """A seat is taken when there is something to hear or to answer; what is asked until it is ready waits."""
        if self._before is None:
            if not isinstance(effect, Append | Ask | AskApart):
                return
            self._before = [Configure(self._session.config)]
            self._tasks.start_soon(self._hold_a_seat)
        if len(self._before) < _MOST_BEFORE:
            self._before.append(effect)

    async def _hold_a_seat(self) -> None:
        try:
            with ungrouped():
                async with self._house.seats.take(self._identity) as seat:
                    await self._converse(seat)
        except SessionsFull as error:
            self._end_with(_End(BUSY, "sessions_full", str(error)))
        except JettError as error:
            self._end_with(_End(FAULT, "server_error", str(error)))
        except Exception:  # noqa: BLE001 - a connection's boundary: its fault ends no other's conversation
            _log.exception("realtime: a conversation failed")
            self._end_with(_End(FAULT, "server_error", "the conversation failed; see Jett's log"))
        self._tasks.cancel_scope.cancel()

    async def _converse(self, seat: Seat) -> None:
        witness = self._house.begin("realtime", self._identity)
        talk = Talk(self._session, seat, self._house, witness, self._standing, self._act)
        try:
            await talk.run(self._ready)
        finally:
            witness.end()

    def _ready(self, talk: Talk) -> None:
        """The conversation listens: what waited is done, and everything from now on at once."""
        waited, self._before, self._talk = self._before or [], [], talk
        for effect in waited:
            talk.do(effect)
