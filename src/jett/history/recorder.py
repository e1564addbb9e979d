"""Writes down finished turns, on a thread of its own: the event loop never waits, and no trouble of the disk ends a
conversation.

    observe(TurnReport) ─► queue of 1,000 ─► the thread: up to 100 turns in one transaction
                             full: the oldest goes, and is counted

While the database cannot be written, turns wait in the queue and the thread tries again after 1 s, 2 s, … 60 s; the
trouble is handed out once. Between turns the thread deletes what is older than the owner wants, a batch at a time.
One recorder serves every conversation of a process. A turn is written once under its number, so trying again writes
nothing twice.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from jett.core.errors import HistoryError
from jett.core.events import SessionEvent, TurnReport
from jett.history.ageing import Ageing
from jett.history.database import Database, RowRefused
from jett.history.ids import Ids
from jett.history.kept import KeptConversation, KeptTurn, Source, kept_turn, storable
from jett.history.writing import add_recordings, end_conversations, write_turns

MOST_WAITING = 1_000
LONGEST_RETRY_S = 60.0
_BATCH = 100


@dataclass(frozen=True, slots=True)
class _Note:
    """One thing to write: a turn, or what is known of one later."""

    conversation: KeptConversation
    turn: KeptTurn | None = None
    sound_of: int = 0
    files: tuple[str, ...] = ()


def _wall_clock_ms() -> int:
    return time.time_ns() // 1_000_000


class Recorder:
    """The one writer of a process. Its thread starts with the first thing to write."""

    def __init__(
        self,
        database: Database,
        *,
        days: int = 0,
        most_waiting: int = MOST_WAITING,
        first_retry_s: float = 1.0,
        now_ms: Callable[[], int] = _wall_clock_ms,
    ) -> None:
        """`days`: turns older than that are deleted; 0 keeps all."""
        self._database = database
        self.ageing = Ageing(database, days)
        self._most_waiting = most_waiting
        self._first_retry_s = first_retry_s
        self.now_ms = now_ms
        self.ids = Ids(now_ms)
        self.dropped = 0
        """Turns that were lost since the queue was full or the database refused them."""
        self._writing = threading.RLock()
        """Held while the thread writes, and while somebody deletes."""
        self._changed = threading.Condition()  # guards all that follows
        self._waiting: deque[_Note] = deque()
        self._in_hand: list[_Note] = []
        self._trouble = ""
        self._untold = ""
        self._closing = self._tidy = False
        self._thread: threading.Thread | None = None

    def begin(self, source: Source, identity: str) -> Recording:
        """A conversation begins; nothing is written before its first turn is over."""
        return Recording(self, KeptConversation(self.ids.next(), source, storable(identity), self.now_ms()))

    @property
    def trouble(self) -> str:
        """Why nothing can be written now; empty while all is well."""
        with self._changed:
            return self._trouble

    def news(self) -> str:
        """A trouble that nobody was told of yet; each is given once."""
        if not self._untold:  # asked with every frame of a microphone
            return ""
        with self._changed:
            told, self._untold = self._untold, ""
            return told

    @property
    def waiting(self) -> int:
        """Turns and ends that are not written yet."""
        with self._changed:
            return len(self._waiting) + len(self._in_hand)

    def written(self, timeout_s: float) -> bool:
        """Wait until nothing waits; whether it is so."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._in_hand, timeout_s)

    def tidied(self, timeout_s: float) -> bool:
        """Wait until everything is written and what is too old is gone; whether it is so."""
        with self._changed:
            return self._changed.wait_for(lambda: self._tidy and not self._waiting and not self._in_hand, timeout_s)

    @contextmanager
    def still(self, forget: Callable[[KeptTurn], bool]) -> Generator[None, None, None]:
        """Nothing is written while the block lasts; if it succeeds, waiting turns that `forget` names never are."""
        with self._writing:
            yield
            with self._changed:
                kept = [note for note in (*self._in_hand, *self._waiting) if not _of(note, forget)]
                self._in_hand, self._waiting = [], deque(kept)
                self._changed.notify_all()

    def close(self, timeout_s: float = 5.0) -> int:
        """Write what waits, for `timeout_s` at most; how many turns were lost."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(timeout_s)
        with self._changed:
            return self.dropped + sum(note.turn is not None for note in (*self._in_hand, *self._waiting))

    def tidy(self) -> None:
        """Begin the thread although there is nothing to write, so that old turns go."""
        with self._changed:
            self._start()

    def put(self, note: _Note) -> None:
        """At the end of the queue. Never waits for the database."""
        with self._changed:
            if len(self._waiting) >= self._most_waiting:
                lost = self._waiting.popleft()
                self.dropped += lost.turn is not None
            self._waiting.append(note)
            self._start()
            self._changed.notify_all()

    def _start(self) -> None:
        if self._thread is None and not self._closing:
            self._thread = threading.Thread(target=self._run, name="jett-history", daemon=True)
            self._thread.start()

    # ---- the thread ---------------------------------------------------------------------------------------------

    def _run(self) -> None:
        failures, tidy_at_s = 0, 0.0
        while self._waited(failures, tidy_at_s):
            try:
                if not self._write_some() and time.monotonic() >= tidy_at_s:
                    wait_s = self.ageing.some(self.now_ms())
                    tidy_at_s = time.monotonic() + wait_s
                    with self._changed:
                        self._tidy = wait_s > 0
                        self._changed.notify_all()
                failures = 0
                self._all_is_well()
            except HistoryError as error:
                failures += 1
                self._in_trouble(str(error))

    def _waited(self, failures: int, tidy_at_s: float) -> bool:
        """Until there is something to do, or the time has come to try again. False: it is over."""
        with self._changed:
            was_closing = self._closing
            if failures:
                retry_s = min(LONGEST_RETRY_S, self._first_retry_s * 2.0 ** min(failures - 1, 10))
                self._changed.wait_for(lambda: self._closing, retry_s)
            else:
                wait_s = max(0.0, tidy_at_s - time.monotonic())
                self._changed.wait_for(lambda: self._closing or self._waiting or self._in_hand, wait_s)
            if not self._closing:
                return True
            return bool(self._waiting or self._in_hand) and not (was_closing and failures)

    def _write_some(self) -> bool:
        """Whether anything was written."""
        with self._writing:
            with self._changed:
                while self._waiting and len(self._in_hand) < _BATCH:
                    self._in_hand.append(self._waiting.popleft())
                notes = list(self._in_hand)
            if not notes:
                return False
            try:
                self._write(notes)
            except RowRefused as error:
                self._write_one_by_one(notes, error)
            with self._changed:
                self._in_hand = []
                self._changed.notify_all()
            return True

    def _write(self, notes: Sequence[_Note]) -> None:
        turns = [note.turn for note in notes if note.turn is not None]
        newest = {note.conversation.id: note.conversation for note in notes}
        begun = {note.conversation.id for note in notes if note.turn is not None}
        if turns:
            write_turns(self._database, turns, [newest[id] for id in begun])
        ends = {id: each.ended_ms for id, each in newest.items() if each.ended_ms is not None and id not in begun}
        if ends:
            with self._database.write() as connection:
                end_conversations(connection, ends)
        for note in notes:
            if note.files:
                add_recordings(self._database, note.sound_of, note.files)

    def _write_one_by_one(self, notes: Sequence[_Note], error: RowRefused) -> None:
        """One bad turn does not take the others with it."""
        for note in notes:
            try:
                self._write([note])
            except RowRefused:
                self.dropped += note.turn is not None
                self._in_trouble(str(error))

    def _in_trouble(self, why: str) -> None:
        with self._changed:
            if why != self._trouble:
                self._trouble = self._untold = why
                self._changed.notify_all()

    def _all_is_well(self) -> None:
        with self._changed:
            self._trouble = ""


class Recording:
    """One conversation's way into the history. Called on the event loop; nothing here waits."""

    def __init__(self, recorder: Recorder, conversation: KeptConversation) -> None:
        self._recorder = recorder
        self._conversation = conversation
        self._without_sound: list[int] = []
        self.turn_id: int | None = None
        """Of the turn that was observed last."""

    @property
    def conversation_id(self) -> int:
        """Its number in the history, whether or not anything is written yet."""
        return self._conversation.id

    def observe(self, event: SessionEvent) -> int | None:
        """The number of the turn, if the event tells of a finished one; a reply that was withdrawn is no turn yet."""
        if not isinstance(event, TurnReport):
            return None
        recorder = self._recorder
        turn = kept_turn(event, recorder.ids.next(), self._conversation.id, recorder.now_ms())
        recorder.put(_Note(self._conversation, turn))
        self.turn_id = turn.id
        self._without_sound.append(turn.id)
        return turn.id

    def sound(self, files: Sequence[str]) -> None:
        """Files with the sound of all turns since the last ones: they go when one of these turns is deleted."""
        for turn_id in self._without_sound:
            self._recorder.put(_Note(self._conversation, None, turn_id, tuple(files)))
        self._without_sound = []

    def end(self) -> None:
        """The conversation is over; safe to call twice. One without a turn was never written."""
        if self._conversation.ended_ms is None:
            self._conversation = replace(self._conversation, ended_ms=self._recorder.now_ms())
            if self.turn_id is not None:
                self._recorder.put(_Note(self._conversation))


def _of(note: _Note, forget: Callable[[KeptTurn], bool]) -> bool:
    return note.turn is not None and forget(note.turn)
