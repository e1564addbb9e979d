"""A million turns to measure a history with: made the same each time, and written past the recorder, as fast as it
goes.

Words follow Zipf's law over 30,000 made-up ones, so that some are in nearly every turn and most in a handful. Each
turn has seven spans, every tenth a tool call and a decision of the guard.
"""

from __future__ import annotations

import io
import json
import random
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import accumulate, islice
from typing import Any

from jett.history.ids import EPOCH_MS
from jett.history.postgres import PostgresDatabase
from jett.history.schema import conversations, guard_decisions, spans, tool_calls, turns
from jett.history.sqlite import SqliteDatabase
from jett.history.words import tsvector

VOCABULARY = 30_000
TURNS_A_CONVERSATION = 20
BETWEEN_MS = 30_000
_BATCH = 20_000
_TABLES = (conversations, turns, spans, tool_calls, guard_decisions)
_STAGES = json.dumps({"speech_end": 0.0, "pause_seen": 40.2, "stt_final": 130.0, "commit": 400.0, "first_audio": 412.5})
_ENGINES = json.dumps(
    {"vad": "silero-vad", "stt": "ctranslate2/whisper-tiny.en", "llm": "embedded/qwen", "tts": "piper"}
)
_SPANS = (
    ("hearing", -2100.0, 0.0),
    ("pause", 0.0, 400.0),
    ("stt", 40.2, 130.0),
    ("llm", 131.0, 290.0),
    ("tts", 295.0, 380.0),
    ("held", 380.0, 400.0),
    ("playing", 412.5, 3900.0),
)
_WEIGHTS = list(accumulate(1 / (rank + 1) for rank in range(VOCABULARY)))

Rows = dict[str, list[tuple[Any, ...]]]


def word(rank: int) -> str:
    """The word that is the `rank`th most common, from 0; letters only, so that it is one word everywhere."""
    letters = ""
    number = rank + 27
    while number:
        number, rest = divmod(number, 26)
        letters += "abcdefghijklmnopqrstuvwxyz"[rest]
    return f"q{letters}"


def turn_id(number: int) -> int:
    """Of the `number`th turn, oldest first, half a minute apart."""
    return (number * BETWEEN_MS) << 12


def batches(count: int, seed: int = 1) -> Iterator[Rows]:
    """Rows by table, in the order in which they may be inserted."""
    chance = random.Random(seed)
    vocabulary = [word(rank) for rank in range(VOCABULARY)]
    numbers = iter(range(count))
    while some := list(islice(numbers, _BATCH)):
        rows: Rows = {table.name: [] for table in _TABLES}
        for number in some:
            _add(rows, number, chance, vocabulary)
        yield rows


def _add(rows: Rows, number: int, chance: random.Random, vocabulary: list[str]) -> None:
    id, at_ms = turn_id(number), EPOCH_MS + number * BETWEEN_MS
    conversation = turn_id(number - number % TURNS_A_CONVERSATION) + 1
    if number % TURNS_A_CONVERSATION == 0:
        rows["conversations"].append((conversation, "local", "voice/owner", at_ms, at_ms + 600_000))
    said = " ".join(chance.choices(vocabulary, cum_weights=_WEIGHTS, k=9))
    reply = " ".join(chance.choices(vocabulary, cum_weights=_WEIGHTS, k=22))
    used = number % 10 == 0
    row = (id, conversation, number % TURNS_A_CONVERSATION + 1, at_ms, said, reply, reply, False, 0, "", "")
    rows["turns"].append((*row, 412.5, _STAGES, _ENGINES, int(used)))
    rows["spans"] += [(id, at, *span) for at, span in enumerate(_SPANS)]
    if used:
        rows["tool_calls"].append((id, 0, "status", '{"name": "n8n"}', "n8n is up and healthy.", 300.0, 12.0, False))
        operation = f"operation-{number:012}-abcdef"
        rows["guard_decisions"].append((id, 0, operation, "status", "n8n", "allow", "", "2026-11-24T16:05:00.250Z"))


def fill_sqlite(database: SqliteDatabase, count: int) -> None:
    """The tables are there already."""
    with database.read():
        pass
    connection = sqlite3.connect(database.file)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA cache_size = -200000")
    for rows in batches(count):
        for table in _TABLES:
            marks = ", ".join("?" * len(table.columns))
            connection.executemany(f"INSERT INTO {table.name} VALUES ({marks})", rows[table.name])
        connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def fill_postgres(database: PostgresDatabase, count: int) -> None:
    """By COPY; the words too, as Jett cuts them. Then what autovacuum would have done by itself in a few minutes."""
    with database.read():
        pass
    for rows in batches(count):
        with database.maintain() as connection:
            cursor: Any = connection.connection.cursor()
            for table in _TABLES:
                cursor.execute(f"COPY {table.name} FROM STDIN", stream=_copied(rows[table.name]))
            words = ((row[0], tsvector(row[4], row[5])) for row in rows["turns"])
            cursor.execute("COPY turn_words FROM STDIN", stream=_copied(words))
    with database.maintain() as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")


def _copied(rows: Iterable[tuple[Any, ...]]) -> io.StringIO:
    return io.StringIO("".join("\t".join(map(_field, row)) + "\n" for row in rows))


def _field(value: object) -> str:
    return str(value).replace("\\", "\\\\")
