"""What is older than the owner wants goes by itself, as what is deleted by request does: rows, recordings, and traces.

    a batch ─► a batch ─► … ─► none left ─► scrub ─► nothing for six hours
                                              └ somebody reads the file: again in a minute, until its log is cut off

Blocking; called by the recorder's thread, between turns.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from jett.history.database import Database
from jett.history.deleting import delete_batch_before

TIDY_EVERY_S = 6 * 3600.0
SCRUB_AGAIN_S = 60.0
_DAY_MS = 24 * 3600 * 1000
_log = logging.getLogger(__name__)


class Ageing:
    """Of one database."""

    def __init__(self, database: Database, days: int) -> None:
        """`days`: turns older than that are deleted; 0 keeps all."""
        self._database = database
        self._days = days
        self._to_scrub = False
        """Whether something was deleted whose traces are still there."""
        self.on_gone: Callable[[], object] = lambda: None
        """Called on this thread after each batch: whoever keeps words of it elsewhere forgets them."""
        self.traces = ""
        """Why words of what went are still in a file, as Gone has it for a deletion by request."""

    def some(self, now_ms: int) -> float:
        """Delete some of it; in how many seconds to look again, 0 where there may be more. Raises HistoryError."""
        if not self._days:
            return TIDY_EVERY_S
        if delete_batch_before(self._database, now_ms - self._days * _DAY_MS):
            self._to_scrub = True
            self.on_gone()
            return 0.0
        if self._to_scrub:
            self._scrub()
        return SCRUB_AGAIN_S if self._to_scrub else TIDY_EVERY_S

    def _scrub(self) -> None:
        before, self.traces = self.traces, self._database.scrub(all_of_it=False)
        self._to_scrub = bool(self.traces) and self._database.scrubs_later
        if self.traces and self.traces != before:
            _log.warning("%s", self.traces)
