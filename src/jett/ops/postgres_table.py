"""The table in PostgreSQL that keeps heads of the audit log, and the way to it. Blocking; `postgres_anchor` calls it.

    jett_audit_anchor (seq bigint primary key, hash text, at timestamptz)     deploy/postgres/audit.sh makes it

Its role may insert and read, nothing else. Every failure is an OSError with a short text, never with a password in it.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import pg8000.native
from pg8000.exceptions import DatabaseError, InterfaceError

from jett.core.errors import ConfigError
from jett.guard import Head, redact

PORT = 5432
_SHAPE = "postgresql://USER@HOST:PORT/DATABASE, with ?sslmode=require or ?sslmode=verify-full if you like"
_LONGEST_TOLD = 200


@dataclass(frozen=True, slots=True)
class Place:
    """Where the table is, and as whom. `sslmode` as libpq has it: empty, require or verify-full."""

    user: str
    host: str
    port: int
    database: str
    sslmode: str = ""

    def __str__(self) -> str:
        return f"{self.host}:{self.port}/{self.database}"


def parse_place(address: str) -> Place:
    """The place of an address. Raises ConfigError; a password is refused and not repeated.

    Outside loopback and private addresses the connection must be encrypted: only a tunnel makes plain text private.
    """
    try:
        parts = urlsplit(address)
        port, host = parts.port or PORT, parts.hostname
    except ValueError:
        parts, port, host = urlsplit(""), 0, None
    if parts.password is not None:
        raise ConfigError("ops: anchor_database has a password in it; put it into a file: ops.anchor_password_file")
    database = parts.path.removeprefix("/")
    sslmode = parts.query.removeprefix("sslmode=") if parts.query else ""
    well = parts.scheme in ("postgresql", "postgres") and parts.username and host and database and not parts.fragment
    if not (well and "/" not in database and sslmode in ("", "require", "verify-full")):
        raise ConfigError(f"ops: anchor_database is not understood, need {_SHAPE}")
    if not sslmode and not _is_private(str(host)):
        raise ConfigError(
            f"ops: anchor_database names '{host}', which is neither this machine nor a private address; "
            "use the tunnel's address, or add ?sslmode=require"
        )
    return Place(unquote(str(parts.username)), str(host), port, unquote(database), sslmode)


def _is_private(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:  # a name may become any address
        return False
    return address.is_private or address.is_loopback


class Table:
    """An open connection; one statement after another. Every method raises OSError."""

    def __init__(self, place: Place, password: str, timeout_s: float) -> None:
        """Connect. Each answer of the server may take `timeout_s`."""
        with _as_oserror():
            self._connection = pg8000.native.Connection(
                place.user,
                host=place.host,
                port=place.port,
                database=place.database,
                password=password,
                timeout=timeout_s,
                ssl_context=_tls(place.sslmode),
                application_name="jett",
                startup_params={"statement_timeout": str(round(timeout_s * 1000))},
            )

    def add(self, head: Head) -> str:
        """Insert it, unless the number is taken; the hash that the table holds there now."""
        self._run(
            "INSERT INTO jett_audit_anchor (seq, hash) VALUES (:seq, :hash) ON CONFLICT (seq) DO NOTHING",
            seq=head.seq,
            hash=head.hash,
        )
        ((found,),) = self._run("SELECT hash FROM jett_audit_anchor WHERE seq = :seq", seq=head.seq)
        return str(found)

    def newest(self) -> Head | None:
        """The one with the highest number."""
        rows = self._run("SELECT seq, hash FROM jett_audit_anchor ORDER BY seq DESC LIMIT 1")
        return Head(*rows[0]) if rows else None

    def all(self) -> Sequence[Head]:
        """Every head."""
        return [Head(*row) for row in self._run("SELECT seq, hash FROM jett_audit_anchor ORDER BY seq")]

    def close(self) -> None:
        """Say goodbye, if anybody is there."""
        with suppress(OSError), _as_oserror():
            self._connection.close()

    def _run(self, statement: str, **values: object) -> list[Any]:
        with _as_oserror():
            return self._connection.run(statement, **values) or []


def _tls(sslmode: str) -> ssl.SSLContext | bool:
    if not sslmode:
        return False
    context = ssl.create_default_context()
    if (
        sslmode == "require"
    ):  # encrypted, whoever it is, as libpq means it; SCRAM still proves that it knows the password
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


@contextmanager
def _as_oserror() -> Iterator[None]:
    """Whatever goes wrong between us and who answers there."""
    try:
        yield
    except DatabaseError as error:
        told = error.args[0] if error.args else ""
        raise OSError(_short(str(told.get("M", "")) if isinstance(told, dict) else str(told))) from None
    except InterfaceError as error:
        raise OSError(_short(str(error.__cause__ or error))) from None
    except OSError as error:
        raise OSError(_short(str(error))) from None
    except Exception as error:  # noqa: BLE001 - a stranger's bytes end in any error of the driver
        raise OSError(f"what answers does not speak PostgreSQL: {type(error).__name__}") from None


def _short(text: str) -> str:
    """One line, without secrets."""
    return redact(" ".join(text.split())[:_LONGEST_TOLD])
