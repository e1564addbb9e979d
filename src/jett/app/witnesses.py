"""Who is told of a conversation while `jett serve` runs: the history, live pages, metrics, traces, the latency page.

observe ─► Keeping (gives a finished turn its number) ─► live events, metrics, traces, newest turns
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from jett.app.history import Keeping
from jett.core.events import Observer, SessionEvent, TurnReport
from jett.guard import Identity, Kind
from jett.history import Archive, Source
from jett.server.live import Live
from jett.server.live_events import LiveEvents
from jett.server.metrics import Metrics

LOCAL = "local"


class Witnesses:
    """Makes a witness for each conversation over the network, and one observer for the local one."""

    def __init__(self, archive: Archive | None, live: Live, metrics: Metrics, others: Sequence[Observer]) -> None:
        """`others` are told of every conversation."""
        self._archive = archive
        self._live = live
        self._metrics = metrics
        self._others = tuple(others)
        self._count = 0
        self._held = 0

    def local(self, newest: Observer) -> list[Observer]:
        """Of the conversation through this machine's own microphone, which keeps and traces itself."""
        return [LiveEvents(self._live, LOCAL, levels=True), self._metrics.observer(LOCAL), newest]

    def begin(self, source: str, identity: Identity) -> NetworkWitness:
        """A conversation over the network begins. A browser's is known by who it is."""
        self._count += 1
        kept_as: Source = "browser" if identity.kind is Kind.DASHBOARD else "realtime"
        told: list[Observer] = [LiveEvents(self._live, str(self._count)), self._metrics.observer(source), *self._others]
        witness = NetworkWitness(self._archive, kept_as, identity, told, self._metrics, source)
        witness.ending.callback(self._tell_held, -1)
        self._tell_held(+1)
        return witness

    def _tell_held(self, more: int) -> None:
        self._held += more
        self._live.publish("sessions", {"sessions": self._held})


class NetworkWitness:
    """Port Witness of `server.realtime`, and NumbersTurns."""

    def __init__(
        self,
        archive: Archive | None,
        kept_as: Source,
        identity: Identity,
        told: Sequence[Observer],
        metrics: Metrics,
        kind: str,
    ) -> None:
        self._told = tuple(told)
        self._keeping = Keeping(archive, self._tell, kept_as, identity)
        self._numbers: tuple[int, int | None] = (0, None)
        self.ending = ExitStack()
        self.ending.enter_context(metrics.session(kind))

    def observe(self, event: SessionEvent) -> None:
        """Kept, and told to everybody."""
        self._keeping.observe(event)

    def turn_id(self, turn: int) -> int | None:
        """The history's number of the turn that was reported last."""
        number, turn_id = self._numbers
        return turn_id if number == turn else None

    def end(self) -> None:
        """The conversation is over."""
        self._keeping.end()
        self.ending.close()

    def _tell(self, event: SessionEvent) -> None:
        if isinstance(event, TurnReport):
            self._numbers = (event.turn, event.id)
        for observer in self._told:
            observer(event)
