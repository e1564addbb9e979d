"""The dashboard's routes put together as `jett serve` does: each answers, with nothing set up but the defaults."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import anyio
import pytest

from jett.app.dashboard_routes import dashboard_routes
from jett.app.servers import open_servers
from jett.settings import Settings
from tests.server.rest.place import failure, served

pytestmark = pytest.mark.anyio

PATHS = ["containers", "confirmations", "audit", "audit/verify", "settings", "voices", "policy", "privacy"]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_every_page_answers_where_no_server_and_no_policy_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CONFIG", "DATA", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    settings, published = Settings.load(), list[tuple[str, Mapping[str, object]]]()
    async with open_servers(settings) as servers, anyio.create_task_group() as tasks:
        parts = dashboard_routes(settings, servers, tasks, lambda *event: published.append(event), voice="piper")
        async with parts as routers, served(*routers) as http:
            for path in PATHS:
                answer = await http.get(f"/api/{path}")
                assert answer.status_code == 200, (path, answer.text)
            page = (await http.get("/api/containers")).json()
            assert (page["known"], page["trouble"]) == (False, "docker: no address is set; set ops.docker")
            failure(await http.post("/api/containers/n8n/stop"), 403)
            changed = await http.patch("/api/settings", json={"values": {"tts.speed": 1.1}})
            assert changed.json()["restart"] == ["tts.speed"]
            newest = (await http.get("/api/audit")).json()["records"][0]
            assert newest["detail"] == "settings: tts.speed"
            failure(await http.get("/api/nothing"), 404)
            failure(await http.patch("/api/settings", content=b"{", headers={"content-type": "application/json"}), 422)
        tasks.cancel_scope.cancel()
    assert [name for name, _ in published] == ["settings"]
