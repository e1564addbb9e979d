"""The history of one Jett as its callers see it: read, search, delete, export, and the recorder that writes. Blocking.

Made by `app`; used by the REST routes (in threads) and by `jett history`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from jett.history import deleting, exchange, reading
from jett.history.database import Database
from jett.history.kept import Gone, KeptConversation, KeptTurn, TurnInList
from jett.history.latency import Latency, latest_latency
from jett.history.reading import PAGE, Page
from jett.history.recorder import Recorder


class Archive:
    """Every method but the recorder's may wait for the database, and raises HistoryError."""

    def __init__(self, database: Database, *, days: int = 0, recordings_dir: Path | None = None) -> None:
        """Opens nothing yet. `days` as in Recorder; recordings that are taken in must lie below `recordings_dir`."""
        self.database = database
        self._recordings_dir = recordings_dir
        self.recorder = Recorder(database, days=days)

    @property
    def place(self) -> str:
        """Where it is kept, without a password."""
        return self.database.name

    def conversations(self, before: str | None = None, most: int = PAGE) -> Page[KeptConversation]:
        """Newest first."""
        return reading.list_conversations(self.database, before, most)

    def conversation(self, id: int) -> KeptConversation | None:
        """None where it is not there."""
        return reading.conversation(self.database, id)

    def turns_of(self, id: int, after: str | None = None, most: int = PAGE) -> Page[KeptTurn]:
        """A conversation's turns, oldest first."""
        return reading.turns_of(self.database, id, after, most)

    def turns(self, query: str = "", before: str | None = None, most: int = PAGE) -> Page[TurnInList]:
        """All, or those in which `query` is found; newest first."""
        return reading.list_turns(self.database, query, before, most)

    def turn(self, id: int) -> KeptTurn | None:
        """None where it is not there."""
        return reading.turn(self.database, id)

    def latency(self, last: int = 40) -> Latency:
        """Of the newest turns."""
        return latest_latency(self.database, last)

    def export(self) -> Iterator[str]:
        """Everything as JSON lines."""
        return exchange.exported(self.database)

    def bring_in(self, lines: Iterable[str]) -> int:
        """What was exported, here or elsewhere; how many turns."""
        return exchange.bring_in(self.database, lines, self._recordings_dir)

    def delete_turn(self, id: int) -> Gone:
        """Also if it waits to be written."""
        with self.recorder.still(lambda turn: turn.id == id):
            gone = deleting.delete_turn(self.database, id)
        return self._scrubbed(gone)

    def delete_conversation(self, id: int) -> Gone:
        """With all its turns; what is said in it from now on is kept again."""
        with self.recorder.still(lambda turn: turn.conversation_id == id):
            gone = deleting.delete_conversation(self.database, id)
        return self._scrubbed(gone)

    def delete_everything(self) -> Gone:
        """What is said from now on is kept again."""
        with self.recorder.still(lambda turn: True):
            gone = deleting.delete_everything(self.database)
        return replace(gone, traces=self.database.scrub(all_of_it=True))

    def _scrubbed(self, gone: Gone) -> Gone:
        """Turns may be written again meanwhile."""
        return replace(gone, traces=self.database.scrub(all_of_it=False)) if gone.turns else gone

    def close(self, timeout_s: float = 5.0) -> int:
        """Write what waits and let go; how many turns were lost."""
        lost = self.recorder.close(timeout_s)
        self.database.close()
        return lost
