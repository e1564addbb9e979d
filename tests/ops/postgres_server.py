"""A real PostgreSQL of a test's own: port, folder, and the roles of deploy/postgres/. Needs Debian's `postgresql`."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.deploy.images import postgres_programs
from tests.deploy.support import DEPLOY

ROLES = ("n8n", "jett", "audit")


def why_no_postgres() -> str:
    """What is missing, and the fix; empty where there is nothing."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "PostgreSQL runs as a user of its own, which needs Linux and root; run `sudo make test`"
    return "" if postgres_programs() else "missing: postgresql; run `apt-get install postgresql`"


class PostgresServer:
    """One cluster with the shipped roles; make it with `postgres_server()`."""

    def __init__(self, folder: Path) -> None:
        programs = postgres_programs()
        assert programs is not None
        self._programs = programs
        self.folder = folder
        self.port = _free_port()
        self.secrets = folder / "secrets"
        self.password_file = self.secrets / "postgres_audit_password"
        self.address = f"postgresql://jett_audit@127.0.0.1:{self.port}/jett"

    def make(self) -> None:
        """The cluster, as PostgreSQL's image makes it, with a password for each role."""
        self.secrets.mkdir()
        for name in ("postgres", *(f"postgres_{role}" for role in ROLES)):
            (self.secrets / f"{name}_password").write_text(secrets.token_hex(16) + "\n")
        for path in (self.folder, self.secrets, *self.secrets.iterdir()):
            shutil.chown(path, "postgres", "postgres")
            path.chmod(0o700 if path.is_dir() else 0o600)
        pwfile = f"--pwfile={self.secrets / 'postgres_password'}"
        self._as_postgres("initdb", "-D", self._data, "-U", "postgres", pwfile, "--auth=scram-sha-256", "--no-sync")
        self.start()
        for script in ("roles.sh", "audit.sh", "audit.sh"):  # the last may be run again at any time
            self.script(script)

    def script(self, name: str) -> None:
        """One of deploy/postgres/, over the local socket, as the image does."""
        variables = {"PGHOST": str(self.folder), "PGPORT": str(self.port), "JETT_SECRETS_DIR": str(self.secrets)}
        self._run([str(DEPLOY / "postgres" / name)], {**variables, "PGPASSWORD": self.password("postgres")})

    def start(self) -> None:
        """Up when this returns."""
        options = f"-c listen_addresses=127.0.0.1 -c fsync=off -p {self.port} -k {self.folder}"
        self._as_postgres("pg_ctl", "-D", self._data, "-w", "-o", options, "-l", str(self.folder / "log"), "start")

    def kill(self) -> None:
        """As when the machine loses its power."""
        self._as_postgres("pg_ctl", "-D", self._data, "-w", "-m", "immediate", "stop")

    def query(self, role: str, statement: str) -> tuple[int, str]:
        """Exit code and words of psql, as one of the roles in the database `jett`."""
        name = {"jett_audit": "postgres_audit", "jett": "postgres_jett", "n8n": "postgres_n8n"}.get(role, role)
        done = subprocess.run(
            ["psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", role, "-d", "jett", "-Atqc", statement],
            env={**os.environ, "PGPASSWORD": self.password(name)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, (done.stdout + done.stderr).strip()

    def password(self, name: str) -> str:
        """Of the secret `{name}_password`."""
        return (self.secrets / f"{name}_password").read_text().strip()

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def _as_postgres(self, program: str, *arguments: str) -> None:
        self._run(["runuser", "-u", "postgres", "--", str(self._programs / program), *arguments], {})

    def _run(self, command: list[str], variables: dict[str, str]) -> None:
        with (self.folder / "told").open("wb") as told:  # pg_ctl's child would keep a pipe open
            done = subprocess.run(
                command,
                env={**os.environ, **variables},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=told,
                stderr=subprocess.STDOUT,
                timeout=100,
                check=False,
            )
        assert done.returncode == 0, f"{command}: {(self.folder / 'told').read_text()[-2000:]}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Made, started, and gone at the end."""
    assert pwd.getpwnam("postgres")
    folder = Path(tempfile.mkdtemp(prefix="jett-pg-"))
    server = PostgresServer(folder)
    try:
        server.make()
        yield server
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            server.kill()
        shutil.rmtree(folder, ignore_errors=True)
