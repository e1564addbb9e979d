"""httpx over a UNIX socket whose reads may be cancelled at any moment.

httpcore's own backend waits for a UNIX socket by a future that the event loop fulfils even when it was cancelled in the
same round, which ends as an unhandled InvalidStateError (anyio 4.16, `_RawSocketMixin`; TCP is not affected). asyncio's
streams know this case. Called by `docker_engine`.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager

import anyio
import httpcore
import httpx


class UnixTransport(httpx.AsyncHTTPTransport):
    """One engine behind one socket file."""

    def __init__(self, path: str) -> None:
        super().__init__(uds=path, trust_env=False)
        self._pool = httpcore.AsyncConnectionPool(uds=path, network_backend=_UnixBackend())


class _UnixBackend(httpcore.AsyncNetworkBackend):
    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None
    ) -> httpcore.AsyncNetworkStream:
        async with _within(timeout, httpcore.ConnectTimeout, httpcore.ConnectError):
            return _Stream(*await asyncio.open_unix_connection(path))


class _Stream(httpcore.AsyncNetworkStream):
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        async with _within(timeout, httpcore.ReadTimeout, httpcore.ReadError):
            return await self._reader.read(max_bytes)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        async with _within(timeout, httpcore.WriteTimeout, httpcore.WriteError):
            self._writer.write(buffer)
            await self._writer.drain()

    async def aclose(self) -> None:
        self._writer.close()

    def get_extra_info(self, info: str) -> object:
        """Whether the other side has gone, which the pool asks before a connection is used again."""
        if info != "is_readable":
            return None
        return self._reader.at_eof() or self._writer.is_closing() or _readable(self._writer.get_extra_info("socket"))


def _readable(connection: object) -> bool:
    """What the event loop has not seen yet: between two requests it can only be the end."""
    with selectors.DefaultSelector() as selector:
        selector.register(connection, selectors.EVENT_READ)  # type: ignore[arg-type]
        return bool(selector.select(timeout=0))


@asynccontextmanager
async def _within(
    timeout_s: float | None, too_late: type[Exception], failed: type[Exception]
) -> AsyncGenerator[None, None]:
    """The time limit, and the errors that httpx turns into its own."""
    try:
        with anyio.fail_after(timeout_s):
            yield
    except TimeoutError as error:
        raise too_late(str(error)) from error
    except OSError as error:
        raise failed(str(error)) from error
