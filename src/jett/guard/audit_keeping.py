"""A log and one of its anchors: compared once, then kept up, and what is to be told of it. Called by `audit`.

    first word of the anchor ─► does the log hold that record? ─ yes ─► each new head is stored
                                                               └ no ──► nothing is stored any more: it is the evidence

An anchor that cannot be asked yet gets new heads only if they cannot replace the evidence (`append_only`).
"""

from __future__ import annotations

from collections.abc import Callable

from jett.guard.audit_anchor import Anchor
from jett.guard.audit_record import Head

Holds = Callable[[Head], bool]
"""Whether the log, as it is on disk now, holds this record."""


class Keeping:
    """One anchor of one log."""

    def __init__(self, anchor: Anchor) -> None:
        self.anchor = anchor
        self._agrees: bool | None = None  # None: the anchor could not be asked yet
        self._trouble = ""

    @property
    def warning(self) -> str:
        """Why the anchor is not kept up; empty when it is."""
        if self._agrees is False:
            return f"audit: the log and {self.anchor.name} differ; run `jett audit verify`"
        why = self.anchor.behind() or self._trouble
        return f"audit: {self.anchor.name} {why}" if why else ""

    def compare(self, holds: Holds) -> None:
        """As soon as the anchor answers, and once."""
        if self._agrees is not None:
            return
        try:
            known = self.anchor.latest()
        except OSError as error:
            self._trouble = f"cannot be read ({error})"
            return
        self._trouble = ""
        self._agrees = known is None or holds(known)

    def keep(self, head: Head, holds: Holds) -> None:
        """The log has a new head."""
        self.compare(holds)
        if self._agrees is False or (self._agrees is None and not self.anchor.append_only):
            return
        try:
            self.anchor.store(head)
        except OSError as error:
            self._trouble = f"could not be kept up at record {head.seq} ({error})"
        else:
            self._trouble = self._trouble if self._agrees is None else ""
