"""`/api/memories` over a real memory: who may, what comes back, and that deleting is real."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from jett.core.ports import TextEmbedding
from jett.engines.embedding.minilm import MiniLmTextEmbedding
from jett.guard import Identity, Kind, Verb
from jett.guard import Scope as TokenScope
from jett.memory import Memories
from jett.models.store import Store
from jett.server.refusal import Refusal, refused
from jett.server.rest.memories import router
from tests.memory.support import BIRTHDAY, KEY, opened, raw

pytestmark = pytest.mark.models
OWNER = Identity(Kind.DASHBOARD, "owner")
TOKEN = Identity(Kind.TOKEN, "phone", TokenScope(frozenset({Verb.STATUS}), frozenset()))


class Doors:
    """As the server's: who asks is noted before a route runs."""

    def __init__(self, app: ASGIApp, identity: Identity) -> None:
        self._app = app
        self._identity = identity

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["identity"] = self._identity
        await self._app(scope, receive, send)


@contextmanager
def browser(memories: Memories | None, identity: Identity = OWNER) -> Iterator[TestClient]:
    """A client of the routes."""
    app = FastAPI(exception_handlers={Refusal: refused})
    app.include_router(router(memories))
    with TestClient(Doors(app, identity)) as client:
        yield client


@pytest.fixture(scope="session")
def embedding(store: Store) -> TextEmbedding:
    return MiniLmTextEmbedding(store.file("all-minilm-l6-v2"))


@pytest.fixture
def memories(embedding: TextEmbedding, tmp_path: Path) -> Iterator[Memories]:
    with opened(embedding, tmp_path / "memory") as memories:
        yield memories


def test_what_is_added_is_listed_and_found(memories: Memories) -> None:
    with browser(memories) as client:
        added = client.post("/api/memories", json={"text": BIRTHDAY})
        client.post("/api/memories", json={"text": KEY})
        assert added.status_code == 201
        row = added.json()
        assert (row["text"], row["source"], row["score"]) == (BIRTHDAY, "dashboard", None)
        assert row["at"].endswith("Z")
        page = client.get("/api/memories").json()
        assert ([one["text"] for one in page["memories"]], page["next"]) == ([KEY, BIRTHDAY], None)
        found = client.get("/api/memories", params={"query": "my sister"}).json()["memories"]
        assert [one["text"] for one in found] == [BIRTHDAY]
        assert 0.35 <= found[0]["score"] <= 1


def test_pages_follow_each_other(memories: Memories) -> None:
    for number in range(60):
        memories.remember(f"locker {number} is empty", "voice")
    with browser(memories) as client:
        first = client.get("/api/memories").json()
        second = client.get("/api/memories", params={"before": first["next"]}).json()
    assert (len(first["memories"]), len(second["memories"]), second["next"]) == (50, 10, None)


def test_what_is_deleted_is_in_no_file(memories: Memories, tmp_path: Path) -> None:
    """One, and then all."""
    kept = memories.remember(BIRTHDAY, "voice")
    memories.remember(KEY, "voice")
    with browser(memories) as client:
        assert client.delete(f"/api/memories/{kept.id}").json()["memories"] == 1
        assert b"sister" not in raw(tmp_path)
        assert client.delete(f"/api/memories/{kept.id}").status_code == 404
        assert client.request("DELETE", "/api/memories", json={"confirm": "yes"}).status_code == 422
        assert b"flower" in raw(tmp_path)
        gone = client.request("DELETE", "/api/memories", json={"confirm": "delete everything"})
        assert gone.json() == {"conversations": 0, "turns": 0, "memories": 1, "traces": ""}
        assert b"flower" not in raw(tmp_path)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/memories", None),
        ("POST", "/api/memories", {"text": KEY}),
        ("DELETE", "/api/memories", {"confirm": "delete everything"}),
        ("DELETE", "/api/memories/3f2c1d4e-0000-4000-8000-000000000001", None),
    ],
)
def test_a_token_may_do_nothing_here(memories: Memories, method: str, path: str, body: Any) -> None:
    """And is told so before anything is opened."""
    with browser(memories, TOKEN) as client:
        answer = client.request(method, path, json=body)
    assert answer.status_code == 403
    assert set(answer.json()["error"]) == {"what", "fix"}
    assert not memories.exists


@pytest.mark.parametrize("text", ["my password is swordfish", "the api key is sk-proj-4f8Jq2mZ7xVb1Nc9Lw3Rt6Yp0Ks5Hd"])
def test_a_secret_is_refused_and_not_repeated(memories: Memories, text: str) -> None:
    with browser(memories) as client:
        answer = client.post("/api/memories", json={"text": text})
    assert answer.status_code == 422
    assert text.split()[-1] not in answer.text


def test_a_text_that_says_nothing_or_too_much_is_refused(memories: Memories) -> None:
    with browser(memories) as client:
        assert client.post("/api/memories", json={"text": "  "}).status_code == 422
        assert client.post("/api/memories", json={"text": "a" * 501}).status_code == 422
        assert client.get("/api/memories", params={"query": "a" * 201}).status_code == 422


def test_a_memory_that_another_has_is_a_503_that_says_so(
    memories: Memories, embedding: TextEmbedding, tmp_path: Path
) -> None:
    memories.remember(KEY, "voice")
    with opened(embedding, tmp_path / "memory") as second, browser(second) as client:
        answer = client.get("/api/memories")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    assert "in use by another Jett" in answer.json()["error"]["what"]


def test_where_nothing_is_kept_there_is_nothing() -> None:
    with browser(None) as client:
        answer = client.get("/api/memories")
    assert answer.status_code == 404
    assert "memory.keep" in answer.json()["error"]["fix"]


def test_every_route_has_a_readable_name_and_a_shape_for_each_failure() -> None:
    """The dashboard's types are made from it."""
    app = FastAPI()
    app.include_router(router(None))
    operations = [operation for path in app.openapi()["paths"].values() for operation in path.values()]
    names = {operation["operationId"] for operation in operations}
    assert names == {"listMemories", "addMemory", "deleteAllMemories", "deleteMemory"}
    for operation in operations:
        assert {"403", "404", "503"} <= set(operation["responses"])
