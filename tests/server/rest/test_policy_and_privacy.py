"""What the pages about the policy and about privacy say: the real file, and the sockets that are really open."""

from __future__ import annotations

import os
import socket
from functools import partial
from pathlib import Path

import pytest

from jett.app.dashboard_pages import policy_page, privacy_page
from jett.guard import Policy, load_policy
from jett.server.rest import policy as policy_routes
from jett.server.rest import privacy as privacy_routes
from jett.settings import Settings
from tests.server.rest.place import failure, served

pytestmark = pytest.mark.anyio

TEXT = """\
version = 1
# the phone's: token=hunter2
[containers.n8n]
actions = ["status"]
[identities.dashboard]
verbs = ["status"]
"""
PHONE = {"X-Who": "phone"}


def of(folder: Path, **overrides: object) -> Settings:
    """Settings whose file and policy would be in that folder."""
    (folder / "jett.toml").touch()
    named = {name.replace("__", "."): value for name, value in overrides.items()}
    return Settings.load(folder / "jett.toml", {}, named)


async def test_the_policy_is_shown_as_it_is_without_secrets(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(TEXT, encoding="utf-8")
    look = partial(policy_page, of(tmp_path), load_policy(path))
    async with served(policy_routes.router(look)) as http:
        found = (await http.get("/api/policy")).json()
        assert found == {"path": str(path), "text": TEXT.replace("hunter2", "[redacted]"), "trouble": ""}
        path.write_text(TEXT + "[limits]\noverall = 3\n", encoding="utf-8")
        assert "changed a moment ago" in (await http.get("/api/policy")).json()["trouble"]
        path.write_text(TEXT + "[containers.n8n.more]\n", encoding="utf-8")
        assert str(path) in (await http.get("/api/policy")).json()["trouble"]
        path.unlink()
        assert (await http.get("/api/policy")).json()["trouble"].startswith("there is no policy")
        for method in ("PUT", "POST", "PATCH", "DELETE"):
            assert (await http.request(method, "/api/policy")).status_code == 405
        failure(await http.get("/api/policy", headers=PHONE), 403)


async def test_every_open_socket_is_shown_with_what_it_is_for(tmp_path: Path) -> None:
    """The page's own server, a connection to the history's database, and one that nobody knows."""
    with socket.create_server(("127.0.0.1", 0)) as database, socket.create_server(("0.0.0.0", 0)) as unknown:
        port = database.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as ours:
            kept = f"postgresql://jett@127.0.0.1:{port}/jett"
            listens = f"127.0.0.1:{_free()}"
            with socket.create_server(("127.0.0.1", int(listens.rpartition(":")[2]))):
                look = partial(privacy_page, of(tmp_path, history__database=kept, server__address=listens))
                async with served(privacy_routes.router(look)) as http:
                    page = (await http.get("/api/privacy")).json()
                    failure(await http.get("/api/privacy", headers=PHONE), 403)
            why = {(one["local"], one["remote"]): one["why"] for one in page["sockets"]}
            local = f"127.0.0.1:{ours.getsockname()[1]}"
            assert why[local, f"127.0.0.1:{port}"].startswith("history's server that the settings name: postgresql://")
            assert why[listens, ""].startswith("the dashboard and its clients")
            assert why[f"0.0.0.0:{unknown.getsockname()[1]}", ""].startswith("unexpected")
    assert f"process {os.getpid()}" in {one["process"] for one in page["sockets"]}  # another Jett may be running
    assert page["places"]["history"] == f"postgresql://127.0.0.1:{port}/jett"


def _free() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_what_is_kept_is_told_with_its_place_and_what_is_not_kept_has_none(tmp_path: Path) -> None:
    kept = privacy_page(of(tmp_path, privacy__keep_recordings=True, history__dir=str(tmp_path / "h")))
    assert (kept.keeps_recordings, kept.keeps_history, kept.history_days) == (True, True, 90)
    assert kept.places["history"] == str(tmp_path / "h" / "history.sqlite")
    assert kept.places["policy"] == str(tmp_path / "policy.toml")
    assert {"recordings", "memory", "audit log", "models", "settings"} <= set(kept.places)
    less = privacy_page(of(tmp_path, history__keep=False, memory__keep=False))
    assert not {"recordings", "history", "memory"} & set(less.places)


def test_other_jetts_are_looked_at_too(tmp_path: Path) -> None:
    """Told by who knows them; the same socket is listed once."""
    with socket.create_server(("127.0.0.1", 0)) as ours:
        page = privacy_page(of(tmp_path), lambda: [(os.getpid(), False)])
        named = [one for one in page.sockets if one.local == f"127.0.0.1:{ours.getsockname()[1]}"]
    assert len(named) == 1


def test_a_policy_that_was_never_there_is_the_one_in_force(tmp_path: Path) -> None:
    assert policy_page(of(tmp_path), Policy()).text == ""
