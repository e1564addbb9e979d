"""Finds what was done to an audit log: edited, removed, reordered, duplicated, inserted, cut off, a segment gone.

Every record is read, hashed and compared with the one before, and with what each anchor knows of it. A half line at
the very end is no fault: a kill leaves one. Called by `jett audit verify`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from jett.guard.audit import AuditLog
from jett.guard.audit_files import lines_from, segment_numbers, segment_path
from jett.guard.audit_record import Head, Record, parse_record
from jett.guard.audit_witness import Agreement, Standing, Witness


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
    anchors: list[Standing] = field(default_factory=list)

    @property
    def intact(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


def verify(log: AuditLog) -> Report:
    """Asks the anchors, then reads the whole log. Raises AuditError if it cannot be read at all.

    The lock is held while a segment is read, not while it is checked: 100,000 records take seconds, and whoever asks
    the guard must not wait for them. A segment that has a next one is never written again; at the newest it ends.
    """
    report = Report()
    witnesses = [Witness(anchor) for anchor in log.anchors]
    before, newest = 0, 1
    while before < newest:
        with log.locked():
            numbers = segment_numbers(log.folder)
            report.segments = len(numbers)
            report.set_aside = sorted(path.name for path in log.folder.glob("audit-*.torn"))
            number = next((one for one in numbers if one > before), 0)
            if not number:
                break
            newest = numbers[-1]
            path = segment_path(log.folder, number)
            lines, torn = lines_from(path)
        if number != before + 1:
            missing = ", ".join(str(gap) for gap in range(before + 1, number))
            report.faults.append(Fault(path.name, report.head.seq + 1, f"segment {missing} before it is missing"))
        before = number
        for line in lines:
            record = _check(report, path.name, line)
            if record is not None:
                for witness in witnesses:
                    witness.see(record.head)
        report.torn = bool(torn)
        if torn and number != newest:
            report.faults.append(Fault(path.name, report.head.seq + 1, "a half line inside the log"))
    _hear(report, witnesses, segment_path(log.folder, max(before, 1)).name)
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


def _hear(report: Report, witnesses: list[Witness], file: str) -> None:
    """What the anchors say of the records that were read."""
    if not witnesses:
        report.warnings.append("there is no anchor: a shortened log cannot be told from a short one")
    for witness in witnesses:
        said = witness.standing(report.head)
        report.anchors.append(said)
        if said.agreement is Agreement.CONTRADICTS:
            report.faults.append(Fault(file, said.seq, said.problem))
        if said.agreement is Agreement.UNREACHABLE:
            report.warnings.append(f"{said.anchor} cannot be read ({said.problem}): what it knows was not compared")
