"""What happens now, for whoever watches: named events with ids, and the newest kept for those who come back.

    publish ─► ring of 1,000 ─► each watcher's queue ─► /api/live
                                  └ full: the watcher is let go; it comes back with the last id that it has

`publish` is called on the event loop and never waits. Levels are not kept and have no id: an old one is of no use.
"""

from __future__ import annotations

import json
import secrets
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

MOST_KEPT = 1000
MOST_WAITING = 256
"""Of one watcher: ten seconds of the busiest conversation."""
MOST_WATCHERS = 32


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """One event; `id` is empty for what is not kept."""

    name: str
    data: str
    id: str = ""

    def encoded(self) -> bytes:
        """As the HTML standard's Server-Sent Events have it. `data` is JSON, so it has no line breaks."""
        head = f"id: {self.id}\n" if self.id else ""
        return f"{head}event: {self.name}\ndata: {self.data}\n\n".encode()


@dataclass(slots=True)
class Live:
    """The events of one server since it started."""

    run: str = field(default_factory=lambda: secrets.token_hex(4))
    """Ids of another run mean nothing here."""
    _count: int = 0
    _kept: deque[LiveEvent] = field(default_factory=lambda: deque(maxlen=MOST_KEPT))
    _watchers: list[MemoryObjectSendStream[LiveEvent]] = field(default_factory=list)

    @property
    def watchers(self) -> int:
        """How many watch now."""
        return len(self._watchers)

    def publish(self, name: str, data: Mapping[str, object], *, keep: bool = True) -> None:
        """Tell everybody. Raises TypeError for what is no JSON."""
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        if keep:
            self._count += 1
        event = LiveEvent(name, text, f"{self.run}-{self._count}" if keep else "")
        if keep:
            self._kept.append(event)
        for watcher in list(self._watchers):
            self._tell(watcher, event)

    def forget(self) -> None:
        """What is kept for those who come back may have words that were deleted: whoever lacks any begins anew."""
        self._kept.clear()

    @contextmanager
    def watching(self, last_id: str = "") -> Iterator[tuple[list[LiveEvent], MemoryObjectReceiveStream[LiveEvent]]]:
        """What was missed since `last_id`, and the stream of what comes; it ends when the watcher is too slow."""
        send, receive = anyio.create_memory_object_stream[LiveEvent](MOST_WAITING)
        missed = self._missed(last_id)
        self._watchers.append(send)
        try:
            with receive:
                yield missed, receive
        finally:
            self._let_go(send)

    def _missed(self, last_id: str) -> list[LiveEvent]:
        """Nothing for who is new; a `reset` for who was away for too long."""
        here = LiveEvent("hello", "{}", f"{self.run}-{self._count}")
        if not last_id:
            return [here]
        run, _, number = last_id.partition("-")
        seen = int(number) if number.isdecimal() and len(number) < 20 else -1
        first = self._count - len(self._kept)
        if run != self.run or not first <= seen <= self._count:
            return [LiveEvent("reset", "{}", here.id)]
        return list(self._kept)[seen - first :]

    def _tell(self, watcher: MemoryObjectSendStream[LiveEvent], event: LiveEvent) -> None:
        try:
            watcher.send_nowait(event)
        except anyio.WouldBlock:
            if event.id:
                self._let_go(watcher)
        except anyio.BrokenResourceError:
            self._let_go(watcher)

    def _let_go(self, watcher: MemoryObjectSendStream[LiveEvent]) -> None:
        if watcher in self._watchers:
            self._watchers.remove(watcher)
        watcher.close()
