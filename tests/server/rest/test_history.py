"""The routes of the history: shapes, refusals, and that nobody but a person in a browser reads what was said."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from jett.guard import Identity, Kind, Verb
from jett.guard import Scope as TokenScope
from jett.history import Archive
from jett.server.refusal import Refusal, refused
from jett.server.rest.history import router
from tests.history.support import report, say, sqlite_database

pytestmark = pytest.mark.anyio

OWNER = Identity(Kind.DASHBOARD, "owner")
TOKEN = Identity(Kind.TOKEN, "phone", TokenScope(frozenset({Verb.LIST}), frozenset()))


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    made = Archive(sqlite_database(tmp_path))
    yield made
    made.close()


def application(archive: Archive | None, on_deleted: Callable[[], None] = lambda: None) -> FastAPI:
    app = FastAPI()
    app.include_router(router(archive, on_deleted))
    app.add_exception_handler(Refusal, refused)
    return app


@asynccontextmanager
async def browser(
    archive: Archive | None, who: Identity = OWNER, on_deleted: Callable[[], None] = lambda: None
) -> AsyncGenerator[httpx.AsyncClient, None]:
    app = application(archive, on_deleted)

    async def with_identity(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "state": {"identity": who}}, receive, send)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(with_identity), base_url="http://jett") as client:
        yield client


async def test_a_turn_is_shown_with_all_that_belongs_to_it(archive: Archive) -> None:
    (id,) = say(archive, ("Is n8n up?", "It is up."))
    async with browser(archive) as client:
        turn = (await client.get(f"/api/turns/{id}")).json()
        line = (await client.get("/api/turns")).json()["turns"][0]
        (conversation,) = (await client.get("/api/conversations")).json()["conversations"]
        whole = (await client.get(f"/api/conversations/{conversation['id']}")).json()
    assert turn["at"] == line["at"] == "2026-11-24T16:05:00.250000Z"
    assert turn["spans"][0] == {"name": "hearing", "start_ms": -900.0, "end_ms": 0.0}
    assert turn["tool_calls"][0]["result"] == "n8n is up."
    assert turn["guard"][0]["verdict"] == "allow"
    assert turn["has_audio"] is False
    assert turn["woken_by"] == "hey_jett"
    assert (line["id"], line["tools"], line["excerpt"]) == (id, 1, "")
    assert whole == {"conversation": conversation, "turns": [turn], "next": None}
    assert (conversation["source"], conversation["first_words"]) == ("local", "Is n8n up?")


async def test_pages_and_searches(archive: Archive) -> None:
    ids = say(archive, *[(f"Turn {at}", "Yes.") for at in range(5)])
    async with browser(archive) as client:
        first = (await client.get("/api/turns", params={"limit": 3})).json()
        rest = (await client.get("/api/turns", params={"limit": 3, "before": first["next"]})).json()
        found = (await client.get("/api/turns", params={"query": '"turn 3" ye*'})).json()
        odd = await client.get("/api/turns", params={"query": "')\"*:^ OR"})
    assert [turn["id"] for turn in (*first["turns"], *rest["turns"])] == ids[::-1]
    assert rest["next"] is None
    assert [turn["excerpt"] for turn in found["turns"]] == ["‹Turn 3›"]
    assert odd.status_code == 200


async def test_deleting_says_how_much_went_and_what_is_not_there_is_404(archive: Archive) -> None:
    first, _ = say(archive, ("One.", "1"), ("Two.", "2"))
    async with browser(archive) as client:
        gone = (await client.delete(f"/api/turns/{first}")).json()
        assert gone == {"conversations": 0, "turns": 1, "memories": 0, "traces": ""}
        assert (await client.delete(f"/api/turns/{first}")).status_code == 404
        assert (await client.get(f"/api/turns/{first}")).json()["error"]["what"].startswith("there is no such thing")
        careless = await client.request("DELETE", "/api/history", json={"confirm": "yes"})
        assert careless.status_code == 422
        meant = await client.request("DELETE", "/api/history", json={"confirm": "delete everything"})
        assert meant.json() == {"conversations": 1, "turns": 1, "memories": 0, "traces": ""}
        assert (await client.get("/api/turns")).json() == {"turns": [], "next": None}


async def test_what_is_left_of_the_words_is_told(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody reads the file while it is deleted."""
    monkeypatch.setattr("jett.history.sqlite._TRIES_TO_CUT_OFF", 1)
    first, _ = say(archive, ("One.", "1"), ("Two.", "2"))
    async with browser(archive) as client:
        with archive.database.read() as connection:
            connection.exec_driver_sql("SELECT count(*) FROM turns").scalar()
            one = (await client.delete(f"/api/turns/{first}")).json()
            everything = (await client.request("DELETE", "/api/history", json={"confirm": "delete everything"})).json()
    for gone in (one, everything):
        assert gone["turns"] == 1
        assert gone["traces"].startswith("'/")
        assert "is being read, so its log still has what was deleted" in gone["traces"]


