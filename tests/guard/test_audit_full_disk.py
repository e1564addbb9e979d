"""What a full or broken disk leaves behind: a log that every process goes on with."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jett.core.errors import AuditError
from jett.guard import AuditLog, tail, verify
from jett.guard.audit_record import Entry, Kind
from tests.deploy.support import cannot_be_tested
from tests.guard.support import at, cases

SEGMENT = 2000  # bytes: five short records, or one long one
LONG = "c " * 450


def no_room(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def note(detail: str) -> Entry:
    return Entry(Kind.NOTE, detail=detail)


def logs(folder: Path, count: int = 2) -> list[AuditLog]:
    return [AuditLog(folder, segment_bytes=SEGMENT) for _ in range(count)]


@pytest.fixture
def few_files(tmp_path: Path) -> Iterator[Path]:
    """A real file system with room for twelve files."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m,nr_inodes=12,mode=0700", "tmpfs", str(place)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        cannot_be_tested(f"a small disk needs root on Linux: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill(place: Path) -> list[Path]:
    """Files until there can be no more."""
    made: list[Path] = []
    with suppress(OSError):
        for number in range(100):
            (filler := place / f"filler-{number}").touch()
            made.append(filler)
    assert len(made) < 12
    return made


@pytest.mark.root
def test_a_segment_that_cannot_be_begun_leaves_the_chain_to_other_processes(few_files: Path) -> None:
    """One has no file for its long record, another adds a short one meanwhile; then there is room again."""
    one, two = logs(few_files / "log")
    for number in range(3):
        one.append(note("a" * 40), at(number))
    two.append(note("b"), at(3))
    fillers = fill(few_files)
    with pytest.raises(AuditError, match="No space left on device"):
        one.append(note(LONG), at(4))
    assert not (one.folder / "audit-000002.jsonl").exists()
    two.append(note("short"), at(5))
    for filler in fillers:
        filler.unlink()
    assert one.append(note(LONG), at(6)).seq == 6
    assert two.append(note("after it"), at(7)).seq == 7
    assert verify(one).intact
    assert (one.folder / "audit-000002.jsonl").exists()


class Disk:
    """Lets the files' system calls through, but for those from the `first` on, `count` of them, which fail.

    A write that fails leaves half of it, as a disk does that becomes full.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, first: int, count: int) -> None:
        self.calls = 0
        self.broken = range(first, first + count)
        write = os.write
        monkeypatch.setattr(os, "write", self._call(write, lambda handle, line: write(handle, line[: len(line) // 2])))
        for name in ("open", "fsync", "ftruncate", "fstat"):
            monkeypatch.setattr(os, name, self._call(getattr(os, name), no_room))

    def _call(self, well: Callable[..., Any], ill: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            self.calls += 1
            return (ill if self.calls in self.broken else well)(*args, **named)

        return call


DETAILS = st.sampled_from(["", "a" * 40, LONG])
STEPS = st.tuples(st.integers(0, 2), DETAILS, st.integers(1, 16), st.sampled_from([0, 1, 2, 99]))


@cases(150, 0.01)
@given(st.lists(STEPS, min_size=1, max_size=10))
@example([(0, "a" * 40, 1, 0), (1, "a" * 40, 1, 0), (0, "a" * 40, 1, 0), (0, LONG, 2, 99), (1, "", 1, 0)])
def test_an_append_that_failed_anywhere_stops_nobody_for_longer(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, str, int, int]]
) -> None:
    """Three processes in turn, one of them begun anew each time; a disk that fails at any call, once or for good."""
    folder = tmp_path_factory.mktemp("log")
    open_logs = logs(folder, 3)
    for number, (who, detail, first, count) in enumerate(steps):
        if who == 2:
            open_logs[2] = logs(folder, 1)[0]
        with pytest.MonkeyPatch.context() as monkeypatch, suppress(AuditError):
            disk = Disk(monkeypatch, first, count)
            open_logs[who].append(note(detail), at(number))
            assert disk.calls < first + count or count < 99, "written, though the disk failed"
        assert verify(open_logs[who]).intact
    written = [log.append(note("well"), at(99)).seq for log in [*open_logs, *logs(folder, 1)]]
    assert written == list(range(written[0], written[0] + 4))
    assert verify(open_logs[0]).intact
    assert [record.seq for record in tail(open_logs[0], 999)] == list(range(1, written[-1] + 1))


def test_what_was_read_before_a_failure_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A half line that cannot be set aside, the disk being full: records of others count for whoever comes next."""
    one, two, new = logs(tmp_path, 3)
    for number in range(1, 14):
        (one if number < 5 else two).append(note("a" * 40), at(number * 100))
    with (tmp_path / "audit-000003.jsonl").open("ab") as file:
        file.write(b'{"half')
    for log in (one, new):
        with monkeypatch.context() as broken:
            broken.setattr(os, "write", no_room)
            with pytest.raises(AuditError, match="No space left"):
                log.append(note(""), at(1400))
    with one.writing() as writer:
        assert [record.seq for record in writer.seen] == list(range(5, 14))
    with new.writing() as writer:
        assert [record.seq for record in writer.seen] == [11, 12, 13]
    assert new.append(note(""), at(1500)).seq == 14
