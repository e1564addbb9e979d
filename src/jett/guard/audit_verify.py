"""Finds what was done to an audit log: edited, removed, reordered, duplicated, inserted, cut off, a segment gone.

Every record is read, hashed and compared with the one before, and the end with the anchor. A half line at the very
end is no fault: a kill leaves one. Called by `jett audit verify`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from jett.guard.audit import AuditLog
from jett.guard.audit_files import lines_from, segment_numbers, segment_path
from jett.guard.audit_record import Head, Record, parse_record


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong: the file, the number of the record (the one expected, where it cannot be read), and what."""

    file: str
    seq: int
    problem: str


@dataclass(slots=True)
class Report:
    """What was found. `torn`: a half line is at the end; `set_aside`: files with earlier ones. Neither is a fault."""

    records: int = 0
    segments: int = 0
    head: Head = field(default_factory=Head)
    faults: list[Fault] = field(default_factory=list)
    torn: bool = False
    set_aside: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def intact(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


def verify(log: AuditLog) -> Report:
    """Reads the whole log under its lock. Raises AuditError if it cannot be read at all."""
    report = Report()
    with log.locked():
        anchored = _anchored(log, report)
        numbers = segment_numbers(log.folder)
        report.segments = len(numbers)
        report.set_aside = sorted(path.name for path in log.folder.glob("audit-*.torn"))
        confirmed = False
        before = 0
        for number in numbers:
            path = segment_path(log.folder, number)
            if number != before + 1:
                missing = ", ".join(str(gap) for gap in range(before + 1, number))
                report.faults.append(Fault(path.name, report.head.seq + 1, f"segment {missing} before it is missing"))
            before = number
            lines, torn = lines_from(path)
            for line in lines:
                record = _check(report, path.name, line)
                confirmed = confirmed or (record is not None and record.head == anchored)
            report.torn = bool(torn)
            if torn and number != numbers[-1]:
                report.faults.append(Fault(path.name, report.head.seq + 1, "a half line inside the log"))
        if anchored is not None and not confirmed:
            report.faults.append(_unlike_anchor(report, anchored, segment_path(log.folder, max(before, 1)).name))
    return report


def _check(report: Report, file: str, line: bytes) -> Record | None:
    """One line: counted, compared with the record before, and taken as the one before the next."""
    report.records += 1
    expected = report.head.seq + 1
    try:
        record = parse_record(line)
    except ValueError as error:
        report.faults.append(Fault(file, expected, f"is not a record that Jett wrote ({error})"))
        report.head = Head(expected, "")
        return None
    if problem := _problem(report.head, record):
        report.faults.append(Fault(file, record.seq, problem))
    report.head = record.head
    return record


def _problem(before: Head, record: Record) -> str:
    if record.hash != record.expected_hash():
        return "was edited: its hash is of other content"
    if record.seq > before.seq + 1:
        return f"records {before.seq + 1} to {record.seq - 1} before it were removed"
    if record.seq <= before.seq:
        return f"comes after record {before.seq}: duplicated, inserted or reordered"
    # An unreadable line has no hash to compare with, and was told already.
    if before.hash and record.previous != before.hash:
        return "does not continue the record before it: that one was replaced, or this one inserted"
    return ""


def _anchored(log: AuditLog, report: Report) -> Head | None:
    if log.anchor is None:
        report.warnings.append("there is no anchor: a shortened log cannot be told from a short one")
        return None
    try:
        return log.anchor.load()
    except OSError as error:
        report.warnings.append(f"the anchor cannot be read ({error}): a shortened log cannot be told from a short one")
        return None


def _unlike_anchor(report: Report, anchored: Head, file: str) -> Fault:
    if report.head.seq < anchored.seq:
        return Fault(
            file, anchored.seq, f"was cut off: the anchor knows {anchored.seq} records, {report.head.seq} are left"
        )
    return Fault(file, anchored.seq, "is not the record that the anchor knows: the log was rewritten")
