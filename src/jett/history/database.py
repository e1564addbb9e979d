"""The database as the rest of the history sees it: transactions that read or write, and errors with a fix. Blocking.

`sqlite.py` and `postgres.py` are its two kinds. It is opened by whoever uses it first, which makes or upgrades the
tables, so that nothing has to be reachable when Jett starts. Safe in threads.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from jett.core.errors import HistoryError
from jett.history.migrate import upgrade
from jett.history.words import Query


class RowRefused(HistoryError):
    """The database works, and does not take this row; it would not take it later either."""


class Database(ABC):
    """One history. What differs between its kinds is abstract."""

    name: str
    """For messages: where it is, without a password."""
    scrubs_later = True
    """Whether another `scrub` may take out what one had to leave."""

    def __init__(self) -> None:
        self._opening = threading.Lock()
        self._open = False

    @contextmanager
    def read(self) -> Generator[Connection, None, None]:
        """To look at what is there. Raises HistoryError."""
        self._engine_of_now()
        with self._told(), self._reading_engine().connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Generator[Connection, None, None]:
        """All of it or nothing. Raises HistoryError."""
        with self._told(), self._engine_of_now().connect() as connection:
            writing = connection.execution_options(jett_writes=True)
            with writing.begin():
                yield writing

    @contextmanager
    def maintain(self) -> Generator[Connection, None, None]:
        """Each statement by itself, and it may take minutes. Raises HistoryError."""
        self._engine_of_now()
        with self._told(), self._patient_engine().connect() as connection:
            yield connection

    def close(self) -> None:
        """Let go of every connection; the next use opens it again."""
        with self._opening:
            self._open = False
            self._engine().dispose()

    def _engine_of_now(self) -> Engine:
        """With tables of this Jett's revision."""
        if not self._open or self._lost():
            with self._opening, self._told(), self._alone():
                self._engine().dispose()
                upgrade(self._engine(), self._lock_statements)
                self._open = True
        return self._engine()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Whatever goes wrong, with its fix and without what was to be written."""
        try:
            yield
        except HistoryError:
            raise
        except DBAPIError as error:
            raise self.trouble(error.orig) from None
        except SQLAlchemyError as error:
            raise HistoryError(f"history: {self.name}: {type(error).__name__}; try again") from None
        except OSError as error:
            raise self.trouble(error) from None
        except (ValueError, OverflowError, TypeError) as error:  # the driver, of a value that has no form there
            raise RowRefused(f"history: {self.name} does not take a row ({type(error).__name__})") from None

    # ---- what differs -------------------------------------------------------------------------------------------

    _lock_statements: tuple[str, ...] = ()
    """Run in the transaction that upgrades, so that a second process waits."""

    @abstractmethod
    def _engine(self) -> Engine: ...

    def _reading_engine(self) -> Engine:
        return self._engine()

    @abstractmethod
    def _patient_engine(self) -> Engine: ...

    @abstractmethod
    def _lost(self) -> bool:
        """Whether what was opened is not what is there now."""

    @abstractmethod
    def _alone(self) -> AbstractContextManager[Any]:
        """Held while it is opened. May raise OSError."""

    @abstractmethod
    def trouble(self, error: BaseException | None) -> HistoryError:
        """A driver's error in our words: what, why, and the fix; never a value."""

    @abstractmethod
    def index_words(self, connection: Connection, rows: list[tuple[int, str, str]]) -> None:
        """Make (id, transcript, reply) findable, where the database does not do it by itself."""

    @abstractmethod
    def find(self, connection: Connection, query: Query, before: int, most: int) -> list[int]:
        """The newest turns before `before` with all of `query`, newest first."""

    @abstractmethod
    def empty(self) -> None:
        """Delete every row."""

    @abstractmethod
    def scrub(self, *, all_of_it: bool) -> str:
        """Take what was deleted out of the files; why some of it is still there, or empty."""
