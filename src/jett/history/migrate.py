"""Makes the tables, or brings older ones to this Jett's revision: the revisions in `migrations/`, run when it is
opened.

One transaction for all of them, so that a Jett that is killed midway has changed nothing, and a second one waits for
it. Alembic is imported only where there is something to do; looking takes a query.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from jett.core.errors import HistoryError
from jett.history.schema import HEAD

KNOWN = ("0001", "0002", "0003")
"""Revisions from which this Jett can go on, oldest first; a test compares them with the files."""
FOLDER = Path(__file__).with_name("migrations")


class TooNew(HistoryError):
    """A newer Jett has been here."""


def upgrade(engine: Engine, lock: Sequence[str] = (), to: str = HEAD) -> None:
    """Nothing where the tables are of revision `to`. `lock`: statements by which others wait. Raises TooNew."""
    with engine.connect() as connection, connection.begin():
        if revision(connection) == to:
            return
    with engine.connect() as connection:
        alone = connection.execution_options(jett_writes=True)
        with alone.begin():
            for statement in lock:
                alone.execute(text(statement))
            if revision(alone) != to:  # another process may have done it meanwhile
                _run(alone, to)


def revision(connection: Connection) -> str:
    """Of the tables; empty where there are none. Raises TooNew."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""
    if found and found not in KNOWN:
        raise TooNew(
            f"history: the database was written by a newer Jett (its revision is {str(found)[:20]!r}, this Jett knows "
            f"up to {HEAD!r}); update Jett, or name another place with history.dir or history.database"
        )
    return str(found)


def _run(connection: Connection, to: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
