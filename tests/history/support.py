"""Turns to keep, and the two databases to keep them in: a file, and a real PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sqlalchemy import text

from jett.core.events import Decided, StageSpan, ToolUsed, TurnReport
from jett.core.postgres_place import parse_place
from jett.history import Archive
from jett.history.database import Database
from jett.history.postgres import SCHEMA, PostgresDatabase
from jett.history.sqlite import FILE, SqliteDatabase
from tests.ops.postgres_server import PostgresServer

HANG_LIMIT_S = 30.0
AT = "2026-11-24T16:05:00.250Z"


def report(turn: int = 1, transcript: str = "Is n8n up?", reply: str = "It is up.", **more: object) -> TurnReport:
    """A turn that had everything."""
    whole = TurnReport(
        turn,
        0,
        transcript,
        reply,
        reply,
        interrupted=False,
        ttfa_ms=410.5,
        stages_ms={"speech_end": 0.0, "commit": 400.0, "first_audio": 410.5},
        withdrawn=1,
        engines={"stt": "whisper"},
        at=AT,
        spans=(StageSpan("hearing", -900.0, 0.0), StageSpan("pause", 0.0, 400.0)),
        tool_calls=(ToolUsed("status", '{"name": "n8n"}', "n8n is up.", 300.0, 12.5),),
        guard=(Decided("op-1", "status", "n8n", "allow", "", AT),),
        speaker="anna",
        speaker_score=0.81,
        woken_by="hey_jett",
    )
    return replace(whole, **more)  # type: ignore[arg-type]


def sqlite_database(folder: Path) -> SqliteDatabase:
    return SqliteDatabase(folder / "kept" / FILE, busy_s=0.2)


def say(archive: Archive, *said: tuple[str, str]) -> list[int]:
    """One conversation with these turns, written when this returns; their numbers, oldest first."""
    recording = archive.recorder.begin("local", "voice/owner")
    ids = [recording.observe(report(at, *words)) for at, words in enumerate(said, 1)]
    recording.end()
    assert archive.recorder.written(HANG_LIMIT_S), archive.recorder.trouble
    return [id for id in ids if id is not None]


def postgres_database(server: PostgresServer) -> PostgresDatabase:
    place = parse_place(f"postgresql://jett@127.0.0.1:{server.port}/jett", "history.database", "history.password_file")
    return PostgresDatabase(place, lambda: server.password("postgres_jett"))


def emptied(server: PostgresServer) -> None:
    """As if Jett had never been there."""
    code, told = server.query("jett", f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
    assert code == 0, told


def count(database: Database, table: str) -> int:
    with database.read() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())
