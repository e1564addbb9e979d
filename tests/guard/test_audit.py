"""The audit log: what is written, that it holds, and what verify finds out."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import stat
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st

from jett.core.errors import AuditError
from jett.guard import (
    AuditLog,
    FileAnchor,
    Head,
    Record,
    audit_files,
    audit_verify,
    export,
    page,
    tail,
    unfinished,
    verify,
)
from jett.guard.audit_record import NO_HASH, Entry, Kind, parse_record, sealed
from tests.guard.support import START, at, cases

SMALL = 700  # bytes: a record or two a segment


def entry(number: int = 0, **fields: str) -> Entry:
    return Entry(Kind.REQUEST, f"op{number}", "voice/owner", "status", "n8n", "allow", **fields)


def written(folder: Path, count: int = 6, *, anchor: bool = True, segment_bytes: int = 10**6) -> AuditLog:
    """A log with so many records, one a second."""
    log = AuditLog(
        folder / "log",
        anchors=[FileAnchor(folder / "elsewhere" / "head")] if anchor else [],
        segment_bytes=segment_bytes,
    )
    for number in range(1, count + 1):
        log.append(entry(number), at(number))
    return log


def segment(log: AuditLog, number: int = 1) -> Path:
    return log.folder / f"audit-{number:06d}.jsonl"


def problems(log: AuditLog) -> list[tuple[str, int, str]]:
    return [(fault.file, fault.seq, fault.problem) for fault in verify(log).faults]


def test_a_record_says_everything_and_continues_the_one_before(tmp_path: Path) -> None:
    """Number, time in UTC with milliseconds, the entry, and both hashes."""
    log = AuditLog(tmp_path)
    first = log.append(
        entry(1, rule="r", detail="d"), datetime(2026, 1, 2, 3, 4, 5, 678_900, timezone(timedelta(hours=1)))
    )
    second = log.append(entry(2), START)
    assert first == Record(
        1, "2026-01-02T02:04:05.678Z", "request", "op1", "voice/owner", "status", "n8n", "allow", "r", "d", "", NO_HASH,
        first.hash,
    )  # fmt: skip
    assert (second.seq, second.previous, second.at_ms) == (2, first.hash, int(START.timestamp() * 1000))
    assert segment(log).read_bytes() == first.line() + second.line()
    assert json.loads(first.line()) == {name: getattr(first, name) for name in Record.__slots__}
    assert oct(segment(log).stat().st_mode & 0o777) == "0o600"


def test_a_time_without_a_zone_is_refused(tmp_path: Path) -> None:
    """An hour too early or late is worse than none."""
    with pytest.raises(ValueError, match="the time needs a time zone"):
        AuditLog(tmp_path).append(entry(), datetime(2026, 1, 1))  # noqa: DTZ001


def test_secrets_never_reach_the_file(tmp_path: Path) -> None:
    """In each field that holds text of others, however long."""
    log = AuditLog(tmp_path)
    log.append(
        Entry(
            Kind.OUTCOME, "op", "password=hunter2", "logs", "token=hunter2", "done", "", "é " * 400 + "secret=hunter2"
        ),
        START,
    )
    log.append(entry(2, detail="x" * 900 + " password=" + "hunter2" * 20_000), START)
    content = segment(log).read_text(encoding="ascii")
    assert "hunter2" not in content
    assert len(tail(log, 1)[0].detail) <= 1000
    assert verify(log).intact


def test_a_folder_of_its_own_is_made_private(tmp_path: Path) -> None:
    """Others on the machine read nothing."""
    log = written(tmp_path / "new", 1)
    assert oct(log.folder.stat().st_mode & 0o777) == "0o700"


def test_a_full_segment_is_followed_by_another_and_the_chain_goes_on(tmp_path: Path) -> None:
    """The first record of a segment continues the last of the one before."""
    log = written(tmp_path, 7, segment_bytes=SMALL)
    paths = sorted(log.folder.glob("audit-*.jsonl"))
    assert len(paths) > 3
    assert all(path.stat().st_size <= SMALL for path in paths)
    assert verify(log) == verify(AuditLog(log.folder, anchors=log.anchors, segment_bytes=SMALL))
    assert (verify(log).records, verify(log).segments, verify(log).intact) == (7, len(paths), True)
    assert [record.seq for record in tail(log, 100)] == [1, 2, 3, 4, 5, 6, 7]
    again = AuditLog(log.folder, segment_bytes=SMALL)
    assert again.append(entry(8), at(8)).seq == 8


def test_a_record_larger_than_a_segment_gets_one_of_its_own(tmp_path: Path) -> None:
    """It is written all the same, and leaves no empty segment."""
    log = written(tmp_path, 2, segment_bytes=10)
    assert len(list(log.folder.glob("*.jsonl"))) == 2
    assert verify(log).intact


def test_another_process_goes_on_where_this_one_stopped(tmp_path: Path) -> None:
    """Two logs of one folder, in turn, across segments."""
    one, two = written(tmp_path, 1, segment_bytes=SMALL), AuditLog(tmp_path / "log", segment_bytes=SMALL)
    for number in range(2, 12):
        assert (one if number % 3 else two).append(entry(number), at(number)).seq == number
    assert verify(two).intact


def test_what_others_wrote_is_seen_once(tmp_path: Path) -> None:
    """By whoever takes the lock next."""
    one, two = AuditLog(tmp_path), AuditLog(tmp_path)
    one.append(entry(1), at(1))
    with two.writing() as writer:
        assert [record.operation for record in writer.seen] == ["op1"]
        writer.append(entry(2), at(2))
    with two.writing() as writer:
        assert writer.seen == []
    with one.writing() as writer:
        assert [record.operation for record in writer.seen] == ["op2"]


def test_a_new_reader_sees_at_least_the_last_minute(tmp_path: Path) -> None:
    """Segments back to one that began more than a minute before the newest record; no further."""
    log = AuditLog(tmp_path, segment_bytes=SMALL)
    for number in range(1, 9):
        log.append(entry(number), at(number * 30))
    with AuditLog(tmp_path, segment_bytes=SMALL).writing() as writer:
        seen = [record.seq for record in writer.seen]
    assert seen[-1] == 8
    assert 1 < seen[0] <= 6


@pytest.mark.parametrize("torn", [b"{", b'{"detail":"', b"\x00\x00", b'{"a":1}'])
def test_a_half_line_at_the_end_is_set_aside_and_told(tmp_path: Path, torn: bytes) -> None:
    """It is no tampering: a kill leaves one. The next record names the file that keeps it."""
    log = written(tmp_path, 2)
    with segment(log).open("ab") as file:
        file.write(torn)
    report = verify(log)
    assert (report.intact, report.torn, report.set_aside) == (True, True, [])
    assert [record.seq for record in tail(log, 5)] == [1, 2]
    record = AuditLog(log.folder, anchors=log.anchors).append(entry(3), at(3))
    assert (record.seq, record.torn) == (3, "audit-000001.torn")
    assert (log.folder / "audit-000001.torn").read_bytes() == torn + b"\n"
    report = verify(log)
    assert (report.intact, report.torn, report.set_aside) == (True, False, ["audit-000001.torn"])
    assert log.append(entry(4), at(4)).torn == ""


def test_a_half_line_is_noticed_by_a_log_that_was_open_all_along(tmp_path: Path) -> None:
    """Another process died while it wrote."""
    log = written(tmp_path, 1)
    with segment(log).open("ab") as file:
        file.write(b"{")
    assert log.append(entry(2), at(2)).torn == "audit-000001.torn"
    assert verify(log).intact


def test_an_empty_last_segment_is_where_the_next_record_goes(tmp_path: Path) -> None:
    """A kill between making the file and writing to it."""
    log = written(tmp_path, 1)
    segment(log, 2).touch()
    assert verify(log).intact
    fresh = AuditLog(log.folder, anchors=log.anchors)
    assert fresh.append(entry(2), at(2)).seq == 2
    assert segment(log, 2).stat().st_size > 0
    assert verify(log).intact


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


def rewrite(path: Path, content: list[bytes]) -> None:
    path.write_bytes(b"".join(content))


def forged(line: bytes, **fields: object) -> bytes:
    """The record with other fields and a hash that is right for them."""
    record = replace(parse_record(line.rstrip(b"\n")), **fields)  # type: ignore[arg-type]
    return replace(record, hash=record.expected_hash()).line()


def edit(all_lines: list[bytes]) -> list[bytes]:
    return [line.replace(b'"allow"', b'"denyy"') if at == 2 else line for at, line in enumerate(all_lines)]


TAMPERINGS: list[tuple[str, Callable[[list[bytes]], list[bytes]], int, str]] = [
    ("edited", edit, 3, "was edited: its hash is of other content"),
    (
        "edited, with a hash that fits",
        lambda x: [*x[:2], forged(x[2], target="postgres"), *x[3:]],
        4,
        "does not continue the record before it: that one was replaced, or this one inserted",
    ),
    ("removed", lambda x: [*x[:2], *x[3:]], 4, "records 3 to 3 before it were removed"),
    ("several removed", lambda x: [*x[:1], *x[4:]], 5, "records 2 to 4 before it were removed"),
    ("the first removed", lambda x: x[1:], 2, "records 1 to 1 before it were removed"),
    ("reordered", lambda x: [x[0], x[2], x[1], *x[3:]], 3, "records 2 to 2 before it were removed"),
    ("duplicated", lambda x: [*x[:3], x[2], *x[3:]], 3, "comes after record 3: duplicated, inserted or reordered"),
    (
        "inserted",
        lambda x: [*x[:3], forged(x[2], seq=4, previous=parse_record(x[2][:-1]).hash), *x[3:]],
        4,
        "comes after record 4: duplicated, inserted or reordered",
    ),
    ("cut off", lambda x: x[:-2], 6, "was cut off: the anchor file knows 6 records, 4 are left"),
    ("emptied", lambda x: [], 6, "was cut off: the anchor file knows 6 records, 0 are left"),
    (
        "the last edited, with a hash that fits",
        lambda x: [*x[:-1], forged(x[-1], target="postgres")],
        6,
        "is not the record that the anchor file knows: the log was rewritten",
    ),
    ("a space", lambda x: [*x[:1], x[1].replace(b",", b", ", 1), *x[2:]], 2, "is not a record that Jett wrote"),
    ("a field twice", lambda x: [x[0].replace(b"{", b'{"seq":1,'), *x[1:]], 1, "is not a record that Jett wrote"),
    ("a field more", lambda x: [x[0].replace(b"{", b'{"a":1,'), *x[1:]], 1, "is not a record that Jett wrote"),
    ("a type", lambda x: [x[0].replace(b'"seq":1', b'"seq":true'), *x[1:]], 1, "is not a record that Jett wrote"),
    (
        "a type of text",
        lambda x: [x[0].replace(b'"torn":""', b'"torn":0'), *x[1:]],
        1,
        "is not a record that Jett wrote",
    ),
    ("a list", lambda x: [b"[]\n", *x[1:]], 1, "is not a record that Jett wrote"),
    ("deep nesting", lambda x: [b"[" * 100_000 + b"\n", *x[1:]], 1, "is not a record that Jett wrote"),
    ("bytes", lambda x: [b"\xff\n", *x[1:]], 1, "is not a record that Jett wrote"),
    ("an empty line", lambda x: [*x, b"\n"], 7, "is not a record that Jett wrote"),
]


@pytest.mark.parametrize(("name", "tamper", "seq", "problem"), TAMPERINGS, ids=[row[0] for row in TAMPERINGS])
def test_verify_finds_what_was_done(
    tmp_path: Path, name: str, tamper: Callable[[list[bytes]], list[bytes]], seq: int, problem: str
) -> None:
    """And says in which file, and at which record."""
    log = written(tmp_path)
    rewrite(segment(log), tamper(lines(segment(log))))
    first = verify(log).faults[0]
    assert (first.file, first.seq) == ("audit-000001.jsonl", seq)
    assert first.problem.startswith(problem)
    assert not verify(log).intact


def test_verify_says_where_an_unreadable_record_was_and_goes_on(tmp_path: Path) -> None:
    """One fault, not one for every record after it."""
    log = written(tmp_path)
    content = lines(segment(log))
    rewrite(segment(log), [*content[:2], b"gone\n", *content[3:]])
    assert [(file, seq) for file, seq, _ in problems(log)] == [("audit-000001.jsonl", 3)]


def test_verify_names_a_missing_segment(tmp_path: Path) -> None:
    """In the middle, and at the beginning."""
    log = written(tmp_path, segment_bytes=10)
    segment(log, 3).unlink()
    assert problems(log) == [
        ("audit-000004.jsonl", 3, "segment 3 before it is missing"),
        ("audit-000004.jsonl", 4, "records 3 to 3 before it were removed"),
    ]
    segment(log, 1).unlink()
    segment(log, 2).unlink()
    assert problems(log)[0] == ("audit-000004.jsonl", 1, "segment 1, 2, 3 before it is missing")


def test_the_last_segments_missing_is_a_log_cut_off(tmp_path: Path) -> None:
    """The anchor tells."""
    log = written(tmp_path, segment_bytes=10)
    for number in range(1, 7):
        segment(log, number).unlink()
    assert problems(log) == [("audit-000001.jsonl", 6, "was cut off: the anchor file knows 6 records, 0 are left")]


def test_a_half_line_inside_the_log_is_a_fault(tmp_path: Path) -> None:
    """Only the very end may be torn."""
    log = written(tmp_path, 3, segment_bytes=10)
    with segment(log, 1).open("ab") as file:
        file.write(b"{")
    assert problems(log) == [("audit-000001.jsonl", 2, "a half line inside the log")]


def test_an_empty_log_is_whole(tmp_path: Path) -> None:
    report = verify(AuditLog(tmp_path))
    assert (report.intact, report.records, report.segments) == (True, 0, 0)


def test_what_is_written_while_a_log_is_verified_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for it: between two segments a writer fills the newest and begins another."""
    log = written(tmp_path, 9, segment_bytes=900)
    read = audit_files.lines_from
    writer = threading.Thread(target=lambda: [log.append(entry(n), at(99)) for n in range(20)])

    def slowly(path: Path) -> tuple[list[bytes], bytes]:
        monkeypatch.setattr(audit_verify, "lines_from", read)
        found = read(path)
        writer.start()
        return found

    monkeypatch.setattr(audit_verify, "lines_from", slowly)
    report = verify(log)
    writer.join()
    assert (report.intact, report.records >= 9) == (True, True)


