"""Connections that are open when a token is revoked or a browser signed out: over real sockets and real files."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest
import websockets

from tests.server.support_web import Site, site

pytestmark = pytest.mark.anyio

HANG_LIMIT_S = 10
Headers = dict[str, str]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def at(tmp_path: Path) -> AsyncGenerator[Site, None]:
    async with site(tmp_path) as made:
        yield made


async def _sign_all_out(at: Site, _: Headers) -> None:
    at.sessions.leave_all(datetime.now(UTC))


async def _sign_out(at: Site, browser: Headers) -> None:
    assert (await at.http.delete("/api/session", headers=browser)).status_code == 204


async def _a_month_goes_by(at: Site, _: Headers) -> None:
    at.days[0] = 31


async def _damage(at: Site, _: Headers) -> None:
    for file in ("browsers.json", "tokens.json"):
        (at.folder / file).write_text("{", "utf-8")


async def _revoke(at: Site, _: Headers) -> None:
    at.tokens.revoke("phone", datetime.now(UTC))


Ends = Callable[[Site, Headers], Awaitable[None]]
OF_A_BROWSER = [_sign_all_out, _sign_out, _a_month_goes_by, _damage]


@asynccontextmanager
async def socket_of(at: Site, headers: Headers) -> AsyncIterator[websockets.ClientConnection]:
    address = f"ws://{at.address.netloc}/v1/echo"
    async with websockets.connect(address, additional_headers=headers, proxy=None) as socket:
        await socket.recv()
        yield socket


async def closed(socket: websockets.ClientConnection) -> tuple[int | None, str | None]:
    with anyio.fail_after(HANG_LIMIT_S):
        await socket.wait_closed()
    return socket.close_code, socket.close_reason


@pytest.mark.parametrize("ends", OF_A_BROWSER)
async def test_a_browsers_websocket_is_closed_once_it_is_signed_out(at: Site, ends: Ends) -> None:
    browser = await at.browser()
    async with socket_of(at, browser) as socket:
        await at.doors.standings.look_again()
        await socket.send("here")
        assert await socket.recv() == '{"heard":"here","good":true}'
        await ends(at, browser)
        await at.doors.standings.look_again()
        assert await closed(socket) == (1008, "signed out, or the token is no longer good")


@pytest.mark.parametrize("ends", OF_A_BROWSER)
async def test_live_events_end_once_the_browser_is_signed_out(at: Site, ends: Ends) -> None:
    """With an event that says why; and what is published from then on does not reach it."""
    browser = await at.browser()
    async with at.http.stream("GET", "/api/live", headers=browser) as answer:
        lines = answer.aiter_lines()
        assert await until(lines, "event: hello")
        await ends(at, browser)
        await at.doors.standings.look_again()
        at.live.publish("turn", {"transcript": "planted"})
        with anyio.fail_after(HANG_LIMIT_S):
            rest = [line async for line in lines]
    assert "event: signed_out" in rest
    assert not any("planted" in line for line in rest)
    assert at.live.watchers == 0


async def test_a_revoked_tokens_websocket_is_closed_and_another_ones_is_not(at: Site) -> None:
    phone, desk = at.token("phone"), at.token("desk")
    async with socket_of(at, phone) as revoked, socket_of(at, phone) as second, socket_of(at, desk) as other:
        await _revoke(at, phone)
        await at.doors.standings.look_again()
        assert [(await closed(one))[0] for one in (revoked, second)] == [1008, 1008]
        await other.send("still here")
        assert await other.recv() == '{"heard":"still here","good":true}'


@pytest.mark.parametrize("ends", OF_A_BROWSER)
async def test_nothing_is_done_for_words_that_come_before_the_next_look(at: Site, ends: Ends) -> None:
    """Whoever acts on words asks first, and is cut off there."""
    browser = await at.browser()
    async with socket_of(at, browser) as socket:
        await ends(at, browser)
        await socket.send("restart everything")
        assert (await closed(socket))[0] == 1008
        with pytest.raises(websockets.ConnectionClosed):
            await socket.recv()


async def test_an_answer_that_has_not_begun_is_a_refusal(at: Site) -> None:
    """The token was good at the doors, and is revoked while the request's body is on its way."""
    phone = at.token()

    async def body() -> AsyncGenerator[bytes, None]:
        yield b"{"
        await at.inside.wait()
        await _revoke(at, phone)
        yield b"}"

    answer = await at.http.post("/v1/slow", headers=phone, content=body())
    assert answer.status_code == 401
    assert "no longer good" in answer.json()["error"]["message"]


async def test_somebody_looks_again_while_the_server_runs(at: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jett.server.standing.LOOK_EVERY_S", 0.0)
    phone = at.token()
    async with socket_of(at, phone) as socket, anyio.create_task_group() as tasks:
        tasks.start_soon(at.doors.standings.keep)
        await _revoke(at, phone)
        assert (await closed(socket))[0] == 1008
        tasks.cancel_scope.cancel()


async def until(lines: AsyncIterator[str], wanted: str) -> bool:
    with anyio.fail_after(HANG_LIMIT_S):
        async for line in lines:
            if line == wanted:
                return True
    return False
