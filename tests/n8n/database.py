"""A PostgreSQL of a test's own, from the machine's server files; stopped by its process id."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pg8000.native

from tests.deploy.images import postgres_programs

HANG_LIMIT_S = 60.0


def free_port() -> int:
    """A port of this machine that nobody uses now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@dataclass(frozen=True)
class Database:
    """One server with one database, `postgres`."""

    port: int
    password: str

    def rows(self, query: str, **values: Any) -> list[Any]:
        """What a query gives."""
        with pg8000.native.Connection(
            "postgres", host="127.0.0.1", port=self.port, database="postgres", password=self.password
        ) as connection:
            return list(connection.run(query, **values))


@contextmanager
def database() -> Iterator[Database]:
    """Running until the block ends."""
    programs = postgres_programs()
    assert programs is not None, "missing: PostgreSQL's server; run `apt-get install postgresql`"
    folder = Path(tempfile.mkdtemp(prefix="jett-n8n-db-"))
    made = Database(free_port(), secrets.token_hex(16))
    (folder / "password").write_text(made.password)
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        for path in (folder, folder / "password"):
            shutil.chown(path, "postgres", "postgres")
    try:
        _as_postgres(
            programs / "initdb", "-D", folder / "data", "-U", "postgres", f"--pwfile={folder / 'password'}",
            "--auth=scram-sha-256", "--locale=C", "-E", "UTF8",
        )  # fmt: skip
        options = f"-c listen_addresses=127.0.0.1 -p {made.port} -k {folder}"
        _as_postgres(programs / "pg_ctl", "-D", folder / "data", "-w", "-l", folder / "log", "-o", options, "start")
        try:
            yield made
        finally:
            _as_postgres(programs / "pg_ctl", "-D", folder / "data", "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def _as_postgres(*words: object) -> None:
    user = "postgres" if os.geteuid() == 0 else None
    subprocess.run([*map(str, words)], user=user, cwd="/", check=True, stdout=subprocess.DEVNULL, timeout=HANG_LIMIT_S)
