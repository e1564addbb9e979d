"""`jett bench websockets`: what 1,000 Realtime connections cost that say nothing: memory each, and processor in all.

The server is a process of its own with the Realtime endpoint alone and no engine, since an idle connection uses none.
Whether its clients, raw sockets of this process that have only shaken hands, are still let in is looked up again and
again as by `jett serve`, for one credential that they share.
"""

from __future__ import annotations

import argparse
import base64
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import ExitStack, asynccontextmanager

import anyio
import psutil
import uvicorn
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from benchmarks.report import Figures, emit, table
from jett.app.serving import MOST_UNKNOWN
from jett.audio.resample import LiveResampler
from jett.core.errors import SessionsFull
from jett.core.events import SessionEvent
from jett.guard import Identity, Kind
from jett.server.connections import guarded
from jett.server.realtime.ports import House, Seat, Witness
from jett.server.realtime.routes import PATH, routes
from jett.server.standing import Standing, Standings
from jett.session.parts import ConversationSettings

CONNECTIONS = 1_000
_WATCHED_S = 30.0
_SETTLE_S = 2.0


class _NoSeats:
    @asynccontextmanager
    async def take(self, who: Identity, /) -> AsyncGenerator[Seat, None]:
        raise SessionsFull("sessions: this server has none")
        yield


class _Nobody:
    def observe(self, event: SessionEvent, /) -> None:
        """Nothing is said here."""

    def end(self) -> None:
        """Nothing was said here."""


def _begin(source: str, identity: Identity, /) -> Witness:
    return _Nobody()


def _serve(port: int) -> None:
    settings = ConversationSettings("Be brief.")
    house = House(seats=_NoSeats(), settings=lambda: settings, resampler=LiveResampler, begin=_begin)
    inner, standings = Starlette(routes=routes(house)), Standings()

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        standing = Standing("owner", _good, lasts=True)
        scope["state"].update(identity=Identity(Kind.DASHBOARD, "owner"), standing=standing)
        with standings.held(standing), standing.scope:
            await inner(scope, receive, send)

    config = uvicorn.Config(
        application,
        host="127.0.0.1",
        port=port,
        http=guarded(MOST_UNKNOWN),
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        backlog=CONNECTIONS,
    )

    async def both() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(standings.keep)
            await uvicorn.Server(config).serve()
            tasks.cancel_scope.cancel()

    anyio.run(both)


async def _good() -> bool:
    return True


def _connected(port: int) -> socket.socket:
    """A client that has got its `session.created`."""
    client = socket.create_connection(("127.0.0.1", port), timeout=10)
    key = base64.b64encode(os.urandom(16)).decode()
    client.sendall(
        f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    came = b""
    while b"session.created" not in came:
        more = client.recv(65_536)
        if not more:
            raise ConnectionError(f"the server closed the connection after {came[-200:]!r}")
        came += more
    return client


def figures(connections: int = CONNECTIONS, watched_s: float = _WATCHED_S) -> Figures:
    """KB for each connection, and percent of one core for all of them."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "benchmarks.capacity.websockets", "--serve", str(port)]
    with ExitStack() as closing:
        process = closing.enter_context(subprocess.Popen(command))
        closing.callback(process.terminate)
        server = psutil.Process(process.pid)
        _until_up(port)
        closing.enter_context(_connected(port))  # what is loaded with the first one is not the others' cost
        before = server.memory_info().rss
        for _ in range(connections):
            closing.enter_context(_connected(port))
        time.sleep(_SETTLE_S)
        after, busy_s = server.memory_info().rss, sum(server.cpu_times()[:2])
        time.sleep(watched_s)
        busy_s = sum(server.cpu_times()[:2]) - busy_s
        return {
            "websockets": connections,
            "websocket_kb": round((after - before) / connections / 1000, 1),
            "websockets_cpu_percent": round(busy_s / watched_s * 100, 2),
        }


def _until_up(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except ConnectionRefusedError:
            time.sleep(0.1)
    raise TimeoutError("the server did not come up within 20 s")


def main(argv: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="100 connections, watched for 5 s")
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args(argv)
    if chosen.serve is not None:
        _serve(chosen.serve)
        return 0
    found = figures(100, 5.0) if chosen.quick else figures()
    emit(found, table([[name, value] for name, value in found.items()], ["figure", "value"]), as_json=chosen.json)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
