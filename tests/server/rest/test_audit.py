"""The audit log on the dashboard: pages, the chain, the export, and that neither its length nor a token matters."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from jett.guard import AuditLog, FileAnchor, Head, tail
from jett.guard import audit_read as reading
from jett.guard.audit_record import Entry, Kind, Record, parse_record, sealed
from jett.server.rest import audit as audit_routes
from tests.server.rest.place import failure, served

pytestmark = pytest.mark.anyio

START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
PHONE = {"X-Who": "phone"}


def written(folder: Path, count: int = 12, *, segment_bytes: int = 1000) -> AuditLog:
    """Several segments and an anchor."""
    log = AuditLog(folder / "audit", anchors=[FileAnchor(folder / "anchor.json")], segment_bytes=segment_bytes)
    for number in range(count):
        entry = Entry(Kind.REQUEST, f"op{number}", "voice/owner", "status", "n8n", "allow", "", "password=hunter2")
        log.append(entry, START + timedelta(seconds=number))
    return log


@asynccontextmanager
async def place(log: AuditLog, now_s: Callable[[], float] = lambda: 0.0) -> AsyncGenerator[httpx.AsyncClient, None]:
    async with served(audit_routes.router(log, now_s=now_s)) as http:
        yield http


async def test_pages_are_newest_first_and_end(tmp_path: Path) -> None:
    log = written(tmp_path)
    async with place(log) as http:
        numbers: list[int] = []
        cursor = ""
        while True:
            page = (await http.get(f"/api/audit?limit=5{cursor}")).json()
            numbers += [record["number"] for record in page["records"]]
            if page["next"] is None:
                break
            cursor = f"&before={page['next']}"
        assert numbers == list(range(12, 0, -1))
        first = (await http.get("/api/audit?limit=1")).json()["records"][0]
    newest = tail(log, 1)[0]
    assert first == {
        "number": 12,
        "at": "2026-11-24T12:00:11Z",
        "kind": "request",
        "operation": "op11",
        "identity": "voice/owner",
        "verb": "status",
        "target": "n8n",
        "verdict": "allow",
        "rule": "",
        "detail": "password=[redacted]",
        "hash": newest.hash,
    }


async def test_a_log_that_does_not_exist_yet_is_an_empty_page(tmp_path: Path) -> None:
    async with place(AuditLog(tmp_path / "none")) as http:
        assert (await http.get("/api/audit")).json() == {"records": [], "next": None}


async def test_the_chain_and_its_anchors_are_verified(tmp_path: Path) -> None:
    log = written(tmp_path)
    async with place(log) as http:
        verdict = (await http.get("/api/audit/verify")).json()
        assert verdict == {
            "intact": True,
            "records": 12,
            "head": tail(log, 1)[0].hash,
            "faults": [],
            "anchors": ["the anchor file agrees at record 12"],
        }
        segment = sorted((tmp_path / "audit").glob("*.jsonl"))[1]
        segment.write_text(segment.read_text("utf-8").replace("n8n", "n9n", 1), encoding="utf-8")
        FileAnchor(tmp_path / "anchor.json").store(Head(99, "0" * 64))
        verdict = (await http.get("/api/audit/verify")).json()
    assert not verdict["intact"]
    assert "edited" in verdict["faults"][0]["what"]
    assert verdict["anchors"] == ["the anchor file contradicts at record 99"]


async def test_a_log_without_an_anchor_says_what_it_cannot_know(tmp_path: Path) -> None:
    async with place(AuditLog(tmp_path / "audit")) as http:
        verdict = (await http.get("/api/audit/verify")).json()
    assert verdict["anchors"] == ["there is no anchor: a shortened log cannot be told from a short one"]


async def test_verifying_holds_the_log_so_it_is_limited(tmp_path: Path) -> None:
    log = written(tmp_path, 2)
    async with place(log) as http:
        codes = [(await http.get("/api/audit/verify")).status_code for _ in range(7)]
    assert codes == [200] * 6 + [429]


async def test_the_export_is_the_log_as_it_is(tmp_path: Path) -> None:
    log = written(tmp_path)
    async with place(log) as http:
        answer = await http.get("/api/audit/export")
    files = sorted((tmp_path / "audit").glob("*.jsonl"))
    assert answer.content == b"".join(file.read_bytes() for file in files)
    assert "attachment" in answer.headers["content-disposition"]
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    assert len([json.loads(line) for line in answer.text.splitlines()]) == 12


WRONG = [
    "before=0",
    "before=-1",
    "before=x",
    "before=1%20",
    "before=99999999999999999",
    "limit=0",
    "limit=501",
    "limit=x",
]


async def test_what_is_malformed_is_told(tmp_path: Path) -> None:
    async with place(written(tmp_path, 2)) as http:
        for query in WRONG:
            failure(await http.get(f"/api/audit?{query}"), 422)


async def test_a_damaged_page_is_told(tmp_path: Path) -> None:
    log = written(tmp_path, 2)
    next(iter((tmp_path / "audit").glob("*.jsonl"))).write_bytes(b"{}\n")
    async with place(log) as http:
        assert "holds what is no record" in failure(await http.get("/api/audit"), 503)


async def test_a_token_reads_nothing_of_the_record(tmp_path: Path) -> None:
    async with place(written(tmp_path, 2)) as http:
        for path in ("", "/verify", "/export"):
            failure(await http.get(f"/api/audit{path}", headers=PHONE), 403)


async def test_a_page_of_a_long_log_parses_what_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 20,000 records in many segments, wherever the page is."""
    folder = tmp_path / "audit"
    folder.mkdir()
    head, lines = Head(), []
    for number in range(20_000):
        record = sealed(Entry(Kind.REQUEST, f"op{number}"), head, START)
        head = record.head
        lines.append(record.line())
    for number in range(20):
        (folder / f"audit-{number + 1:06d}.jsonl").write_bytes(b"".join(lines[number * 1000 : number * 1000 + 1000]))
    parsed = 0

    def counted(line: bytes) -> Record:
        nonlocal parsed
        parsed += 1
        return parse_record(line)

    monkeypatch.setattr(reading, "parse_record", counted)
    async with place(AuditLog(folder)) as http:
        for before in ("", "&before=10050", "&before=150", "&before=15000"):
            parsed = 0
            page = (await http.get(f"/api/audit?limit=100{before}")).json()
            newest = int(before.partition("=")[2] or 20_001) - 1
            assert [record["number"] for record in page["records"]] == list(range(newest, newest - 100, -1))
            assert parsed <= 100 + 2 * 20 + 2
