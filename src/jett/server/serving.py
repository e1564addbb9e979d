"""An ASGI application on a socket that listens already, as long as its task lives. No signals, no log of requests."""

from __future__ import annotations

import logging
import socket
from collections.abc import Generator
from contextlib import contextmanager

import anyio
import uvicorn
from starlette.types import ASGIApp

MOST_CONNECTIONS = 16
_LET_GO_S = 1


class _Server(uvicorn.Server):
    """Ctrl-C is the command's to see, not the server's."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


async def serve(app: ASGIApp, listener: socket.socket) -> None:
    """Until cancelled; then the socket is closed and requests under way get a second to end."""
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level=logging.CRITICAL,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        backlog=MOST_CONNECTIONS,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=_LET_GO_S,
    )
    server = _Server(config)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_to_its_end, server, listener)
        try:
            await anyio.sleep_forever()
        finally:
            server.should_exit = True


async def _to_its_end(server: uvicorn.Server, listener: socket.socket) -> None:
    with anyio.CancelScope(shield=True):  # cancelled in the middle, it would leave its connections open
        await server.serve(sockets=[listener])
