"""The desktop's side of the stage: its policy, its tokens, its record; and the fixture of n8n itself."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from jett.app.record import audit_log
from jett.app.servers import token_store
from jett.guard import Record, Verb, tail, verify
from jett.ops.operations import now
from jett.settings import Settings
from tests.n8n.database import database, free_port
from tests.n8n.server import N8n, n8n

POLICY = """
version = 1
[workflows.backup]
[workflows.report]
[workflows.slow]
[workflows.broken]
[workflows.draft]
[identities.voice]
verbs = ["run_workflow"]
[identities.terminal]
verbs = ["run_workflow"]
[identities.token]
verbs = ["announce"]
[tokens.n8n]
verbs = ["announce"]
"""


@dataclass
class Server:
    """n8n, what it needs of the desktop, and somebody who never answers its questions."""

    n8n: N8n
    folder: Path
    announcements: str
    hanging: socket.socket

    def settings(self, audit: Path, token: str | None = None) -> Settings:
        """A desktop's, with a record of its own; `token` in place of the good one."""
        token_file = audit / "n8n-token"
        audit.mkdir(exist_ok=True)
        token_file.write_text(self.n8n.webhook_token if token is None else token)
        token_file.chmod(0o600)
        overrides = {
            "ops.policy": str(self.folder / "policy.toml"),
            "ops.n8n_url": self.n8n.url,
            "ops.n8n_token_file": str(token_file),
            "ops.audit_dir": str(audit / "audit"),
            "ops.anchor": str(audit / "elsewhere" / "anchor.json"),
            "ops.announcements": self.announcements,
        }
        return Settings.load(env={}, overrides=overrides)


@pytest.fixture(scope="session")
def running_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("desktop")
    (folder / "policy.toml").write_text(POLICY, "utf-8")
    address = f"127.0.0.1:{free_port()}"
    settings = Settings.load(env={}, overrides={"ops.policy": str(folder / "policy.toml")})
    secret, _ = token_store(settings).create("n8n", frozenset({Verb.ANNOUNCE}), frozenset(), now())
    with socket.create_server(("127.0.0.1", 0)) as hanging, database() as data:
        hanging.settimeout(60)
        hangs = f"//127.0.0.1:{hanging.getsockname()[1]}/"
        with n8n(folder / "n8n", data, {"address": address, "token": secret}, hangs) as running:
            yield Server(running, folder, address, hanging)


@pytest.fixture
def server(running_server: Server) -> Server:
    """Running, also after a test that killed it."""
    if running_server.n8n.process is None:
        running_server.n8n.start()
    return running_server


def recorded(settings: Settings) -> list[Record]:
    """The whole record, unbroken."""
    log = audit_log(settings)
    assert verify(log).intact
    return tail(log, 99)
