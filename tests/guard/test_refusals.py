"""A flood of refusals: the first are recorded each, the rest are counted, and nothing that is allowed is hidden."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jett.core.errors import AuditError, PermitError
from jett.guard import AuditLog, Outcome, Permit, Question, Refused, Request, Verb, tail, verify
from jett.guard.audit_record import Record
from jett.guard.refusals import FULL, MORE, Refusals
from tests.guard.support import DESK, LIVE, OWNER, PHONE, SHELL, START, at, cases, gate

FORBIDDEN = Request(Verb.LOGS, "n8n")
"""Not what PHONE was made for."""


def records(folder: Path) -> list[Record]:
    log = AuditLog(folder)
    assert verify(log).intact
    return tail(log, 10_000)


def counts(folder: Path) -> list[tuple[str, str]]:
    return [(record.identity, record.detail) for record in records(folder) if record.rule == MORE]


def test_the_first_are_recorded_each_and_the_rest_are_one_record(tmp_path: Path) -> None:
    door = gate(tmp_path)
    answers = [door.ask(FORBIDDEN, PHONE, LIVE, at(n / 100)) for n in range(FULL + 412)]
    assert {(each.rule, each.reason) for each in answers if isinstance(each, Refused)} == {
        ("identity.policy", "The policy does not let a token do that.")
    }
    found = records(tmp_path)
    assert [record.operation for record in found] == [answer.operation for answer in answers[:FULL]]
    assert {answer.operation for answer in answers[FULL:]} == {""}
    door.settle(at(60))
    assert counts(tmp_path) == [("token/phone", "refused 412 more in the minute from 2026-11-24T12:00:00.000Z")]
    assert records(tmp_path)[-1].verdict == "deny"
    door.settle(at(120))
    assert len(counts(tmp_path)) == 1


def test_whoever_asks_next_finds_the_count_written_first(tmp_path: Path) -> None:
    door = gate(tmp_path)
    for _ in range(FULL + 1):
        door.ask(FORBIDDEN, PHONE, LIVE, START)
    assert isinstance(door.ask(Request(Verb.STATUS, "n8n"), OWNER, LIVE, at(61)), Permit)
    assert [record.rule for record in records(tmp_path)[-2:]] == [MORE, ""]


def test_what_is_allowed_is_recorded_in_the_middle_of_a_flood(tmp_path: Path) -> None:
    """Also of the same identity, and step by step."""
    door = gate(tmp_path)
    for _ in range(FULL + 50):
        door.ask(FORBIDDEN, PHONE, LIVE, START)
    permit = door.ask(Request(Verb.STATUS, "n8n"), PHONE, LIVE, START)
    question = door.ask(Request(Verb.RESTART, "n8n"), PHONE, LIVE, START)
    assert isinstance(permit, Permit)
    assert isinstance(question, Question)
    door.redeem(permit, START)
    door.finish(permit, Outcome("done"), START)
    told = [(record.kind, record.verdict) for record in records(tmp_path)[FULL:]]
    assert told == [("request", "allow"), ("request", "confirm"), ("intent", ""), ("outcome", "done")]


def test_each_identity_has_its_own_thirty(tmp_path: Path) -> None:
    door = gate(tmp_path)
    for _ in range(FULL + 5):
        door.ask(FORBIDDEN, PHONE, LIVE, START)
        door.ask({"verb": "rm"}, SHELL, LIVE, START)
    assert len(records(tmp_path)) == 2 * FULL
    door.settle(at(60))
    assert sorted(identity for identity, _ in counts(tmp_path)) == ["terminal/shell", "token/phone"]


def test_every_kind_of_refusal_is_one(tmp_path: Path) -> None:
    """Answers to nothing, clicks on nothing, what is no request, what was refused before it was one."""
    door = gate(tmp_path)
    for _ in range(FULL):
        door.answer("yes", DESK, START)
        door.click("guessed", DESK, START)
        door.decline("guessed", DESK, START)
        door.ask({"verb": "rm"}, DESK, LIVE, START)
        door.refuse("identity.unchanging", "restart n8n was not asked", DESK, START)
    assert len(records(tmp_path)) == FULL
    door.close(START)
    assert counts(tmp_path) == [
        ("dashboard/desk", f"refused {4 * FULL} more in the minute from 2026-11-24T12:00:00.000Z")
    ]


def test_a_permit_that_is_used_again_and_again_fills_nothing(tmp_path: Path) -> None:
    door = gate(tmp_path)
    permit = door.ask(Request(Verb.STATUS, "n8n"), OWNER, LIVE, START)
    assert isinstance(permit, Permit)
    door.redeem(permit, START)
    for _ in range(FULL + 5):
        with pytest.raises(PermitError):
            door.redeem(permit, START)
    assert len(records(tmp_path)) == 2 + FULL


def test_a_restart_and_a_second_process_begin_no_new_thirty(tmp_path: Path) -> None:
    first, second = gate(tmp_path), gate(tmp_path)
    for _ in range(FULL):
        first.ask(FORBIDDEN, PHONE, LIVE, START)
    second.ask(FORBIDDEN, PHONE, LIVE, at(1))
    gate(tmp_path).ask(FORBIDDEN, PHONE, LIVE, at(2))
    assert len(records(tmp_path)) == FULL
    second.settle(at(70))
    assert counts(tmp_path) == [("token/phone", "refused 1 more in the minute from 2026-11-24T12:00:00.000Z")]


def test_a_count_that_cannot_be_written_is_written_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    door = gate(tmp_path)
    for _ in range(FULL + 3):
        door.ask(FORBIDDEN, PHONE, LIVE, START)
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda *_: 0)
        with pytest.raises(AuditError):
            door.settle(at(60))
    door.settle(at(90))
    assert counts(tmp_path) == [("token/phone", "refused 3 more in the minute from 2026-11-24T12:00:00.000Z")]


FLOOD = """
import sys
from pathlib import Path
from tests.guard.support import LIVE, PHONE, at, gate
from jett.guard import Request, Verb
door = gate(Path(sys.argv[1]))
for minute in range(2):
    for _ in range(100):
        door.ask(Request(Verb.LOGS, "n8n"), PHONE, LIVE, at(60 * minute))
    print("flooded", flush=True)
sys.stdin.read()
"""


def test_a_kill_loses_the_running_minutes_count_and_nothing_else(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", FLOOD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as flood:
        assert flood.stdout
        assert [flood.stdout.readline() for _ in range(2)] == ["flooded\n"] * 2
        flood.send_signal(signal.SIGKILL)
    found = records(tmp_path)
    assert len(found) == 2 * FULL + 1
    assert counts(tmp_path) == [("token/phone", "refused 70 more in the minute from 2026-11-24T12:00:00.000Z")]


@cases(200)
@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "b"]), st.integers(-70_000, 200_000), st.sampled_from(["asks", "saw", "owed"])),
        max_size=200,
    )
)
def test_no_refusal_is_lost_or_counted_twice(steps: list[tuple[str, int, str]]) -> None:
    """Whatever the clock does."""
    refusals, asked, kept, counted = Refusals(), 0, 0, 0
    for identity, at_ms, step in steps:
        if step == "asks":
            for _ in range(20):
                asked += 1
                kept += refusals.admits(identity, at_ms)
        elif step == "saw":
            refusals.saw(identity, at_ms)
        else:
            for each in refusals.owed(at_ms):
                counted += each.more
                refusals.settled(each)
    counted += sum(each.more for each in refusals.owed(0, running=True))
    assert kept + counted == asked
