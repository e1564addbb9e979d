"""The places that know the chain's newest record: kept up, compared, out of reach, and what verify says of each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from filelock import FileLock

from jett.guard import Agreement, Anchor, AuditLog, FileAnchor, Head, Standing, tail, verify
from jett.guard.audit_record import parse_record
from tests.guard.support import at
from tests.guard.test_audit import entry, forged, lines, problems, rewrite, segment, written


class Ledger:
    """An anchor that forgets nothing and may be out of reach, as a database is; `answers` says whether it is there."""

    append_only = True

    def __init__(self, name: str = "the ledger") -> None:
        self.name = name
        self.answers = True
        self.late = False  # nothing was heard of it yet, though it takes what it is given
        self.kept: list[Head] = []
        self.why = ""
        self.closed = False

    def store(self, head: Head) -> None:
        self._must_answer()
        self.kept.append(head)

    def latest(self) -> Head | None:
        if self.late:
            raise OSError("no answer yet")
        self._must_answer()
        return self.kept[-1] if self.kept else None

    def behind(self) -> str:
        return self.why

    def heads(self) -> Sequence[Head]:
        self._must_answer()
        return self.kept

    def close(self) -> None:
        self.late, self.closed = False, True

    def _must_answer(self) -> None:
        if not self.answers:
            raise OSError("no route to host")


class Slip(Ledger):
    """One that keeps the newest only, as a file does."""

    append_only = False


def kept(folder: Path, *anchors: Anchor, count: int = 4) -> AuditLog:
    """A log with so many records and these anchors."""
    log = AuditLog(folder / "log", anchors=anchors)
    for number in range(1, count + 1):
        log.append(entry(number), at(number))
    return log


@pytest.mark.parametrize("kind", [Ledger, Slip])
def test_an_anchor_out_of_reach_loses_no_record(tmp_path: Path, kind: type[Ledger]) -> None:
    """It is a warning, and goes when the anchor is back."""
    anchor = kind()
    anchor.answers = False
    log = kept(tmp_path, anchor, count=1)
    assert "audit: the ledger c" in log.anchor_warning
    assert "(no route to host)" in log.anchor_warning
    report = verify(log)
    assert report.warnings == ["the ledger cannot be read (no route to host): what it knows was not compared"]
    assert report.anchors == [Standing("the ledger", Agreement.UNREACHABLE, problem="no route to host")]
    assert report.intact
    anchor.answers = True
    log.append(entry(2), at(2))
    assert (log.anchor_warning, anchor.kept[-1]) == ("", tail(log, 1)[0].head)


def test_an_anchor_that_fails_later_is_told_with_the_record(tmp_path: Path) -> None:
    """Where it stopped."""
    anchor = Slip()
    log = kept(tmp_path, anchor, count=1)
    anchor.answers = False
    log.append(entry(2), at(2))
    assert log.anchor_warning == "audit: the ledger could not be kept up at record 2 (no route to host)"


def test_an_anchor_unreadable_at_the_start_is_told(tmp_path: Path) -> None:
    """Until it is kept up again."""
    anchor = Slip()
    anchor.answers = False
    log = AuditLog(tmp_path, anchors=[anchor])
    with log.writing():
        assert log.anchor_warning == "audit: the ledger cannot be read (no route to host)"


def test_an_anchor_that_lags_says_from_which_record_in_its_own_words(tmp_path: Path) -> None:
    """It keeps later what it was given; each anchor has its line."""
    one, two = Ledger("one"), Ledger("two")
    log = kept(tmp_path, one, two)
    one.why, two.why = "lags from record 3 (gone)", "lags from record 4 (far)"
    assert log.anchor_warning == "audit: one lags from record 3 (gone)\naudit: two lags from record 4 (far)"


def test_an_anchor_that_was_not_heard_yet_is_given_heads_only_if_it_forgets_none(tmp_path: Path) -> None:
    """What would replace the evidence waits for the comparison."""
    ledger, slip = Ledger(), Slip("the slip")
    ledger.late = slip.late = True
    log = kept(tmp_path, ledger, slip)
    assert [head.seq for head in ledger.kept] == [1, 2, 3, 4]
    assert slip.kept == []
    assert "the slip cannot be read (no answer yet)" in log.anchor_warning
    log.close()
    assert ledger.closed
    assert log.anchor_warning == ""


def test_closing_compares_with_what_came_late(tmp_path: Path) -> None:
    """A short command ends before its anchor has answered."""
    log = kept(tmp_path, count=2)
    ledger = Ledger()
    ledger.late, ledger.kept = True, [Head(9, "f" * 64)]
    again = AuditLog(log.folder, anchors=[ledger])
    with again.writing():
        pass
    again.close()
    assert again.anchor_warning == "audit: the log and the ledger differ; run `jett audit verify`"


def test_closing_waits_for_nobody_who_holds_the_lock(tmp_path: Path) -> None:
    """Nor does it touch a log that was never used."""
    ledger = Ledger()
    log = AuditLog(tmp_path, anchors=[ledger], lock_timeout_s=0)
    log.close()
    assert ledger.closed
    assert list(tmp_path.iterdir()) == []
    ledger.late = True
    log.append(entry(1), at(1))
    with FileLock(tmp_path / "audit.lock"):
        log.close()
    assert log.anchor_warning == "audit: the ledger cannot be read (no answer yet)"


def test_an_anchor_that_knows_better_is_kept_as_evidence(tmp_path: Path) -> None:
    """A shortened log goes on, with a warning, and never overwrites what proves it."""
    log = written(tmp_path, 4)
    known = log.anchors[0].latest()
    rewrite(segment(log), lines(segment(log))[:2])
    fresh = AuditLog(log.folder, anchors=log.anchors)
    for number in range(3, 8):
        fresh.append(entry(number * 10), at(number))
    assert fresh.anchor_warning == "audit: the log and the anchor file differ; run `jett audit verify`"
    assert log.anchors[0].latest() == known
    assert problems(fresh) == [
        ("audit-000001.jsonl", 4, "is not the record that the anchor file knows: the log was rewritten")
    ]
    rewrite(segment(log), [])
    empty = AuditLog(log.folder, anchors=log.anchors)
    empty.append(entry(1), at(1))
    assert log.anchors[0].latest() == known


def test_an_anchor_that_fell_behind_catches_up(tmp_path: Path) -> None:
    """Also when its record lies before what is read at the start."""
    log = AuditLog(tmp_path / "log", segment_bytes=10)
    for number in range(1, 6):
        log.append(entry(number), at(number * 100))
    anchor = FileAnchor(tmp_path / "head")
    anchor.store(parse_record(lines(segment(log, 1))[0][:-1]).head)
    late = AuditLog(tmp_path / "log", anchors=[anchor], segment_bytes=10)
    assert late.append(entry(6), at(600)).head == anchor.latest()
    anchor.store(Head(1, "f" * 64))
    assert AuditLog(tmp_path / "log", anchors=[anchor]).append(entry(7), at(700)).seq == 7
    assert anchor.latest() == Head(1, "f" * 64)


@pytest.mark.parametrize("content", [b"", b"junk", b"[]", b'{"seq": "1", "hash": ""}', b'{"seq": 1, "hash": 2}'])
def test_a_file_that_is_no_anchor_is_out_of_reach(tmp_path: Path, content: bytes) -> None:
    """And not "no anchor yet"."""
    (tmp_path / "head").write_bytes(content)
    with pytest.raises(OSError, match="holds no head"):
        FileAnchor(tmp_path / "head").latest()
    assert FileAnchor(tmp_path / "none").latest() is None


def test_an_anchor_file_with_a_head_that_cannot_be_one_is_no_record_of_the_log(tmp_path: Path) -> None:
    """Half a surrogate in a hash."""
    log = kept(tmp_path)
    (tmp_path / "head").write_bytes(b'{"seq": 2, "hash": "\\ud800"}')
    fresh = AuditLog(log.folder, anchors=[FileAnchor(tmp_path / "head")])
    fresh.append(entry(5), at(5))
    assert "differ" in fresh.anchor_warning


def test_a_damaged_older_segment_does_not_hold_what_an_anchor_knows(tmp_path: Path) -> None:
    """Though it still has the digits of its hash in it."""
    log = written(tmp_path, 5, anchor=False, segment_bytes=10)
    for number in range(6, 9):
        log.append(entry(number), at(number * 100))
    known = parse_record(lines(segment(log, 2))[0][:-1]).head
    segment(log, 2).write_bytes(b"junk " + known.hash.encode() + b"\n")
    anchor = Ledger()
    anchor.kept = [known]
    fresh = AuditLog(log.folder, anchors=[anchor], segment_bytes=10)
    fresh.append(entry(9), at(900))
    assert fresh.anchor_warning == "audit: the log and the ledger differ; run `jett audit verify`"


def test_verify_says_of_each_anchor_how_it_stands(tmp_path: Path) -> None:
    """One agrees, one lags, one holds nothing; none of that is a fault."""
    one, two, three = Ledger("one"), Ledger("two"), Ledger("three")
    log = kept(tmp_path, one, two, three)
    two.kept, three.kept = two.kept[:1], []
    report = verify(log)
    assert report.anchors == [
        Standing("one", Agreement.AGREES, 4, 0),
        Standing("two", Agreement.LAGS, 1, 3),
        Standing("three", Agreement.LAGS, 0, 4),
    ]
    assert (report.intact, report.warnings) == (True, [])


def test_a_log_cut_off_is_found_by_the_anchor_that_knows_more(tmp_path: Path) -> None:
    """Though the other was rewritten to fit, or removed."""
    ledger, file = Ledger(), FileAnchor(tmp_path / "head")
    log = kept(tmp_path, ledger, file)
    rewrite(segment(log), lines(segment(log))[:2])
    cut = ("audit-000001.jsonl", 4, "was cut off: the ledger knows 4 records, 2 are left")
    file.store(tail(log, 1)[0].head)
    assert problems(log) == [cut]
    (tmp_path / "head").unlink()
    assert problems(log) == [cut]


def test_a_log_cut_off_that_grew_again_is_found_by_an_anchor_that_forgets_nothing(tmp_path: Path) -> None:
    """The newest head agrees; an older one tells."""
    ledger = Ledger()
    log = kept(tmp_path, ledger)
    rewrite(segment(log), lines(segment(log))[:2])
    blind = AuditLog(log.folder)
    for number in range(30, 36):
        ledger.store(blind.append(entry(number), at(number)).head)
    assert problems(log) == [
        ("audit-000001.jsonl", 3, "is not the record that the ledger knows: the log was rewritten")
    ]


def test_a_rewritten_record_contradicts_every_anchor_that_knew_it(tmp_path: Path) -> None:
    """Each is told."""
    one, two = Ledger("one"), Ledger("two")
    log = kept(tmp_path, one, two)
    content = lines(segment(log))
    rewrite(segment(log), [*content[:3], forged(content[3], target="postgres")])
    assert [standing.agreement for standing in verify(log).anchors] == [Agreement.CONTRADICTS] * 2
    assert len(problems(log)) == 2


def test_a_file_is_never_behind(tmp_path: Path) -> None:
    """Each store is synced, so there is nothing to wait for at the end."""
    log = written(tmp_path, 2)
    assert log.anchor_warning == ""
    log.close()
    assert verify(log).anchors == [Standing("the anchor file", Agreement.AGREES, 2)]
