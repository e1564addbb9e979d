"""Connections that say nothing, or half of something, over real sockets: they are closed, and keep nobody out."""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator
from contextlib import ExitStack, suppress
from pathlib import Path

import anyio
import httpx
import pytest
import websockets
from anyio.abc import SocketStream

from jett.server.connections import Unknown
from jett.server.serving import MOST_UNKNOWN
from tests.server.support_web import Site, site

pytestmark = pytest.mark.anyio

HANG_LIMIT_S = 10
HALF = b"GET /healthz HTTP/1.1\r\nHost: 127"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def at(tmp_path: Path) -> AsyncGenerator[Site, None]:
    async with site(tmp_path) as made:
        yield made


@pytest.fixture
async def brisk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Site, None]:
    """A server that waits for a twentieth of a second."""
    monkeypatch.setattr("jett.server.connections.HEAD_WITHIN_S", 0.05)
    async with site(tmp_path) as made:
        yield made


async def connected(at: Site) -> SocketStream:
    return await anyio.connect_tcp(at.address.host, at.address.port)


async def rest(stream: SocketStream) -> bytes:
    """All that still comes; it ends when the other end closes."""
    got = b""
    with anyio.fail_after(HANG_LIMIT_S):
        try:
            while True:
                got += await stream.receive()
        except (anyio.EndOfStream, anyio.BrokenResourceError):
            return got


def whole(at: Site, method: str = "GET", more: str = "") -> bytes:
    return f"{method} /healthz HTTP/1.1\r\nHost: {at.address.netloc}\r\n{more}\r\n".encode()


@pytest.mark.parametrize("sent", [b"", b"G", HALF], ids=["nothing", "a letter", "half a head"])
async def test_who_sends_no_whole_request_is_closed(brisk: Site, sent: bytes) -> None:
    async with await connected(brisk) as stream:
        if sent:
            await stream.send(sent)
        assert await rest(stream) == b""


async def test_who_sends_it_byte_by_byte_wins_no_time(brisk: Site) -> None:
    async with await connected(brisk) as stream:
        await stream.send(b"GET /")
        with anyio.fail_after(HANG_LIMIT_S), suppress(anyio.BrokenResourceError):
            for _ in range(60_000):  # a few more, and the head would be too long
                await stream.send(b"a")
            raise AssertionError("it was never closed")


async def test_half_a_head_after_a_whole_one_is_closed_too(brisk: Site) -> None:
    async with await connected(brisk) as stream:
        await stream.send(whole(brisk))
        assert (await stream.receive()).startswith(b"HTTP/1.1 200")
        await stream.send(HALF)
        await rest(stream)


async def test_a_body_that_nobody_waits_for_is_not_waited_for(brisk: Site) -> None:
    async with await connected(brisk) as stream:
        await stream.send(whole(brisk, "POST", "Content-Length: 100000\r\n"))
        assert (await stream.receive()).startswith(b"HTTP/1.1 405")
        await stream.send(b"a")
        await rest(stream)


async def test_a_connection_that_is_in_use_lasts(brisk: Site) -> None:
    """A WebSocket and live events go on for longer than a head may take, also on a connection that was used before."""
    browser = await brisk.browser()
    address = f"ws://{brisk.address.netloc}/v1/echo"
    async with (
        websockets.connect(address, additional_headers=browser, proxy=None) as echo,
        brisk.http.stream("GET", "/api/live", headers=browser) as live,
    ):
        await echo.recv()
        async with await connected(brisk) as silent:
            assert await rest(silent) == b""
        await echo.send("still here")
        assert await echo.recv() == '{"heard":"still here","good":true}'
        brisk.live.publish("turn", {"n": 1})
        with anyio.fail_after(HANG_LIMIT_S):
            async for line in live.aiter_lines():
                if line == "event: turn":
                    break


async def test_one_address_cannot_have_them_all(at: Site) -> None:
    """The one too many is closed at once; who is known is not counted, and one that is gone makes room."""
    phone = at.token()
    async with at.http.stream("GET", "/api/live", headers=await at.browser()):
        with ExitStack() as open_ones:
            for _ in range(MOST_UNKNOWN):
                silent = open_ones.enter_context(socket.create_connection((at.address.host, at.address.port)))
            async with await connected(at) as refused:
                assert await rest(refused) == b""
            silent.close()
            with anyio.fail_after(HANG_LIMIT_S):
                assert await _answered(at, phone) == {"who": "token/phone"}


def test_addresses_are_counted_apart() -> None:
    unknown = Unknown(2)
    assert [unknown.admits("a") for _ in range(3)] == [True, True, False]
    assert unknown.admits("b")
    unknown.let_go("a")
    assert unknown.admits("a")


async def _answered(at: Site, headers: dict[str, str]) -> object:
    """Once the server has seen that there is room."""
    while True:
        with suppress(httpx.TransportError):
            return (await at.http.get("/v1/who", headers=headers)).json()
