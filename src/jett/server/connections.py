"""TCP connections that nobody is known to be behind: how long they may be silent, and how many one address may have.

    connected ─► HEAD_WITHIN_S for the head of each request ─► the application ─► who asks is known: no longer counted
              └ too slow, or one too many of its address: closed

uvicorn counts connections and waits for ever for a head; a few thousand silent ones would keep everybody out. Called by
`serving`, for each connection; whoever knows who asks calls `known`.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any, cast

import h11
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_WITHIN_S = 10.0
_KNOWN = "jett.known"


def known(scope: Scope) -> None:
    """Who sends this request is known, so that its connection no longer counts against its address."""
    tell: Callable[[], None] = scope.get("extensions", {}).get(_KNOWN, lambda: None)
    tell()


class Unknown:
    """How many connections each address has behind which nobody is known. On the event loop alone."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._of: Counter[str] = Counter()

    def admits(self, address: str) -> bool:
        """Count one more; False where that is too many, and then it is not counted."""
        if self._of[address] >= self._most:
            return False
        self._of[address] += 1
        return True

    def let_go(self, address: str) -> None:
        """One is known, or gone."""
        self._of[address] -= 1
        if not self._of[address]:
            del self._of[address]


def guarded(most_unknown: int) -> type[asyncio.Protocol]:
    """uvicorn's protocol with these limits; the connections of one server are counted together."""

    class Guarded(_Guarded):
        counted, within_s = Unknown(most_unknown), HEAD_WITHIN_S

    return Guarded


class _Guarded(H11Protocol):
    counted: Unknown
    within_s: float

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._address: str | None = None
        """Under which it is counted; None when it is not."""
        self._waiting: asyncio.TimerHandle | None = None
        self._upgraded = False
        inner = self.app

        async def telling(scope: Any, receive: Any, send: Any) -> None:
            scope.setdefault("extensions", {})[_KNOWN] = self._let_go
            await inner(scope, cast(Receive, receive), cast(Send, send))

        self.app = cast(Any, telling)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        address = str((transport.get_extra_info("peername") or ("?",))[0])
        super().connection_made(transport)
        if not self.counted.admits(address):
            transport.abort()
            return
        self._address = address
        self._wait_while_unfinished()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._wait_while_unfinished()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self._let_go()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """The connection becomes another protocol's, and the doors refuse at once whom they do not know."""
        self._upgraded = True
        self._stop_waiting()
        self._let_go()
        super().handle_websocket_upgrade(event)

    def _wait_while_unfinished(self) -> None:
        """The time runs from the connection, or from a head's first byte; more bytes win none.

        So it does for the rest of a body that nobody waits for any more. Between two requests uvicorn's own time runs.
        """
        theirs = self.conn.their_state
        answered = self.cycle is not None and self.cycle.response_complete
        unfinished = theirs is h11.IDLE or (theirs is h11.SEND_BODY and answered)
        if not unfinished or self._upgraded or self.transport.is_closing():
            self._stop_waiting()
        elif self._waiting is None:
            self._waiting = self.loop.call_later(self.within_s, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _let_go(self) -> None:
        if self._address is not None:
            self.counted.let_go(self._address)
            self._address = None
