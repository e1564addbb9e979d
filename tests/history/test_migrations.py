"""Tables made, brought up to date, and refused where they are newer: in both databases, with real processes."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from jett.history import Archive
from jett.history.database import Database
from jett.history.migrate import FOLDER, KNOWN, TooNew, revision, upgrade
from jett.history.schema import HEAD, metadata
from jett.history.sqlite import SqliteDatabase
from tests.history.support import HANG_LIMIT_S, count, postgres_database, say
from tests.ops.postgres_server import PostgresServer

Again = Callable[[], Database]


def _revisions() -> list[str]:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return [script.revision for script in reversed(list(ScriptDirectory.from_config(config).walk_revisions()))]


def test_the_revisions_are_those_in_the_folder() -> None:
    assert _revisions() == list(KNOWN)
    assert KNOWN[-1] == HEAD


def test_the_tables_are_what_the_code_reads_and_writes(database: Database) -> None:
    with database.read() as connection:
        assert revision(connection) == HEAD
        in_postgres = connection.dialect.name == "postgresql"
        names = {name for name in metadata.tables if in_postgres or name != "turn_words"}

        def ours(_: Any, name: str | None, kind: str, *rest: object) -> bool:
            return kind != "table" or name in names

        context = MigrationContext.configure(connection, opts={"include_object": ours})
        assert compare_metadata(context, metadata) == []


@pytest.mark.parametrize("begun", ["", *KNOWN])
def test_each_revision_is_brought_up_to_date(open_again: Again, begun: str) -> None:
    """Also one that is there already, with what is in it."""
    older = open_again()
    if begun:
        with older._alone():
            upgrade(older._engine(), older._lock_statements, begun)
    archive = Archive(open_again())
    ids = say(archive, ("Still here?", "Yes."))
    archive.close()
    again = Archive(open_again())
    assert [row.id for row in again.turns("still").rows] == ids
    again.close()


def test_a_database_of_a_newer_jett_is_refused_and_left_alone(open_again: Again) -> None:
    database = open_again()
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(TooNew, match=f"revision is '9999', this Jett knows up to '{HEAD}'.*; update Jett"):
        Archive(open_again()).turns()
    with pytest.raises(TooNew), open_again().write():
        pytest.fail("it was opened")


def _open_and_write(make: Callable[[], Database], start: Any, told: Any) -> None:
    archive = Archive(make())
    start.wait(HANG_LIMIT_S)
    told.put(len(say(archive, ("Hello.", "Hello."))))
    archive.close()


def _together(make: Callable[[], Database]) -> None:
    """Several processes that find no tables at the same moment."""
    context = multiprocessing.get_context("spawn")
    start, told = context.Barrier(3), context.Queue()
    processes = [context.Process(target=_open_and_write, args=(make, start, told)) for _ in range(3)]
    for process in processes:
        process.start()
    assert [told.get(timeout=HANG_LIMIT_S) for _ in processes] == [1, 1, 1]
    for process in processes:
        process.join(HANG_LIMIT_S)
        assert process.exitcode == 0
    told.close()
    database = make()
    assert count(database, "turns") == 3
    database.close()


class _File:
    def __init__(self, path: Any) -> None:
        self.path = path

    def __call__(self) -> Database:
        return SqliteDatabase(self.path)


class _Server:
    def __init__(self, server: PostgresServer) -> None:
        self.server = server

    def __call__(self) -> Database:
        return postgres_database(self.server)


def test_processes_that_begin_one_file_together(tmp_path: Any) -> None:
    _together(_File(tmp_path / "new" / "history.sqlite"))


def test_processes_that_begin_one_schema_together(server: PostgresServer) -> None:
    _together(_Server(server))
