"""The audit log on the dashboard: pages newest first, whether the chain holds, all of it as a file. Reads alone.

Both long jobs hold the log's lock while they read, and whoever asks the guard waits meanwhile: so one verification at
a time and few a minute, and an export takes the lock for one segment after another.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated, TypeVar

import anyio
import anyio.to_thread
from fastapi import APIRouter, Query
from starlette.responses import StreamingResponse

from jett.core.errors import AuditError
from jett.guard import Agreement, AuditLog, Record, Report, Standing, export, page, verify
from jett.server.refusal import Refusal, wait_for
from jett.server.rest.failures import Person, failures
from jett.server.rest.shapes.audit import AuditFault, AuditPage, AuditRecord, AuditVerdict
from jett.server.window import Window

T = TypeVar("T")

PAGE = 100
MOST_VERIFIED = 6
"""Verifications a minute."""
JSON_LINES = "application/x-ndjson"


def router(audit: AuditLog, *, now_s: Callable[[], float]) -> APIRouter:
    """`now_s` is monotonic."""
    routes = APIRouter(prefix="/api/audit", tags=["audit"])
    verified = Window(MOST_VERIFIED, 60.0, now_s)
    one_at_a_time = anyio.Lock()

    @routes.get("", operation_id="getAudit", responses=failures())
    async def newest(
        _: Person,
        before: Annotated[str | None, Query(pattern=r"^[1-9][0-9]{0,15}$", description="`next` of a page.")] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = PAGE,
    ) -> AuditPage:
        """Records, newest first."""
        cursor = int(before) if before else None
        records = await _read(partial(page, audit, limit, cursor))
        more = len(records) == limit and records[-1].seq > 1
        return AuditPage(records=[_shape(one) for one in records], next=str(records[-1].seq) if more else None)

    @routes.get("/verify", operation_id="verifyAudit", responses=failures())
    async def whole(_: Person) -> AuditVerdict:
        """Read every record, and ask every anchor."""
        if not verified.admits():
            raise wait_for(429, "the record was verified just now", "wait a minute", 60)
        async with one_at_a_time:
            return _verdict(await _read(partial(verify, audit)))

    @routes.get(
        "/export",
        operation_id="exportAudit",
        response_class=StreamingResponse,
        responses={**failures(), 200: {"content": {JSON_LINES: {}}, "description": "One record a line"}},
    )
    async def everything(_: Person) -> StreamingResponse:
        """All records, oldest first, as they are in the files."""
        headers = {"Content-Disposition": 'attachment; filename="jett-audit.jsonl"'}
        return StreamingResponse(export(audit, "jsonl"), media_type=JSON_LINES, headers=headers)

    return routes


async def _read(work: Callable[[], T]) -> T:
    """In a thread; what cannot be read is told. Raises Refusal."""
    try:
        return await anyio.to_thread.run_sync(work)
    except AuditError as error:
        what, _, fix = str(error).partition("; ")
        raise Refusal(503, what, fix or "run `jett audit verify`") from error


def _shape(record: Record) -> AuditRecord:
    return AuditRecord(
        number=record.seq,
        at=datetime.fromisoformat(record.time),
        kind=record.kind,
        operation=record.operation,
        identity=record.identity,
        verb=record.verb,
        target=record.target,
        verdict=record.verdict,
        rule=record.rule,
        detail=record.detail,
        hash=record.hash,
    )


def _verdict(report: Report) -> AuditVerdict:
    return AuditVerdict(
        intact=report.intact,
        records=report.records,
        head=report.head.hash,
        faults=[AuditFault(number=one.seq, what=f"{one.file}: {one.problem}") for one in report.faults],
        anchors=[_said(one) for one in report.anchors] or report.warnings,
    )


def _said(standing: Standing) -> str:
    more = {
        Agreement.AGREES: f"at record {standing.newest}",
        Agreement.LAGS: f"{standing.behind} records behind, at record {standing.newest}",
        Agreement.CONTRADICTS: f"at record {standing.seq}",
        Agreement.UNREACHABLE: f"({standing.problem})",
    }
    return f"{standing.anchor} {standing.agreement} {more[standing.agreement]}"