def test_without_an_anchor_verify_says_what_it_cannot_know(tmp_path: Path) -> None:
    """A warning, not a fault."""
    log = written(tmp_path, anchor=False)
    rewrite(segment(log), lines(segment(log))[:-1])
    report = verify(log)
    assert report.intact
    assert report.warnings == ["there is no anchor: a shortened log cannot be told from a short one"]
    assert verify(written(tmp_path / "b")).warnings == []


@cases(40, 0.0005)
@given(st.integers(0, 10**6), st.integers(0, 7))
def test_any_bit_changed_anywhere_is_found(tmp_path_factory: pytest.TempPathFactory, place: int, bit: int) -> None:
    """In any record, hash or line end."""
    log = written(tmp_path_factory.mktemp("log"), 3)
    content = bytearray(segment(log).read_bytes())
    content[place % len(content)] ^= 1 << bit
    segment(log).write_bytes(content)
    assert not verify(log).intact


@pytest.mark.parametrize("hurt", ["edit", "shrink", "remove", "junk", "append", "seq"])
def test_an_open_log_that_was_changed_by_others_writes_no_more(tmp_path: Path, hurt: str) -> None:
    """What it reads on must continue what it knows."""
    log = written(tmp_path, 3)
    content = lines(segment(log))
    if hurt == "remove":
        segment(log).unlink()
    else:
        rewrite(
            segment(log),
            {
                "edit": [*content, forged(content[2], seq=4)],
                "shrink": content[:2],
                "junk": [*content, b"junk\n"],
                "append": [*content, content[2]],
                "seq": [*content, edit(content)[2]],
            }[hurt],
        )
    with pytest.raises(
        AuditError, match=r"audit-000001\.jsonl was changed by something else; `jett audit verify` says how"
    ):
        log.append(entry(4), at(4))


