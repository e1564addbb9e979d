"""The OpenAPI document of these routes: what the dashboard's types are made from is exact."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from typing import Any, cast

import anyio
import httpx
import pytest
from fastapi import FastAPI

from jett.guard import AuditLog
from jett.server.rest import audit, containers, event_stream, policy, privacy, settings, voices, wake
from tests.server.rest.place import application, documented, events

pytestmark = pytest.mark.anyio

OPERATIONS = {
    *("getContainers", "getContainerLog", "followContainerLog", "startContainer", "stopContainer", "restartContainer"),
    *("getConfirmations", "answerConfirmation", "getAudit", "verifyAudit", "exportAudit"),
    *("getSettings", "changeSettings", "getVoices", "previewVoice", "getWakeWords", "getPolicy", "getPrivacy"),
}


@pytest.fixture
def app() -> FastAPI:
    """The routes alone; nobody calls them here."""
    nothing = cast(Any, None)
    return application(
        containers.router(nothing, nothing),
        audit.router(cast(AuditLog, nothing), now_s=lambda: 0.0),
        settings.router(nothing, now_s=lambda: 0.0),
        voices.router(nothing, now_s=lambda: 0.0),
        wake.router(nothing, now_s=lambda: 0.0),
        policy.router(nothing),
        privacy.router(nothing),
    )


def test_every_operation_has_a_name_that_reads_well_and_words(app: FastAPI) -> None:
    found = [operation["operationId"] for _, _, operation in documented(app)]
    assert sorted(found) == sorted(OPERATIONS)
    assert all(re.fullmatch("[a-z]+([A-Z][a-z]+)+", name) for name in found)
    assert all(operation.get("description") or operation.get("summary") for _, _, operation in documented(app))


def test_every_error_has_the_one_shape(app: FastAPI) -> None:
    """Also a malformed request's, for which FastAPI would have its own."""
    for path, method, operation in documented(app):
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                schema = response["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Failure"}, (method, path, status)
        assert {"401", "403", "422", "429", "503"} <= set(operation["responses"])
    assert "HTTPValidationError" not in app.openapi()["components"]["schemas"]


def test_what_is_no_json_is_said_not_to_be(app: FastAPI) -> None:
    kinds = {
        operation["operationId"]: list(operation["responses"]["200"]["content"])
        for _, _, operation in documented(app)
        if "200" in operation["responses"]
    }
    others = {name: kind for name, kind in kinds.items() if kind != ["application/json"]}
    assert others == {
        "followContainerLog": ["text/event-stream"],
        "exportAudit": ["application/x-ndjson"],
        "previewVoice": ["audio/wav"],
    }


# ---- streams of events ----------------------------------------------------------------------------------------------


async def received(stream: event_stream.EventStream) -> tuple[list[tuple[str, Any]], list[bytes]]:
    """The events of a response, as a browser gets them, and the pieces that were sent."""
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def stays() -> Any:
        await anyio.sleep_forever()

    await stream({}, stays, send)
    content = b"".join(message.get("body", b"") for message in sent)
    return [one async for one in events(httpx.Response(200, content=content))], [one.get("body", b"") for one in sent]


async def test_a_stream_that_ends_is_ended_and_closed() -> None:
    closed: list[str] = []

    async def two() -> AsyncGenerator[bytes, None]:
        try:
            yield event_stream.event("line", {"line": "ä\nb"})
            yield event_stream.event("ended", {"why": "it is over"})
        finally:
            closed.append("closed")

    found, _ = await received(event_stream.EventStream(two(), limit_s=30))
    assert found == [("line", {"line": "ä\nb"}), ("ended", {"why": "it is over"})]
    assert closed == ["closed"]


async def endless(closed: list[str]) -> AsyncGenerator[bytes, None]:
    try:
        while True:
            await anyio.sleep(3600)
            yield b"never"
    finally:
        closed.append("closed")


async def test_a_quiet_stream_shows_that_it_is_there_and_ends_with_its_time() -> None:
    closed: list[str] = []
    _, pieces = await received(event_stream.EventStream(endless(closed), limit_s=0.3, keep_alive_s=0.01))
    assert pieces.count(b":\n\n") > 1
    assert closed == ["closed"]


async def test_a_browser_that_takes_nothing_holds_nothing_open_for_longer() -> None:
    """The source gives, the browser's end is full."""
    closed: list[str] = []

    async def flood() -> AsyncGenerator[bytes, None]:
        try:
            while True:
                yield b"data: 1\n\n"
        finally:
            closed.append("closed")

    async def stuck(message: Any) -> None:
        await anyio.sleep_forever()

    async def stays() -> Any:
        await anyio.sleep_forever()

    with anyio.fail_after(30):
        await event_stream.EventStream(flood(), limit_s=0.05)({}, stays, stuck)
    assert closed == ["closed"]


async def test_a_browser_that_leaves_closes_the_source() -> None:
    closed: list[str] = []

    async def leaves() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None: ...

    with anyio.fail_after(30):
        await event_stream.EventStream(endless(closed), limit_s=3600)({}, leaves, send)
    assert closed == ["closed"]
