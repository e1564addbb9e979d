"""Killed in the middle of writing, again and again: what is there afterwards is whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from jett.history import Archive
from jett.history.sqlite import FILE, SqliteDatabase
from tests.history.support import say

_WRITES = """
import sys
from pathlib import Path
from jett.history import Archive
from jett.history.sqlite import SqliteDatabase
from tests.history.support import report

archive = Archive(SqliteDatabase(Path(sys.argv[1])))
recording = archive.recorder.begin("local", "voice/owner")
number = 0
while True:
    number += 1
    recording.observe(report(number, f"Turn number {number} of many"))
    if number % 50 == 0:
        archive.recorder.written(60)
        print(recording.turn_id, flush=True)
"""


def test_a_kill_in_the_middle_of_a_write_damages_nothing_and_loses_nothing_written(tmp_path: Path) -> None:
    file = tmp_path / FILE
    for _ in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", _WRITES, str(file)], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
        )
        assert process.stdout is not None
        told = [int(process.stdout.readline()) for _ in range(5)]
        process.kill()
        process.communicate()
        archive = Archive(SqliteDatabase(file))
        assert all(archive.turn(id) is not None for id in told)
        with archive.database.write() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalars().all() == ["ok"]
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
            connection.exec_driver_sql("INSERT INTO turn_words (turn_words, rank) VALUES ('integrity-check', 1)")
        (id,) = say(archive, ("Still alive?", "Yes."))
        assert next(row.id for row in archive.turns("alive").rows) == id
        archive.close()