@pytest.mark.parametrize("place", [0, -1])
def test_a_damaged_log_is_not_opened_for_writing(tmp_path: Path, place: int) -> None:
    """Nor is one with a segment missing."""
    log = written(tmp_path, 3)
    content = lines(segment(log))
    content[place] = b"junk\n"
    rewrite(segment(log), content)
    with pytest.raises(AuditError, match="changed by something else"):
        AuditLog(log.folder).append(entry(4), at(4))
    many = written(tmp_path / "many", 4, segment_bytes=10)
    segment(many, 2).unlink()
    with pytest.raises(AuditError, match="changed by something else"):
        AuditLog(many.folder).append(entry(5), at(5))


def test_the_anchor_follows_every_record(tmp_path: Path) -> None:
    """In another folder, readable by the owner only."""
    log = written(tmp_path, 3)
    assert log.anchors[0].latest() == tail(log, 1)[0].head
    assert oct((tmp_path / "elsewhere" / "head").stat().st_mode & 0o777) == "0o600"
    assert AuditLog(log.folder, anchors=log.anchors).append(entry(4), at(4)).head == log.anchors[0].latest()


FAILURES = [
    ("write", OSError(errno.ENOSPC, "No space left on device")),
    ("write", OSError(errno.EIO, "Input/output error")),
    ("fsync", OSError(errno.EIO, "Input/output error")),
    ("open", OSError(errno.EROFS, "Read-only file system")),
]