async def test_the_export_is_what_was_kept(archive: Archive) -> None:
    say(archive, *[("word " * 300, "Yes.")] * 60)
    async with browser(archive) as client:
        answer = await client.get("/api/history/export")
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    assert answer.text == "".join(archive.export())
    assert len([json.loads(line) for line in answer.text.splitlines()]) == 62


async def test_the_reply_is_heard_where_it_was_recorded(archive: Archive, tmp_path: Path) -> None:
    said = tmp_path / "20261124-160500-250000-001-said.wav"
    said.write_bytes(b"RIFF")
    recording = archive.recorder.begin("local", "voice/owner")
    id = recording.observe(report())
    recording.sound([str(tmp_path / "20261124-160500-250000-001-heard.wav"), str(said)])
    assert archive.recorder.written(30)
    async with browser(archive) as client:
        assert (await client.get(f"/api/turns/{id}")).json()["has_audio"] is True
        sound = await client.get(f"/api/turns/{id}/audio")
        assert (sound.content, sound.headers["content-type"]) == (b"RIFF", "audio/wav")
        said.unlink()
        assert (await client.get(f"/api/turns/{id}/audio")).status_code == 404


async def test_no_file_but_a_recording_is_played(archive: Archive, tmp_path: Path) -> None:
    other = tmp_path / "secret-said.wav"
    other.write_bytes(b"mine")
    recording = archive.recorder.begin("local", "voice/owner")
    id = recording.observe(report())
    recording.sound([str(other)])
    assert archive.recorder.written(30)
    async with browser(archive) as client:
        assert (await client.get(f"/api/turns/{id}")).json()["has_audio"] is False
        assert (await client.get(f"/api/turns/{id}/audio")).status_code == 404


PATHS = ["/api/conversations", "/api/conversations/1", "/api/turns", "/api/turns/1", "/api/turns/1/audio"]
PATHS += ["/api/history/export"]


@pytest.mark.parametrize("path", PATHS)
async def test_no_token_reads_what_was_said(archive: Archive, path: str) -> None:
    async with browser(archive, TOKEN) as client:
        answer = await client.get(path)
    assert answer.status_code == 403
    assert answer.json()["error"]["fix"] == "open the dashboard in a browser"


@pytest.mark.parametrize("path", PATHS)
async def test_where_nothing_is_kept_that_is_said(path: str) -> None:
    async with browser(None) as client:
        answer = await client.get(path)
    assert answer.status_code == 409
    assert "history.keep" in answer.json()["error"]["fix"]


@pytest.mark.parametrize("path", PATHS)
async def test_a_damaged_history_is_a_503_with_its_fix(tmp_path: Path, path: str) -> None:
    database = sqlite_database(tmp_path)
    database.file.parent.mkdir()
    database.file.write_bytes(b"no database " * 500)
    async with browser(Archive(database)) as client:
        answer = await client.get(path)
    assert answer.status_code == 503
    assert "move it away" in answer.json()["error"]["fix"]


async def test_a_place_that_was_never_given_out_is_malformed(archive: Archive) -> None:
    async with browser(archive) as client:
        answers = [await client.get("/api/turns", params={"before": place}) for place in ("nowhere", "x" * 13)]
    assert [answer.status_code for answer in answers] == [422, 422]


def test_every_route_has_a_name_of_its_own_in_the_document() -> None:
    paths = application(None).openapi()["paths"]
    names = {route["operationId"] for path in paths.values() for route in path.values()}
    assert names == {
        "listConversations",
        "getConversation",
        "deleteConversation",
        "listTurns",
        "getTurn",
        "deleteTurn",
        "getTurnAudio",
        "deleteHistory",
        "exportHistory",
    }


async def test_each_deletion_is_told_to_whatever_else_holds_the_words(archive: Archive) -> None:
    """As the events that are kept for browsers that come back."""
    first, _, third = (say(archive, ("one", "two"))[0] for _ in range(3))
    told: list[str] = []
    async with browser(archive, on_deleted=lambda: told.append("deleted")) as client:
        await client.get("/api/turns")
        assert told == []
        await client.delete(f"/api/turns/{first}")
        conversation = (await client.get("/api/conversations")).json()["conversations"][0]["id"]
        await client.delete(f"/api/conversations/{conversation}")
        await client.request("DELETE", "/api/history", json={"confirm": "delete everything"})
    assert told == ["deleted"] * 3
    assert archive.turn(third) is None
