"""httpx over a UNIX socket: answers, errors and limits as over TCP, and reads that may be cancelled at any moment."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import httpx
import pytest

from jett.ops.unix_socket import UnixTransport

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(sys.platform == "win32", reason="asyncio has no UNIX sockets on Windows; TCP is used there"),
]
HANG_LIMIT_S = 20.0
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Engine:
    """The other end of each connection, by hand."""

    def __init__(self, path: Path) -> None:
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        self.listener.setblocking(False)

    async def accept(self) -> socket.socket:
        """The next connection, once its first request came."""
        with anyio.fail_after(HANG_LIMIT_S):
            connection, _ = await asyncio.get_running_loop().sock_accept(self.listener)
        connection.setblocking(False)
        await self.request(connection)
        return connection

    async def request(self, connection: socket.socket) -> None:
        """Wait for another one."""
        with anyio.fail_after(HANG_LIMIT_S):
            assert await asyncio.get_running_loop().sock_recv(connection, 65536)


@asynccontextmanager
async def served(folder: Path, read_s: float = HANG_LIMIT_S) -> AsyncGenerator[tuple[Engine, httpx.AsyncClient], None]:
    """An engine and a client of it."""
    engine = Engine(folder / "engine.sock")
    transport = UnixTransport(str(folder / "engine.sock"))
    with engine.listener:
        async with httpx.AsyncClient(base_url="http://docker", transport=transport, timeout=read_s) as client:
            yield engine, client


async def test_a_read_that_is_cancelled_as_the_answer_comes_is_only_cancelled(tmp_path: Path) -> None:
    """Both in one round of the event loop: the answer is there when the cancelled read is looked at."""
    unhandled: list[object] = []
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    loop.set_exception_handler(lambda _, context: unhandled.append(context.get("exception")))
    async with served(tmp_path) as (engine, client):
        asking = asyncio.ensure_future(client.get("/containers/json"))
        with await engine.accept() as connection:
            for _ in range(9):  # until the client waits for the answer
                await asyncio.sleep(0)
            connection.send(HEAD + b"[]")
            loop.call_soon(asking.cancel)
            with pytest.raises(asyncio.CancelledError):
                await asking
            await asyncio.sleep(0)
    loop.set_exception_handler(before)
    assert unhandled == []


async def test_a_connection_is_used_again_until_the_other_side_closes_it(tmp_path: Path) -> None:
    """As an engine does that is restarted."""
    async with served(tmp_path) as (engine, client):
        for _ in range(2):
            asking = asyncio.ensure_future(client.get("/a"))
            with await engine.accept() as connection:
                connection.send(HEAD + b"[]")
                assert (await asking).text == "[]"
                asking = asyncio.ensure_future(client.get("/b"))
                await engine.request(connection)
                connection.send(HEAD + b"{}")
                assert (await asking).text == "{}"


async def test_silence_and_absence_are_the_errors_of_httpx(tmp_path: Path) -> None:
    """Which the caller tells apart."""
    async with served(tmp_path, read_s=0.05) as (_, client):
        with pytest.raises(httpx.ReadTimeout):
            await client.get("/containers/json")
    async with httpx.AsyncClient(transport=UnixTransport(str(tmp_path / "none.sock"))) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get("http://docker/containers/json")
