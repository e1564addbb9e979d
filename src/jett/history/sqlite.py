"""The history as one file of this machine: SQLite with a write-ahead log, readable by its owner only.

Readers never wait for a writer. What is deleted is overwritten (`secure_delete`); its words leave the search's index
when the index is merged, and the log when it is cut off: `scrub` does both.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.pool import NullPool

from jett.core.errors import HistoryError
from jett.history.database import Database, RowRefused
from jett.history.words import Query, fts5

FILE = "history.sqlite"
BUSY_S = 5.0
_OPENING_S = 30.0
_MERGED_PAGES = 200
"""Of the search's index in one step: tens of milliseconds, in which a writer waits."""
_TRIES_TO_CUT_OFF = 50
_SETTINGS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",  # a power cut may lose the last turns, never damage the file
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
    "PRAGMA temp_store = MEMORY",  # no words in temporary files
    "PRAGMA cache_size = -8000",
)
_TROUBLES = (
    ("SQLITE_FULL", "has no room left", "free some space on its disk"),
    ("SQLITE_READONLY", "may not be written", "give it back to your user, or name another folder: history.dir"),
    ("SQLITE_PERM", "may not be used", "give it back to your user, or name another folder: history.dir"),
    ("SQLITE_CANTOPEN", "cannot be opened", "see whether its folder is there and yours, or name another: history.dir"),
    ("SQLITE_BUSY", "stayed locked", "end the program that holds it"),
    ("SQLITE_LOCKED", "is locked", "end the program that holds it"),
    ("SQLITE_CORRUPT", "is damaged", "move it away, and Jett begins another; `sqlite3 FILE .recover` may save it"),
    ("SQLITE_NOTADB", "is no database", "move it away, and Jett begins another"),
    ("SQLITE_IOERR", "cannot be read or written", "see to its disk"),
)
_CODES_OF_SYSTEM = {
    errno.ENOSPC: "SQLITE_FULL",
    errno.EDQUOT: "SQLITE_FULL",
    errno.EROFS: "SQLITE_READONLY",
    errno.EACCES: "SQLITE_PERM",
    errno.EPERM: "SQLITE_PERM",
    errno.ENOTDIR: "SQLITE_CANTOPEN",
    errno.ENOENT: "SQLITE_CANTOPEN",
    errno.EIO: "SQLITE_IOERR",
}
_FIND = text(
    "SELECT rowid FROM turn_words WHERE turn_words MATCH :query AND rowid < :before ORDER BY rowid DESC LIMIT :most"
)


