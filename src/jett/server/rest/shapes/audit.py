"""The audit log and its verdict."""

from __future__ import annotations

from datetime import datetime

from jett.server.rest.shapes.base import Shape


class AuditRecord(Shape):
    """One record of the audit log."""

    number: int
    at: datetime
    kind: str
    operation: str
    identity: str
    verb: str
    target: str
    verdict: str
    rule: str
    detail: str
    hash: str


class AuditPage(Shape):
    """Newest first."""

    records: list[AuditRecord]
    next: str | None


class AuditFault(Shape):
    """Where the chain does not hold."""

    number: int | None
    what: str


class AuditVerdict(Shape):
    """Whether the chain holds and its anchors agree."""

    intact: bool
    records: int
    head: str
    faults: list[AuditFault]
    anchors: list[str]
