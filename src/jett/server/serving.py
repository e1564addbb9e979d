"""An ASGI application on a socket that listens already, as long as its task lives. No signals, no log of requests."""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
import uvicorn
from starlette.types import ASGIApp

from jett.core.errors import ConfigError
from jett.server.connections import guarded

MOST_CONNECTIONS = 16
MOST_UNKNOWN = 8
"""Of one address: the others are for others."""
MOST_MESSAGE_BYTES = 16 << 20
"""OpenAI's own limit for an event is 15 MiB of sound; what is around it needs a little room."""
_PING_S = 30.0
_BACKLOG = 256
_LET_GO_S = 1


@dataclass(frozen=True, slots=True)
class Certificate:
    """What TLS needs: PEM files."""

    chain: Path
    key: Path


class _Server(uvicorn.Server):
    """Ctrl-C is the command's to see, not the server's."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


async def serve(
    app: ASGIApp,
    listener: socket.socket,
    *,
    certificate: Certificate | None = None,
    websockets: bool = False,
    most_connections: int = MOST_CONNECTIONS,
    most_unknown: int = MOST_UNKNOWN,
) -> None:
    """Until cancelled; then the socket is closed and requests under way get a second to end.

    `most_unknown` connections of one address may be open while nobody is known to be behind them (`connections`).
    WebSockets are not compressed: that would cost memory for each, and sound hardly shrinks. Raises ConfigError.
    """
    _check(certificate)
    config = uvicorn.Config(
        app,
        http=guarded(most_unknown),
        ws="websockets-sansio" if websockets else "none",
        ws_max_size=MOST_MESSAGE_BYTES,
        ws_per_message_deflate=False,
        ws_ping_interval=_PING_S,
        ws_ping_timeout=_PING_S,
        ssl_certfile=certificate.chain if certificate else None,
        ssl_keyfile=certificate.key if certificate else None,
        lifespan="off",
        log_config=None,
        log_level=logging.CRITICAL,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=most_connections,
        backlog=min(most_connections, _BACKLOG),
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


def _check(certificate: Certificate | None) -> None:
    """Before anything is served, with a word on which of the two files is wrong."""
    if certificate is None:
        return
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate.chain, certificate.key)
    except (OSError, ssl.SSLError) as error:
        reason = getattr(error, "strerror", None) or getattr(error, "reason", None) or type(error).__name__
        raise ConfigError(
            f"server: {certificate.chain} and {certificate.key} are no certificate and its key ({reason}); "
            "correct server.tls_certificate and server.tls_key"
        ) from error


async def _to_its_end(server: uvicorn.Server, listener: socket.socket) -> None:
    with anyio.CancelScope(shield=True):  # cancelled in the middle, it would leave its connections open
        await server.serve(sockets=[listener])
