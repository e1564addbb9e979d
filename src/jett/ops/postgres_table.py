"""The table in PostgreSQL that keeps heads of the audit log, and the way to it. Blocking; `postgres_anchor` calls it.

    jett_audit_anchor (seq bigint primary key, hash text, at timestamptz)     deploy/postgres/audit.sh makes it

Its role may insert and read, nothing else. Every failure is an OSError with a short text, never with a password in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import pg8000.native
from pg8000.exceptions import DatabaseError, InterfaceError

from jett.core.postgres_place import Place
from jett.core.postgres_place import parse_place as core_parse_place
from jett.guard import Head, redact

_LONGEST_TOLD = 200


def parse_place(address: str) -> Place:
    """The place that `ops.anchor_database` names. Raises ConfigError."""
    return core_parse_place(address, "ops.anchor_database", "ops.anchor_password_file")


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
                ssl_context=place.tls(),
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