@pytest.mark.parametrize(("call", "error"), FAILURES)
def test_a_record_that_cannot_be_written_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, error: OSError
) -> None:
    """Full, broken, read-only; and when the disk is well again, the chain goes on."""
    log = written(tmp_path, 2)

    def fail(*_: object, **__: object) -> None:
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(f"jett.guard.audit_files.os.{call}", fail)
        with pytest.raises(AuditError, match=r"cannot be used .*; make room, or correct its mode$"):
            log.append(entry(3), at(3))
    log.append(entry(4), at(4))
    assert verify(log).intact
    assert tail(log, 1)[0].operation == "op4"


def test_half_a_write_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk filled up in the middle of a line."""
    log = written(tmp_path, 2)
    before = segment(log).read_bytes()
    write = os.write
    with monkeypatch.context() as broken:
        broken.setattr("jett.guard.audit_files.os.write", lambda handle, line: write(handle, line[:10]))
        with pytest.raises(AuditError, match="only 10 of"):
            log.append(entry(3), at(3))
    assert segment(log).read_bytes() == before
    log.append(entry(4), at(4))
    assert verify(log).intact


def test_a_record_is_synced_before_it_counts_and_a_new_file_with_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One write, the file's fsync, then the folder's; the folder only once."""
    done: list[str] = []
    write, fsync = os.write, os.fsync

    def seen_write(handle: int, line: bytes) -> int:
        done.append("write")
        return write(handle, line)

    def seen_fsync(handle: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        fsync(handle)

    monkeypatch.setattr("jett.guard.audit_files.os.write", seen_write)
    monkeypatch.setattr("jett.guard.files.os.fsync", seen_fsync)
    (tmp_path / "log").mkdir()
    log = AuditLog(tmp_path / "log")
    log.append(entry(1), at(1))
    log.append(entry(2), at(2))
    assert done == ["write", "file", "folder", "write", "file"]


def test_a_log_that_stays_locked_is_an_error(tmp_path: Path) -> None:
    """Another process hangs with the lock in its hands."""
    log = AuditLog(tmp_path, lock_timeout_s=0)
    with FileLock(tmp_path / "audit.lock"), pytest.raises(AuditError, match=r"is locked for more than 0 s"):
        log.append(entry(), START)
    assert log.append(entry(), START).seq == 1


def test_threads_take_turns(tmp_path: Path) -> None:
    """Eight threads, one log, no number twice."""
    log = AuditLog(tmp_path)

    def write_five(number: int) -> None:
        for _ in range(5):
            log.append(entry(number), at(number))

    threads = [threading.Thread(target=write_five, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (verify(log).records, verify(log).intact) == (40, True)


def test_the_tail_is_the_last_records_oldest_first(tmp_path: Path) -> None:
    """Across segments; none of none."""
    log = written(tmp_path, 5, segment_bytes=10)
    assert [record.seq for record in tail(log, 3)] == [3, 4, 5]
    assert tail(log, 0) == tail(AuditLog(tmp_path / "none"), 5) == []
    segment(log, 5).write_bytes(b"junk\n")
    with pytest.raises(AuditError, match="holds what is no record"):
        tail(log, 3)


@pytest.mark.parametrize("segment_bytes", [1, 900, 10**6])
def test_pages_are_the_whole_log_newest_first(tmp_path: Path, segment_bytes: int) -> None:
    """However they are cut, and wherever the segments end."""
    log = written(tmp_path, 11, segment_bytes=segment_bytes)
    for count in (1, 2, 3, 5, 11, 50):
        found: list[int] = []
        before = None
        while records := page(log, count, before):
            found += [record.seq for record in records]
            before = found[-1]
        assert found == list(range(11, 0, -1))
    assert page(log, 5, 1) == page(AuditLog(tmp_path / "none"), 5) == []
    assert [record.seq for record in page(log, 2, 10**12)] == [11, 10]


def test_a_page_of_a_log_with_records_missing_is_of_those_that_are_there(tmp_path: Path) -> None:
    """Numbers no longer say where a line is."""
    log = written(tmp_path, 9)
    rewrite(segment(log), [line for n, line in enumerate(lines(segment(log)), 1) if n not in (3, 4)])
    assert [record.seq for record in page(log, 3, 8)] == [7, 6, 5]
    assert [record.seq for record in page(log, 3, 6)] == [5, 2, 1]
    assert [record.seq for record in page(log, 9)] == [9, 8, 7, 6, 5, 2, 1]


def test_a_page_leaves_out_a_half_line_and_refuses_what_is_no_record(tmp_path: Path) -> None:
    log = written(tmp_path, 3)
    with segment(log).open("ab") as file:
        file.write(b'{"half')
    assert [record.seq for record in page(log, 2)] == [3, 2]
    segment(log).write_bytes(b'{"half')
    assert page(log, 2) == []
    segment(log).write_bytes(b"{}\n")
    with pytest.raises(AuditError, match=r"^audit: audit-000001\.jsonl holds what is no record"):
        page(log, 2)


def test_an_export_is_the_log_as_lines_or_as_a_table(tmp_path: Path) -> None:
    """And no cell is a formula to a spreadsheet."""
    log = written(tmp_path, 2, segment_bytes=10)
    log.append(entry(3, detail='=HYPERLINK("http://evil"), x'), at(3))
    assert "".join(export(log, "jsonl")).encode() == b"".join(segment(log, n).read_bytes() for n in (1, 2, 3))
    rows = list(csv.DictReader(io.StringIO("".join(export(log, "csv")))))
    assert [row["seq"] for row in rows] == ["1", "2", "3"]
    assert rows[2]["detail"] == '\'=HYPERLINK("http://evil"), x'
    assert rows[0]["hash"] == tail(log, 3)[0].hash


def test_what_was_begun_and_never_ended_is_known(tmp_path: Path) -> None:
    """The intent of an operation that a kill cut short."""
    log = AuditLog(tmp_path)
    for kind, operation in [("intent", "a"), ("intent", "b"), ("outcome", "a"), ("outcome", "x"), ("request", "c")]:
        log.append(Entry(Kind(kind), operation), START)
    assert [record.operation for record in unfinished(log)] == ["b"]


def test_a_record_cannot_lie_about_its_time() -> None:
    """What is no time is told as such."""
    with pytest.raises(ValueError, match="Invalid isoformat"):
        replace(sealed(Entry(Kind.NOTE), Head(), START), time="soon").at_ms  # noqa: B018
