"""The history in PostgreSQL, in a schema of its own, over pg8000.

Words are cut into lexemes by `words`, not by PostgreSQL's parser, so that both databases find the same. A word that
is in every turn matches a million rows, and no index gives the newest of them first; so a search looks through the
newest turns one by one, and asks the index only for what is rare among them.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pg8000
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.pool import NullPool

from jett.core.errors import HistoryError
from jett.core.postgres_place import Place
from jett.history.database import Database, RowRefused
from jett.history.words import Query, tsquery, tsvector

SCHEMA = "jett_history"
TIMEOUT_S = 10.0
PATIENT_S = 600.0
NEWEST = 20_000
"""Turns that are looked through one by one before the index is asked (benchmarks/LOG.md, "History")."""
_LONGEST_TOLD = 200
_TELLING = ("08", "28", "3D", "42501", "53", "57", "58", "XX")
"""Kinds of errors whose text is about the server, never about a value (PostgreSQL, appendix A)."""
_LOCK = 0x6A657474
_TABLES = ("turn_words", "recordings", "guard_decisions", "tool_calls", "spans", "turns", "conversations")
_AMONG_NEWEST = text(
    "SELECT turn_id FROM (SELECT turn_id, words FROM turn_words WHERE turn_id < :before ORDER BY turn_id DESC "
    "LIMIT :newest) AS newest WHERE words @@ CAST(:query AS tsquery) ORDER BY turn_id DESC LIMIT :most"
)
_BY_INDEX = text(
    "WITH found AS MATERIALIZED (SELECT turn_id FROM turn_words WHERE words @@ CAST(:query AS tsquery)) "
    "SELECT turn_id FROM found WHERE turn_id < :before ORDER BY turn_id DESC LIMIT :most"
)
_INDEX = text(
    "INSERT INTO turn_words (turn_id, words) SELECT id, CAST(words AS tsvector) "
    "FROM unnest(CAST(:ids AS bigint[]), CAST(:words AS text[])) AS fresh (id, words) ON CONFLICT DO NOTHING"
)


class PostgresDatabase(Database):
    """A schema of the database at `place`. `read_password` is asked at each connection and may raise OSError."""

    scrubs_later = False  # its log and its backups are the server's own
    _lock_statements = (f"SELECT pg_advisory_xact_lock({_LOCK})", f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")

    def __init__(self, place: Place, read_password: Callable[[], str]) -> None:
        """Connects to nothing yet."""
        super().__init__()
        self.name = f"the history database {place}"
        self._place = place
        self._read_password = read_password
        url = "postgresql+pg8000://"
        self._ordinary = create_engine(
            url, creator=lambda: self._connect(TIMEOUT_S), pool_pre_ping=True, hide_parameters=True
        )
        self._reading = self._ordinary.execution_options(isolation_level="AUTOCOMMIT")
        self._patient = create_engine(
            url, creator=lambda: self._connect(PATIENT_S), poolclass=NullPool, hide_parameters=True
        ).execution_options(isolation_level="AUTOCOMMIT")

    def _connect(self, timeout_s: float) -> Any:
        place = self._place
        return pg8000.connect(
            place.user,
            host=place.host,
            port=place.port,
            database=place.database,
            password=self._read_password(),
            timeout=timeout_s,
            ssl_context=place.tls(),
            application_name="jett",
            startup_params={"search_path": SCHEMA, "statement_timeout": str(round(timeout_s * 1000))},
        )

    def _engine(self) -> Engine:
        return self._ordinary

    def _reading_engine(self) -> Engine:
        """Each query by itself: to begin and to end a transaction are two ways to the server and back."""
        return self._reading

    def _patient_engine(self) -> Engine:
        return self._patient

    def _lost(self) -> bool:
        """A connection is tried before each use."""
        return False

    def _alone(self) -> AbstractContextManager[Any]:
        """Others wait in the transaction that upgrades."""
        return nullcontext()

    def trouble(self, error: BaseException | None) -> HistoryError:
        """By the code of the error; its text only where it is about the server."""
        told = error.args[0] if error is not None and error.args else ""
        if isinstance(told, dict):
            code = str(told.get("C", ""))
            if code[:2] in ("22", "23"):
                return RowRefused(f"history: {self.name} does not take a row (SQLSTATE {code})")
            why = f": {told.get('M', '')}" if code.startswith(_TELLING) else ""
            return HistoryError(f"history: {self.name} refuses{_short(why)} (SQLSTATE {code}); see to that server")
        return HistoryError(
            f"history: {self.name} cannot be reached ({_short(str(told or error))}); see history.database, the tunnel"
        )

    def index_words(self, connection: Connection, rows: list[tuple[int, str, str]]) -> None:
        """One row each; a turn that was written before keeps its own."""
        if rows:
            ids, words = [id for id, _, _ in rows], [tsvector(said, reply) for _, said, reply in rows]
            connection.execute(_INDEX, {"ids": ids, "words": words})

    def find(self, connection: Connection, query: Query, before: int, most: int) -> list[int]:
        """Among the newest first. If they do not fill the page the words are rare, and the index has few to sort."""
        values = {"query": tsquery(query), "before": before, "most": most}
        found = [int(row[0]) for row in connection.execute(_AMONG_NEWEST, {**values, "newest": NEWEST})]
        if len(found) == most:
            return found
        return [int(row[0]) for row in connection.execute(_BY_INDEX, values)]

    def empty(self) -> None:
        """New files for every table; the old ones are unlinked."""
        with self.write() as connection:
            connection.execute(text(f"TRUNCATE {', '.join(_TABLES)}"))

    def scrub(self, *, all_of_it: bool) -> str:
        """Gives the space of deleted rows back to the server, which overwrites it as it needs it."""
        with self.maintain() as connection:
            for table in _TABLES:
                connection.execute(text(f"VACUUM {table}"))
        return f"history: {self.name} may keep deleted words in its log and its backups for a while (docs/privacy.md)"


def _short(text: str) -> str:
    return " ".join(text.split())[:_LONGEST_TOLD]
