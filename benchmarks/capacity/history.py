"""`jett bench history`: lists, searches and single turns among a million, in SQLite and in a real PostgreSQL.

PostgreSQL is started for it and gone afterwards; where its programs are missing, that half is left out and says so.
Times are what a caller of `Archive` waits, in milliseconds, with the database's own defaults and a warm page cache.
"""

from __future__ import annotations

import argparse
import random
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.capacity.history_fill import VOCABULARY, fill_postgres, fill_sqlite, turn_id, word
from benchmarks.report import Figures, emit, percentile, table
from jett.core.events import TurnReport
from jett.core.postgres_place import parse_place
from jett.history import Archive
from jett.history.ids import cursor_of
from jett.history.postgres import PostgresDatabase
from jett.history.sqlite import FILE, SqliteDatabase

TURNS = 1_000_000
QUICK_TURNS = 20_000
_EACH = 100
_SEED = 7
_SEARCHES = ("search_rare", "search_common", "search_two", "search_common_and_rare", "search_phrase", "search_prefix")


def questions(kind: str, chance: random.Random) -> str:
    """What a person types. Ranks: below 10 a word is in most turns, above 5,000 in few."""
    common, middle = word(chance.randrange(10)), word(chance.randrange(100, 1000))
    second, rare = word(chance.randrange(10, 200)), word(chance.randrange(5_000, VOCABULARY))
    return {
        "search_rare": rare,
        "search_common": common,
        "search_two": f"{second} {middle}",
        "search_common_and_rare": f"{common} {rare}",
        "search_phrase": f'"{common} {second}"',
        "search_prefix": f"{middle[:3]}*",
    }[kind]


def measure(archive: Archive, turns: int, each: int) -> dict[str, list[float]]:
    """Milliseconds of each call, by what was asked."""
    chance = random.Random(_SEED)

    def anywhere() -> int:
        return turn_id(chance.randrange(turns))

    asked: dict[str, Callable[[], object]] = {
        "list_first": lambda: archive.turns(),
        "list_deep": lambda: archive.turns(before=cursor_of(anywhere())),
        "list_conversations": lambda: archive.conversations(before=cursor_of(anywhere())),
        "open_turn": lambda: archive.turn(anywhere()),
        "open_conversation": lambda: _open(archive, chance.randrange(turns)),
    }
    for kind in _SEARCHES:
        asked[kind] = partial(_search, archive, kind, chance)
    took: dict[str, list[float]] = {name: [] for name in asked}
    for name, ask in asked.items():
        ask()
        for _ in range(each):
            began = time.perf_counter()
            ask()
            took[name].append((time.perf_counter() - began) * 1000)
    return took


def _search(archive: Archive, kind: str, chance: random.Random) -> None:
    archive.turns(questions(kind, chance))


def _open(archive: Archive, number: int) -> None:
    found = archive.turn(turn_id(number))
    assert found is not None
    archive.conversation(found.conversation_id)
    assert archive.turns_of(found.conversation_id).rows


def figures(name: str, took: dict[str, list[float]]) -> Figures:
    """Flat keys for one database: each question, and lists, searches and openings together."""
    together = {
        part: [ms for asked, all_ms in took.items() if asked.startswith(part) for ms in all_ms] for part in _PARTS
    }
    found: Figures = {}
    for asked, all_ms in {**together, **took}.items():
        found[f"history_{name}_{asked}_p50_ms"] = percentile(all_ms, 50)
        found[f"history_{name}_{asked}_p95_ms"] = percentile(all_ms, 95)
    return found


_PARTS = ("list", "search", "open")


def measured(name: str, archive: Archive, fill: Callable[[], None], turns: int, each: int) -> Figures:
    """Fill, ask, write one more, delete one."""
    began = time.perf_counter()
    fill()
    filled_s = time.perf_counter() - began
    found = figures(name, measure(archive, turns, each))
    found[f"history_{name}_fill_s"] = round(filled_s, 1)
    recording = archive.recorder.begin("local", "voice/owner")
    began = time.perf_counter()
    recording.observe(TurnReport(1, 0, "one more turn", "and its answer", "and its answer", interrupted=False))
    assert archive.recorder.written(60)
    found[f"history_{name}_write_ms"] = round((time.perf_counter() - began) * 1000, 1)
    began = time.perf_counter()
    archive.delete_turn(turn_id(turns // 2))
    found[f"history_{name}_delete_turn_s"] = round(time.perf_counter() - began, 2)
    return found


@contextmanager
def _sqlite() -> Iterator[tuple[Archive, SqliteDatabase]]:
    folder = Path(tempfile.mkdtemp(prefix="jett-history-"))
    database = SqliteDatabase(folder / FILE)
    archive = Archive(database)
    try:
        yield archive, database
    finally:
        archive.close()
        shutil.rmtree(folder)


@contextmanager
def _postgres() -> Iterator[tuple[Archive, PostgresDatabase]]:
    from tests.ops.postgres_server import postgres_server

    with postgres_server() as server:
        place = parse_place(f"postgresql://jett@127.0.0.1:{server.port}/jett", "history.database", "")
        database = PostgresDatabase(place, lambda: server.password("postgres_jett"))
        archive = Archive(database)
        try:
            yield archive, database
        finally:
            archive.close()


def run(turns: int, each: int, *, as_json: bool = False, save: Path | None = None) -> Figures:
    """Print the table or JSON, and return the figures."""
    from tests.ops.postgres_server import why_no_postgres

    found: Figures = {"history_turns": turns, "history_searches_each": each}
    with _sqlite() as (archive, database):
        found |= measured("sqlite", archive, lambda: fill_sqlite(database, turns), turns, each)
        found["history_sqlite_file_mib"] = round(database.file.stat().st_size / 2**20)
    missing = why_no_postgres()
    if not missing:
        with _postgres() as (kept, server):
            found |= measured("postgres", kept, lambda: fill_postgres(server, turns), turns, each)
    found["history_rss_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    rows = [[name, value] for name, value in found.items()]
    text = table(rows, ["figure", "value"]) + (f"\n\nPostgreSQL was not measured: {missing}" if missing else "")
    emit(found, text, as_json=as_json, save=save)
    return found


def main(argv: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_TURNS:,} turns")
    parser.add_argument("--turns", type=int, help=f"how many, {TURNS:,} unless said otherwise", metavar="N")
    parser.add_argument("--save", type=Path, help="write the figures into this file, too", metavar="FILE")
    asked = parser.parse_args(argv)
    turns = asked.turns or (QUICK_TURNS if asked.quick else TURNS)
    run(turns, 20 if asked.quick else _EACH, as_json=asked.json, save=asked.save)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