class SqliteDatabase(Database):
    """The file, and its `-wal` and `-shm` beside it."""

    def __init__(self, file: Path, *, busy_s: float = BUSY_S) -> None:
        """Opens nothing yet. `busy_s`: how long to wait for a lock that somebody holds."""
        super().__init__()
        self.name = f"'{file}'"
        self.file = file
        self._inode: tuple[int, int] | None = None
        url = f"sqlite:///{file}"
        self._ordinary = _configured(create_engine(url, hide_parameters=True), busy_s)
        self._patient = _configured(
            create_engine(url, hide_parameters=True, poolclass=NullPool), busy_s, by_itself=True
        )

    def _engine(self) -> Engine:
        return self._ordinary

    def _patient_engine(self) -> Engine:
        return self._patient

    def _lost(self) -> bool:
        """Somebody deleted or replaced the file under us: SQLite would go on writing into nothing."""
        return self._inode != _identity(self.file)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        _make_private(self.file)
        try:
            with FileLock(f"{self.file}.lock", timeout=_OPENING_S, mode=0o600):
                yield
        except Timeout:
            raise HistoryError(
                f"history: {self.name} is being opened by another Jett for longer than {_OPENING_S:.0f} s; end that one"
            ) from None
        self._inode = _identity(self.file)

    def trouble(self, error: BaseException | None) -> HistoryError:
        """By SQLite's own code of the error; its texts name tables, never values."""
        code = getattr(error, "sqlite_errorname", "") or ""
        if isinstance(error, sqlite3.IntegrityError | sqlite3.DataError) or code.startswith(("SQLITE_TOOBIG",)):
            return RowRefused(f"history: {self.name} does not take a row ({code})")
        if isinstance(error, OSError):
            code = _CODES_OF_SYSTEM.get(error.errno or 0, "")
        for begins, why, fix in _TROUBLES:
            if code.startswith(begins):
                return HistoryError(f"history: {self.name} {why} ({code}); {fix}")
        return HistoryError(f"history: {self.name} cannot be used ({code or type(error).__name__}); see history.dir")

    def index_words(self, connection: Connection, rows: list[tuple[int, str, str]]) -> None:
        """Triggers do."""

    def find(self, connection: Connection, query: Query, before: int, most: int) -> list[int]:
        """FTS5 walks its lists from the newest, so a word that is everywhere costs no more than one that is rare."""
        found = connection.execute(_FIND, {"query": fts5(query), "before": before, "most": most})
        return [int(row[0]) for row in found]

    def empty(self) -> None:
        """The triggers would unindex each turn by itself, so the index is emptied at once."""
        with self.write() as connection:
            named = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'turns'"
            triggers = connection.exec_driver_sql(named).all()
            for name, _ in triggers:
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
            for table in ("spans", "tool_calls", "guard_decisions", "recordings", "turns", "conversations"):
                connection.exec_driver_sql(f"DELETE FROM {table}")
            connection.exec_driver_sql("INSERT INTO turn_words (turn_words) VALUES ('delete-all')")
            for _, sql in triggers:
                connection.exec_driver_sql(sql)

    def scrub(self, *, all_of_it: bool) -> str:
        """Merges the index in small steps, so that no writer waits long; `all_of_it` also gives the disk back."""
        with self.maintain() as connection:
            step = -_MERGED_PAGES  # negative: begin to merge everything into one
            while _changes(connection, step) > 1:
                step = _MERGED_PAGES
            if all_of_it:
                connection.exec_driver_sql("VACUUM")
            return self._cut_off(connection)

    def _cut_off(self, connection: Connection) -> str:
        """The log keeps old pages until it is cut off, which waits for those who read them: by these tries alone."""
        connection.exec_driver_sql("PRAGMA busy_timeout = 0")  # of this connection, which nobody uses afterwards
        for _ in range(_TRIES_TO_CUT_OFF):
            busy, *_ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
            if not busy:
                return ""
            time.sleep(0.1)
        return f"history: {self.name} is being read, so its log still has what was deleted; it goes when Jett ends"


def _changes(connection: Connection, pages: int) -> int:
    """One step of a merge; below two changes there was nothing left to do (sqlite.org/fts5.html, 'merge')."""
    before = int(connection.exec_driver_sql("SELECT total_changes()").scalar_one())
    merge = text("INSERT INTO turn_words (turn_words, rank) VALUES ('merge', :pages)")
    connection.execute(merge, {"pages": pages})
    return int(connection.exec_driver_sql("SELECT total_changes()").scalar_one()) - before


def _configured(engine: Engine, busy_s: float, *, by_itself: bool = False) -> Engine:
    """The driver begins no transaction; ours say at once whether they will write, so that none fails midway."""

    def connected(connection: Any, _: object) -> None:
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {round(busy_s * 1000)}")
        for setting in _SETTINGS:
            connection.execute(setting)

    def begun(connection: Connection) -> None:
        if not by_itself:
            writes = connection.get_execution_options().get("jett_writes")
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)
    return engine.execution_options(isolation_level="AUTOCOMMIT") if by_itself else engine


def _make_private(file: Path) -> None:
    """The file with mode 0600, which its log inherits, in a folder that is made with 0700. Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(file, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
    if file.stat().st_mode & 0o077:
        file.chmod(0o600)


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
