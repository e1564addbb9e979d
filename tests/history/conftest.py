"""Every test that asks for a `database` runs on SQLite and on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jett.history import Archive
from jett.history.database import Database
from tests.deploy.support import cannot_be_tested
from tests.history.support import emptied, postgres_database, sqlite_database
from tests.ops.postgres_server import PostgresServer, postgres_server, why_no_postgres


@pytest.fixture(scope="session")
def _history_server() -> Iterator[PostgresServer]:
    if missing := why_no_postgres():
        cannot_be_tested(missing)
    with postgres_server() as running:
        yield running


@pytest.fixture
def server(_history_server: PostgresServer) -> PostgresServer:
    """A PostgreSQL in which Jett has never been."""
    emptied(_history_server)
    return _history_server


@pytest.fixture(params=["sqlite", "postgres"])
def open_again(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Database]]:
    """Opens the same history, as another process would."""
    made: list[Database] = []

    def make() -> Database:
        made.append(sqlite_database(tmp_path) if running is None else postgres_database(running))
        return made[-1]

    running: PostgresServer | None = request.getfixturevalue("server") if request.param == "postgres" else None
    yield make
    for database in made:
        database.close()


@pytest.fixture
def database(open_again: Callable[[], Database]) -> Database:
    """An empty history."""
    return open_again()


@pytest.fixture
def archive(database: Database) -> Iterator[Archive]:
    """An empty history, with a recorder."""
    made = Archive(database)
    yield made
    made.close()
