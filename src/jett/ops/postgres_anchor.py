"""An anchor of the audit log in PostgreSQL, on another machine: the port Anchor of `guard`.

    append ─► store ─► slot for one head, the newest ─► thread `jett-anchor` ─► INSERT

An operation never waits for the database: `store` leaves the head and returns. While the database is out of reach the
newest head waits alone in its slot, and the thread tries again after 1 s, 2 s, … 60 s. Nothing that the table holds is
ever replaced, so a log that lost records can be told from it whatever came after. Made by `app`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from jett.core.postgres_place import Place
from jett.guard import Head
from jett.ops.postgres_table import Table

TIMEOUT_S = 3.0
FLUSH_S = 2.0
LONGEST_RETRY_S = 60.0


class PostgresAnchor:
    """Heads in a table. `read_password` is asked at each connection and may raise OSError."""

    append_only = True

    def __init__(
        self,
        place: Place,
        read_password: Callable[[], str],
        *,
        timeout_s: float = TIMEOUT_S,
        flush_s: float = FLUSH_S,
        first_retry_s: float = 1.0,
    ) -> None:
        """Connects to nothing yet."""
        self.name = f"the anchor database {place}"
        self._place = place
        self._read_password = read_password
        self._timeout_s = timeout_s
        self._flush_s = flush_s
        self._first_retry_s = first_retry_s
        self._thread: threading.Thread | None = None
        self._changed = threading.Condition()  # guards all that follows
        self._slot: Head | None = None
        self._behind_from = 0
        self._answered = False
        self._newest: Head | None = None
        self._trouble = ""
        self._contradicted = ""
        self._closing = False

    def store(self, head: Head) -> None:
        """Leave it for the thread; the newest wins."""
        with self._changed:
            if self._contradicted or self._closing:
                return
            if self._slot is None or head.seq > self._slot.seq:
                self._slot = head
            self._behind_from = self._behind_from or head.seq
            self._begin()
            self._changed.notify_all()

    def latest(self) -> Head | None:
        """What the table held when it first answered."""
        with self._changed:
            if not self._answered:
                self._begin()
                raise OSError(self._trouble or "no answer yet")
            return self._newest

    def behind(self) -> str:
        with self._changed:
            if self._trouble and self._slot is not None:
                return f"lags from record {self._behind_from} ({self._trouble})"
            return self._contradicted

    def heads(self) -> Sequence[Head]:
        """Asked now, over a connection of its own."""
        table = self._open()
        try:
            return table.all()
        finally:
            table.close()

    def kept(self, timeout_s: float) -> bool:
        """Wait until all that was stored is in the table; whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: self._answered and self._slot is None, timeout_s)

    def close(self) -> None:
        """One last try, for `flush_s` at most; what is not kept by then lags until Jett runs again."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(self._flush_s)

    def _begin(self) -> None:
        if self._thread is None and not self._closing:
            self._thread = threading.Thread(target=self._run, name="jett-anchor", daemon=True)
            self._thread.start()

    # ---- the thread ---------------------------------------------------------------------------------------------

    def _run(self) -> None:
        table: Table | None = None
        failures = 0
        while self._waited_for_work(failures, connected=table is not None):
            try:
                table = table or self._open()
                self._keep_up(table)
                failures = 0
            except OSError as error:
                failures += 1
                with self._changed:
                    self._trouble = str(error)
                if table is not None:
                    table.close()
                    table = None
        if table is not None:
            table.close()

    def _waited_for_work(self, failures: int, *, connected: bool) -> bool:
        """Until there is a head to keep, or the time has come for another try. False: it is over."""
        with self._changed:
            was_closing = self._closing
            if failures:
                retry_s = min(LONGEST_RETRY_S, self._first_retry_s * 2.0 ** min(failures - 1, 10))
                self._changed.wait_for(lambda: self._closing, retry_s)
            elif connected:
                self._changed.wait_for(lambda: self._closing or self._slot is not None)
            last_try_was = was_closing and failures > 0
            return not self._closing or (self._slot is not None and not last_try_was)

    def _open(self) -> Table:
        return Table(self._place, self._read_password(), self._timeout_s)

    def _keep_up(self, table: Table) -> None:
        if not self._answered:
            newest = table.newest()
            with self._changed:
                self._answered, self._newest = True, newest
        while True:
            with self._changed:
                head = self._slot
                if head is None:
                    self._trouble = ""
                    self._changed.notify_all()
                    return
            self._done(head, table.add(head))

    def _done(self, head: Head, held: str) -> None:
        with self._changed:
            if held != head.hash:
                self._contradicted = f"holds another record {head.seq}; run `jett audit verify`"
                self._slot = None
            elif self._slot == head:
                self._slot, self._behind_from = None, 0
            else:
                self._behind_from = head.seq + 1
