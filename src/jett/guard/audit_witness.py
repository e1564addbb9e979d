"""What one anchor says of a log: it agrees, it lags, or it contradicts. Called by `audit_verify`.

Every head that the anchor ever kept is compared, not only its newest: a log that was cut off and then grew beyond the
place again is found, as long as the anchor forgets nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from jett.guard.audit_anchor import Anchor
from jett.guard.audit_record import Head


class Agreement(StrEnum):
    """How an anchor and the log stand to each other. Lagging is no fault: the anchor was out of reach for a while."""

    AGREES = "agrees"
    LAGS = "lags"
    CONTRADICTS = "contradicts"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Standing:
    """Of one anchor. `newest`: the highest record it knows; `behind`: how many records of the log came after that."""

    anchor: str
    agreement: Agreement
    newest: int = 0
    behind: int = 0
    problem: str = ""
    seq: int = 0
    """Where a contradiction is."""


class Witness:
    """Asked once, before the log is read, so that waiting for it holds up no writer."""

    def __init__(self, anchor: Anchor) -> None:
        self._name = anchor.name
        self._trouble = ""
        self._unseen: set[Head] = set()
        try:
            self._unseen = set(anchor.heads())
        except OSError as error:
            self._trouble = str(error)
        self._newest = max((head.seq for head in self._unseen), default=0)

    def see(self, head: Head) -> None:
        """The log holds this record."""
        self._unseen.discard(head)

    def standing(self, end: Head) -> Standing:
        """Now that every record was seen; `end` is the last."""
        if self._trouble:
            return Standing(self._name, Agreement.UNREACHABLE, problem=self._trouble)
        if self._unseen:
            seq, problem = self._contradiction(end)
            return Standing(self._name, Agreement.CONTRADICTS, self._newest, 0, problem, seq)
        behind = end.seq - self._newest
        return Standing(self._name, Agreement.LAGS if behind else Agreement.AGREES, self._newest, behind)

    def _contradiction(self, end: Head) -> tuple[int, str]:
        if end.seq < self._newest:
            return self._newest, f"was cut off: {self._name} knows {self._newest} records, {end.seq} are left"
        return min(
            head.seq for head in self._unseen
        ), f"is not the record that {self._name} knows: the log was rewritten"
