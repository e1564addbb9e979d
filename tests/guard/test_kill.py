"""`kill -9` at any moment: what was acknowledged is there, and the chain verifies. Real processes, real kills."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from jett.guard import AuditLog, FileAnchor, tail, verify

KILLS = int(os.environ.get("JETT_GUARD_KILLS", "20"))
SEGMENT_BYTES = 20_000

# Writes records for ever, and says the number and hash of each once it is written.
WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from jett.guard import AuditLog, FileAnchor
from jett.guard.audit_record import Entry, Kind
folder = Path(sys.argv[1])
anchor = FileAnchor(folder / "anchor" / "head")
log = AuditLog(folder / "log", anchors=[anchor], segment_bytes=int(sys.argv[2]), redacted=str)
while True:
    record = log.append(Entry(Kind.NOTE, sys.argv[3], detail="x" * 300), datetime(2026, 1, 1, tzinfo=UTC))
    sys.stdout.write(f"{record.seq} {record.hash}\\n")
    sys.stdout.flush()
"""


def start(folder: Path, name: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), str(SEGMENT_BYTES), name], stdout=subprocess.PIPE, text=True
    )


@pytest.mark.timeout(max(120, 6 * KILLS))
def test_a_kill_at_any_moment_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """Two writers at once; one is killed after a random number of records, at a random point of the next."""
    rng = random.Random(7)
    log = AuditLog(tmp_path / "log", anchors=[FileAnchor(tmp_path / "anchor" / "head")])
    acknowledged: dict[int, str] = {}
    for round_ in range(KILLS):
        writers = [start(tmp_path, f"{round_}-{n}") for n in range(2)]
        for writer in writers:
            assert writer.stdout
            for _ in range(rng.randrange(1, 12)):
                take(writer.stdout.readline(), acknowledged)
            for _ in range(rng.randrange(20_000)):  # some microseconds, so that the kill falls anywhere
                pass
            writer.send_signal(signal.SIGKILL)
        for writer in writers:
            assert writer.stdout
            for line in writer.stdout:
                take(line, acknowledged)
            writer.stdout.close()
            assert writer.wait() == -signal.SIGKILL
        report = verify(log)
        assert report.faults == []
        records = {record.seq: record.hash for record in tail(log, 10**6)}
        assert acknowledged.items() <= records.items()
    assert len(acknowledged) >= 2 * KILLS


def take(line: str, acknowledged: dict[int, str]) -> None:
    """A whole line is an acknowledgement; a half one is none."""
    if line.endswith("\n"):
        seq, digest = line.split()
        assert acknowledged.setdefault(int(seq), digest) == digest
