"""The way of an operation through the gate, written like a dialogue, and the attacks on a permit."""

from __future__ import annotations

import copy
import pickle
import re
import threading
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from jett.core.errors import AuditError, PermitError, RequestError
from jett.guard import (
    AuditLog,
    Gate,
    Identity,
    Kind,
    Outcome,
    Permit,
    Policy,
    Question,
    Refused,
    Request,
    Scope,
    Verb,
    parse_policy,
    tail,
    unfinished,
    verify,
)
from jett.guard.audit_record import ms_of
from jett.guard.permit import PermitRegister
from tests.guard.support import DESK, LIVE, OWNER, PHONE, POLICY, POLICY_TEXT, SHELL, START, at, gate

STATUS = Request(Verb.STATUS, "n8n")
RESTART = Request(Verb.RESTART, "n8n")


def permitted(answer: object) -> Permit:
    assert isinstance(answer, Permit)
    return answer


def asked(answer: object) -> Question:
    assert isinstance(answer, Question)
    return answer


def refused(answer: object) -> str:
    assert isinstance(answer, Refused)
    return answer.rule


def history(folder: Path) -> list[tuple[str, str, str]]:
    """Kind, verdict and rule of every record; the chain must verify."""
    log = AuditLog(folder)
    assert verify(log).intact
    return [(record.kind, record.verdict, record.rule) for record in tail(log, 1000)]


def test_reading_is_permitted_at_once(tmp_path: Path) -> None:
    """>> status n8n << permit >> redeem << the request >> finish."""
    door = gate(tmp_path)
    permit = permitted(door.ask(STATUS, OWNER, LIVE, START))
    assert (permit.request, permit.identity) == (STATUS, OWNER)
    assert door.redeem(permit, START) == STATUS
    door.finish(permit, Outcome("done", "up 4 hours"), START)
    assert history(tmp_path) == [("request", "allow", ""), ("intent", "", ""), ("outcome", "done", "")]
    records = tail(AuditLog(tmp_path), 3)
    assert {(r.operation, r.identity, r.verb, r.target) for r in records} == {
        (permit.operation, "voice/owner", "status", "n8n")
    }
    assert records[2].detail == "up 4 hours"


def test_changing_asks_first_and_a_yes_permits_it(tmp_path: Path) -> None:
    """>> restart n8n << Restart n8n on the VPS? >> yes << permit."""
    door = gate(tmp_path)
    question = asked(door.ask({"verb": "restart", "target": "n8n"}, OWNER, LIVE, START))
    assert question.text == "Restart n8n on the VPS?"
    assert question.request == RESTART
    permit = permitted(door.answer("Yes, please.", OWNER, at(14)))
    assert permit.operation == question.operation
    assert door.redeem(permit, at(14)) == RESTART
    door.finish(permit, Outcome("failed", "password=hunter2"), at(18))
    assert history(tmp_path) == [
        ("request", "confirm", ""),
        ("confirmation", "yes", ""),
        ("intent", "", ""),
        ("outcome", "failed", ""),
    ]
    assert tail(AuditLog(tmp_path), 1)[0].detail == "password=[redacted]"


def test_a_no_refuses_it(tmp_path: Path) -> None:
    """>> restart n8n << ? >> no << all right, I won't >> yes << nothing to confirm."""
    door = gate(tmp_path)
    question = asked(door.ask(RESTART, OWNER, LIVE, START))
    no = door.answer("no", OWNER, at(1))
    assert isinstance(no, Refused)
    assert (no.rule, no.reason, no.operation) == ("confirmation.no", "All right, I won't.", question.operation)
    late = door.answer("yes", OWNER, at(2))
    assert isinstance(late, Refused)
    record = tail(AuditLog(tmp_path), 1)[0]
    assert (late.reason, late.operation) == ("There is nothing to confirm.", record.operation)
    assert record.identity == "voice/owner"
    assert len(late.operation) == 22
    assert history(tmp_path)[1:] == [("confirmation", "no", ""), ("confirmation", "deny", "confirmation.none")]


def test_unclear_words_ask_again_once(tmp_path: Path) -> None:
    """>> hm << the same question >> the weather << refused >> yes << nothing to confirm."""
    door = gate(tmp_path)
    question = asked(door.ask(RESTART, OWNER, LIVE, START))
    assert door.answer("hm", OWNER, at(1)) == question
    assert refused(door.answer("nice weather", OWNER, at(2))) == "confirmation.unclear"
    assert refused(door.answer("yes", OWNER, at(3))) == "confirmation.none"


@pytest.mark.parametrize("later_s", [15, 3600, -1])
def test_a_late_yes_is_no_yes(tmp_path: Path, later_s: int) -> None:
    """15 s after, or before the question by a clock that was set back."""
    door = gate(tmp_path)
    question = asked(door.ask(RESTART, OWNER, LIVE, START))
    assert len(door.pending(at(14))) == 1
    assert door.pending(at(later_s)) == []
    assert refused(door.answer("yes", OWNER, at(later_s))) == "confirmation.none"
    assert refused(door.click(question.nonce, DESK, at(1))) == "confirmation.none"
    assert history(tmp_path)[1] == ("confirmation", "expired", "")


def test_a_question_that_is_open_at_the_end_is_recorded_as_expired(tmp_path: Path) -> None:
    """Of every conversation, once; what was permitted and not begun yet is no longer permitted."""
    door = gate(tmp_path)
    permit = permitted(door.ask(STATUS, OWNER, LIVE, START))
    question = asked(door.ask(RESTART, OWNER, LIVE, START, conversation="kitchen"))
    door.ask(RESTART, OWNER, LIVE, START, conversation="attic", aloud=True)
    door.close(at(3))
    door.close(at(4))
    assert history(tmp_path)[3:] == [("confirmation", "expired", "")] * 2
    assert door.pending(at(4)) == []
    with pytest.raises(PermitError):
        door.redeem(permit, at(4))
    assert refused(door.click(question.nonce, DESK, at(4))) == "confirmation.none"


def test_an_end_without_a_question_writes_nothing(tmp_path: Path) -> None:
    gate(tmp_path).close(START)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("way", ["answer", "heard", "click", "decline"])
def test_a_clock_set_back_ends_the_question_that_it_is_about(tmp_path: Path, way: str) -> None:
    """By whichever of the four it is met: none brings a question back to life for the time it was set back by."""
    door = gate(tmp_path)
    question = asked(door.ask(RESTART, OWNER, LIVE, START, aloud=True))
    if way == "answer":
        assert refused(door.answer("yes", OWNER, at(-1))) == "confirmation.none"
    elif way == "heard":
        door.heard(OWNER, at(-1))
    else:
        assert refused(getattr(door, way)(question.nonce, DESK, at(-1))) == "confirmation.none"
    assert history(tmp_path)[1] == ("confirmation", "expired", "")
    assert refused(door.answer("yes", OWNER, at(1))) == "confirmation.none"


def test_a_call_that_waited_for_the_lock_takes_away_no_permit_and_no_question(tmp_path: Path) -> None:
    """Its time was read before it waited, and is from before they were given."""
    door = gate(tmp_path)
    first = permitted(door.ask(STATUS, OWNER, LIVE, START))
    door.redeem(first, START)
    second = permitted(door.ask(STATUS, DESK, LIVE, at(2)))
    asked(door.ask(RESTART, OWNER, LIVE, at(2)))
    door.finish(first, Outcome("done"), at(1))
    assert door.redeem(second, at(2)).target == "n8n"
    door.redeem(permitted(door.answer("yes", OWNER, at(3))), at(3))
    with pytest.raises(PermitError, match="older than 15 s"):
        door.redeem(permitted(door.ask(STATUS, DESK, LIVE, at(5))), at(4))


def test_a_question_asked_aloud_is_answered_within_fifteen_seconds_of_having_been_heard(tmp_path: Path) -> None:
    """It may wait a minute for its turn to be spoken, and is heard once."""
    door = gate(tmp_path)
    asked(door.ask(RESTART, OWNER, LIVE, START, aloud=True))
    door.heard(SHELL, at(10))
    door.heard(OWNER, at(59))
    door.heard(OWNER, at(70))
    assert door.awaits(OWNER, at(73.9))
    assert not door.awaits(OWNER, at(74))
    assert refused(door.answer("yes", OWNER, at(74))) == "confirmation.none"


def test_a_question_that_nobody_heard_is_gone_after_a_minute(tmp_path: Path) -> None:
    """And hearing of it then does not bring it back."""
    door = gate(tmp_path)
    asked(door.ask(RESTART, OWNER, LIVE, START, aloud=True))
    assert door.awaits(OWNER, at(59.9))
    door.heard(OWNER, at(60))
    assert refused(door.answer("yes", OWNER, at(60))) == "confirmation.none"
    assert history(tmp_path)[1] == ("confirmation", "expired", "")


def test_a_question_that_is_read_has_fifteen_seconds_whatever_is_heard(tmp_path: Path) -> None:
    """Hearing lengthens only what was asked aloud."""
    door = gate(tmp_path)
    asked(door.ask(RESTART, OWNER, LIVE, START))
    door.heard(OWNER, at(14))
    assert not door.awaits(OWNER, at(15))


def test_a_yes_before_the_question_was_heard_asks_again(tmp_path: Path) -> None:
    """Whoever says it cannot know what to; the second time the question is gone."""
    door = gate(tmp_path)
    question = asked(door.ask(RESTART, OWNER, LIVE, START, aloud=True))
    again = door.answer("yes", OWNER, at(59))
    assert isinstance(again, Question)
    assert again.operation == question.operation
    door.heard(OWNER, at(59.5))
    permitted(door.answer("yes", OWNER, at(60)))


def test_what_is_said_in_one_conversation_answers_nothing_asked_in_another(tmp_path: Path) -> None:
    """Two browsers are one owner: neither's question is replaced, heard or answered by the other's words."""
    door = gate(tmp_path)
    asked(door.ask(RESTART, DESK, LIVE, START, conversation="kitchen", aloud=True))
    assert not door.awaits(DESK, at(1), conversation="attic")
    assert refused(door.answer("yes", DESK, at(1), conversation="attic")) == "confirmation.none"
    asked(door.ask(RESTART, DESK, LIVE, at(2), conversation="attic"))
    door.heard(DESK, at(3), conversation="attic")
    assert isinstance(door.answer("yes", DESK, at(4), conversation="kitchen"), Question)
    door.heard(DESK, at(5), conversation="kitchen")
    assert refused(door.answer("no", DESK, at(6), conversation="attic")) == "confirmation.no"
    assert permitted(door.answer("yes", DESK, at(7), conversation="kitchen")).request.target == "n8n"


@pytest.mark.parametrize("meanwhile", [False, True])
def test_an_answer_that_is_late_is_known_for_one(tmp_path: Path, meanwhile: bool) -> None:
    """For two minutes, in that conversation alone, whether or not somebody else had the log meanwhile."""
    door = gate(tmp_path)
    asked(door.ask(RESTART, OWNER, LIVE, START))
    assert not door.lapsed(OWNER, at(14))
    if meanwhile:
        door.note("something else", DESK, at(16))
        permitted(door.ask(STATUS, DESK, LIVE, at(16)))
    assert door.lapsed(OWNER, at(15))
    assert door.lapsed(OWNER, at(134.9))
    assert not door.lapsed(OWNER, at(135))
    assert not door.lapsed(OWNER, at(20), conversation="attic")
    late = door.answer("yes", OWNER, at(20))
    assert isinstance(late, Refused)
    assert (late.rule, late.reason) == ("confirmation.none", "That question has run out. Please ask again.")
    asked(door.ask(RESTART, OWNER, LIVE, at(21)))
    assert not door.lapsed(OWNER, at(22))
    door.answer("no", OWNER, at(22))
    assert not door.lapsed(OWNER, at(22))


def test_only_where_it_was_asked_an_answer_is_late(tmp_path: Path) -> None:
    """Elsewhere there was nothing to answer."""
    door = gate(tmp_path)
    asked(door.ask(RESTART, DESK, LIVE, START, conversation="attic"))
    said = [door.answer("yes", DESK, at(20), conversation=room) for room in ("attic", "kitchen")]
    reasons = [each.reason for each in said if isinstance(each, Refused)]
    assert reasons == ["That question has run out. Please ask again.", "There is nothing to confirm."]


def test_that_a_question_ran_out_is_forgotten(tmp_path: Path) -> None:
    """What is kept of it does not grow."""
    door = gate(tmp_path)
    asked(door.ask(RESTART, OWNER, LIVE, START))
    permitted(door.ask(STATUS, DESK, LIVE, at(16)))
    permitted(door.ask(STATUS, DESK, LIVE, at(136)))
    assert not door.lapsed(OWNER, at(17))


def test_a_note_does_not_hide_what_another_process_did(tmp_path: Path) -> None:
    """Its reading of the log counts for the rate limit like any other's."""
    door, other = gate(tmp_path), gate(tmp_path)
    permitted(door.ask(STATUS, DESK, LIVE, START))
    for _ in range(9):
        permitted(other.ask(STATUS, DESK, LIVE, at(1)))
    door.note("settings were changed", DESK, at(2))
    assert refused(door.ask(STATUS, DESK, LIVE, at(3))) == "rate.identity"


def test_a_second_question_replaces_the_first(tmp_path: Path) -> None:
    """>> stop n8n << ? >> restart n8n << ? >> yes << the restart, and no other."""
    door = gate(tmp_path)
    first = asked(door.ask(Request(Verb.STOP, "n8n"), OWNER, LIVE, START))
    second = asked(door.ask(RESTART, OWNER, LIVE, at(1)))
    assert refused(door.click(first.nonce, OWNER, at(2))) == "confirmation.none"
    assert [question.nonce for question in door.pending(at(2))] == [second.nonce]
    assert permitted(door.answer("yes", OWNER, at(2))).request == RESTART
    assert ("confirmation", "replaced", "") in history(tmp_path)


def test_reading_in_between_leaves_the_question_open(tmp_path: Path) -> None:
    """>> restart n8n << ? >> status << permit >> yes << permit."""
    door = gate(tmp_path)
    door.ask(RESTART, OWNER, LIVE, START)
    permitted(door.ask(STATUS, OWNER, LIVE, at(1)))
    assert permitted(door.answer("yes", OWNER, at(2))).request == RESTART


def test_a_yes_of_another_conversation_confirms_nothing(tmp_path: Path) -> None:
    """Each identity has its own question."""
    door = gate(tmp_path)
    door.ask(RESTART, OWNER, LIVE, START)
    assert refused(door.answer("yes", DESK, START)) == "confirmation.none"
    assert refused(door.answer("yes", Identity(Kind.VOICE, "guest"), START)) == "confirmation.none"
    permitted(door.answer("yes", OWNER, START))


def test_a_click_may_say_no_once_and_by_whoever_might_say_yes(tmp_path: Path) -> None:
    """>> restart n8n << ? >> declined << all right, I won't >> yes << nothing to confirm."""
    door = gate(tmp_path)
    question = asked(door.ask(RESTART, OWNER, LIVE, START))
    assert refused(door.decline(question.nonce + "x", DESK, at(1))) == "confirmation.none"
    assert refused(door.decline(question.nonce, SHELL, at(1))) == "confirmation.identity"
    assert refused(door.decline(question.nonce, PHONE, at(1))) == "confirmation.token"
    no = door.decline(question.nonce, DESK, at(1))
    assert (no.rule, no.reason, no.operation) == ("confirmation.no", "All right, I won't.", question.operation)
    record = tail(AuditLog(tmp_path), 1)[0]
    assert (record.verdict, record.identity, record.operation) == ("decline", "dashboard/desk", question.operation)
    assert refused(door.click(question.nonce, DESK, at(2))) == "confirmation.none"
    assert refused(door.answer("yes", OWNER, at(2))) == "confirmation.none"
    assert "intent" not in [kind for kind, _, _ in history(tmp_path)]


def test_a_question_says_who_asked_and_until_when(tmp_path: Path) -> None:
    """15 s, and a minute for one that is yet to be spoken; hearing it begins the 15 s."""
    door = gate(tmp_path)
    question = asked(door.ask(RESTART, OWNER, LIVE, START))
    assert (question.asked_by, question.until_ms) == ("voice/owner", ms_of(at(15)))
    aloud = asked(door.ask(RESTART, OWNER, LIVE, START, aloud=True))
    assert aloud.until_ms == ms_of(at(60))
    door.heard(OWNER, at(10))
    assert [waiting.until_ms for waiting in door.pending(at(10))] == [ms_of(at(25))]


def test_a_note_is_kept_without_secrets(tmp_path: Path) -> None:
    """What somebody changed that is no operation."""
    door = gate(tmp_path)
    door.note("settings: tts.speed, password=hunter2", DESK, START)
    record = tail(door.audit, 1)[0]
    assert (record.kind, record.identity, record.detail) == (
        "note",
        "dashboard/desk",
        "settings: tts.speed, password=[redacted]",
    )


def test_a_click_confirms_the_question_with_its_nonce_once(tmp_path: Path) -> None:
    """Asked by voice, confirmed on the dashboard; the permit is the asker's."""
    door = gate(tmp_path)
    question = asked(door.ask(RESTART, OWNER, LIVE, START))
    assert door.pending(START) == [question]
    for wrong in ("", question.nonce[:-1], question.nonce + "x", "ü", "yes"):
        assert refused(door.click(wrong, DESK, START)) == "confirmation.none"
    permit = permitted(door.click(question.nonce, DESK, START))
    assert (permit.identity, permit.request, permit.operation) == (OWNER, RESTART, question.operation)
    click = tail(AuditLog(tmp_path), 1)[0]
    assert (click.verdict, click.operation, click.verb, click.target) == ("click", question.operation, "restart", "n8n")
    assert refused(door.click(question.nonce, DESK, START)) == "confirmation.none"
    assert refused(door.answer("yes", OWNER, START)) == "confirmation.none"
    assert tail(AuditLog(tmp_path), 3)[0].identity == "dashboard/desk"


def test_who_may_not_ask_may_not_confirm(tmp_path: Path) -> None:
    """A click counts only from somebody whom the policy would let ask."""
    door = gate(tmp_path)
    question = asked(door.ask(Request(Verb.STOP, "n8n"), OWNER, LIVE, START))
    for who in (DESK, SHELL):
        no = door.click(question.nonce, who, START)
        assert no == Refused("confirmation.identity", "You may not confirm that.", question.operation)
        assert history(tmp_path)[-1] == ("confirmation", "deny", "confirmation.identity")
    permitted(door.click(question.nonce, OWNER, START))


def test_a_token_may_ask_and_a_person_must_confirm(tmp_path: Path) -> None:
    """A stolen token changes nothing: it learns no nonce, and could use none."""
    door = gate(tmp_path)
    question = asked(door.ask(RESTART, PHONE, LIVE, START))
    assert question.nonce == ""
    (waiting,) = door.pending(START)
    assert refused(door.click(waiting.nonce, PHONE, START)) == "confirmation.token"
    assert refused(door.answer("yes", PHONE, START)) == "confirmation.token"
    assert refused(door.answer("yes", OWNER, START)) == "confirmation.none"
    permit = permitted(door.click(waiting.nonce, DESK, START))
    assert permit.identity == PHONE


def test_a_refusal_is_recorded_with_its_rule(tmp_path: Path) -> None:
    """What the policy forbids, and what is no request at all, without what was sent."""
    door = gate(tmp_path)
    no = door.ask(Request(Verb.RESTART, "postgres"), OWNER, LIVE, START)
    assert isinstance(no, Refused)
    assert (no.rule, no.reason) == ("container.action", "The policy does not allow restart for postgres.")
    assert tail(AuditLog(tmp_path), 1)[0].operation == no.operation
    bad = door.ask('{"verb": "exec", "target": "hunter2"}', OWNER, LIVE, START)
    assert isinstance(bad, Refused)
    assert (bad.rule, bad.reason) == ("request.verb", "I didn't understand what I should do.")
    assert history(tmp_path) == [("request", "deny", "container.action"), ("request", "deny", "request.verb")]
    assert "hunter2" not in (tmp_path / "audit-000001.jsonl").read_text(encoding="ascii")
    record = tail(AuditLog(tmp_path), 1)[0]
    assert record.operation == bad.operation
    assert record.detail.startswith("guard: the verb is unknown; it is one of list, ")


def test_details_of_a_request_are_recorded(tmp_path: Path) -> None:
    """How many lines, which arguments, without secrets."""
    door = gate(tmp_path, POLICY_TEXT + '[workflows.say.arguments.text]\ntype = "string"\n')
    door.ask(STATUS, OWNER, LIVE, START)
    assert tail(AuditLog(tmp_path), 1)[0].detail == ""
    door.ask(Request(Verb.LOGS, "n8n", 20), OWNER, LIVE, START)
    door.ask(Request(Verb.RUN_WORKFLOW, "say", None, (("text", "password=hunter2"),)), OWNER, LIVE, START)
    assert [record.detail for record in tail(AuditLog(tmp_path), 2)] == ["lines 20", '{"text": "password=[redacted]"}']


def test_the_eleventh_of_a_minute_is_refused(tmp_path: Path) -> None:
    """Reads and changes apart, per identity and overall, refusals not counted."""
    door = gate(tmp_path)
    for _ in range(12):
        refused(door.ask(Request(Verb.STATUS, "none"), OWNER, LIVE, START))
    for second in range(10):
        permitted(door.ask(STATUS, OWNER, LIVE, at(second)))
    late = door.ask(STATUS, OWNER, LIVE, at(59))
    assert isinstance(late, Refused)
    assert (late.rule, late.reason) == ("rate.identity", "That is too much for one minute. Please wait a little.")
    assert refused(door.ask(STATUS, DESK, LIVE, at(59))) == "rate.overall"
    asked(door.ask(RESTART, OWNER, LIVE, at(59)))
    permitted(door.ask(STATUS, OWNER, LIVE, at(60)))
    assert refused(door.ask(STATUS, OWNER, LIVE, at(60))) == "rate.identity"


def test_the_limit_survives_a_restart(tmp_path: Path) -> None:
    """A new gate counts what the log tells, in its own and other identities' names."""
    first = gate(tmp_path)
    for _ in range(10):
        permitted(first.ask(STATUS, PHONE, LIVE, START))
    assert refused(gate(tmp_path).ask(STATUS, PHONE, LIVE, at(1))) == "rate.identity"
    assert refused(gate(tmp_path).ask(STATUS, OWNER, LIVE, at(1))) == "rate.overall"
    permitted(gate(tmp_path).ask(STATUS, PHONE, LIVE, at(60)))
    for _ in range(10):
        asked(first.ask(RESTART, OWNER, LIVE, at(60)))
    assert refused(gate(tmp_path).ask(RESTART, OWNER, LIVE, at(61))) == "rate.identity"


def test_what_another_process_refused_is_not_counted(tmp_path: Path) -> None:
    """Only what was let through, and each operation once, however many records it has."""
    first = gate(tmp_path)
    for _ in range(12):
        refused(first.ask(Request(Verb.STATUS, "none"), OWNER, LIVE, START))
    for _ in range(5):
        permit = permitted(first.ask(STATUS, OWNER, LIVE, START))
        first.redeem(permit, START)
        first.finish(permit, Outcome("done"), START)
    second = gate(tmp_path)
    for _ in range(5):
        permitted(second.ask(STATUS, OWNER, LIVE, START))
    assert refused(second.ask(STATUS, OWNER, LIVE, START)) == "rate.identity"


def test_a_flood_of_refusals_does_not_push_the_count_out_of_the_log(tmp_path: Path) -> None:
    """A new gate reads back a minute, however many segments that is."""
    door = Gate(POLICY, AuditLog(tmp_path, segment_bytes=1000))
    for _ in range(10):
        permitted(door.ask(STATUS, OWNER, LIVE, START))
    for _ in range(30):
        refused(door.ask(Request(Verb.STATUS, "none"), OWNER, LIVE, at(30)))
    assert refused(Gate(POLICY, AuditLog(tmp_path)).ask(STATUS, OWNER, LIVE, at(59))) == "rate.identity"


def test_two_gates_do_not_exceed_the_limit_together(tmp_path: Path) -> None:
    """Four threads, four gates, one log: ten of forty are let through."""
    answers: list[object] = []

    def ask_ten_times() -> None:
        door = gate(tmp_path)
        for _ in range(10):
            answers.append(door.ask(STATUS, OWNER, LIVE, START))

    threads = [threading.Thread(target=ask_ten_times) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(isinstance(answer, Permit) for answer in answers) == 10
    assert len(answers) == 40
    assert verify(AuditLog(tmp_path)).intact


def test_a_clock_set_back_does_not_open_the_gate(tmp_path: Path) -> None:
    """Ten at noon are still ten at eleven; a minute later it opens, also for a new gate."""
    door = gate(tmp_path)
    for _ in range(10):
        permitted(door.ask(STATUS, OWNER, LIVE, START))
    assert refused(door.ask(STATUS, OWNER, LIVE, at(-3600))) == "rate.identity"
    assert refused(gate(tmp_path).ask(STATUS, OWNER, LIVE, at(-3541))) == "rate.identity"
    permitted(gate(tmp_path).ask(STATUS, OWNER, LIVE, at(-3540)))


def test_a_policys_lower_limit_counts(tmp_path: Path) -> None:
    """One a minute."""
    door = gate(tmp_path, POLICY_TEXT + "[limits]\nper_identity = 1\n")
    permitted(door.ask(STATUS, OWNER, LIVE, START))
    assert refused(door.ask(STATUS, OWNER, LIVE, START)) == "rate.identity"


def test_another_policy_voids_questions_and_permits(tmp_path: Path) -> None:
    """What it would not allow cannot be left over from the old one; what was begun can still be finished."""
    door = gate(tmp_path)
    begun = permitted(door.ask(STATUS, OWNER, LIVE, START))
    door.redeem(begun, START)
    unused = permitted(door.ask(STATUS, OWNER, LIVE, START))
    question = asked(door.ask(RESTART, OWNER, LIVE, START))
    door.replace_policy(Policy(), START)
    assert door.policy == Policy()
    assert refused(door.answer("yes", OWNER, START)) == "confirmation.none"
    assert refused(door.click(question.nonce, OWNER, START)) == "confirmation.none"
    with pytest.raises(PermitError, match="not one that this gate gave"):
        door.redeem(unused, START)
    assert refused(door.ask(STATUS, OWNER, LIVE, START)) == "identity.policy"
    door.finish(begun, Outcome("unknown"), START)
    assert ("note", "", "") in history(tmp_path)
    assert "another policy is in force" in [record.detail for record in tail(AuditLog(tmp_path), 20)]


def test_a_permit_is_good_once(tmp_path: Path) -> None:
    """Redeemed once, finished once, and in this order."""
    door = gate(tmp_path)
    permit = permitted(door.ask(STATUS, OWNER, LIVE, START))
    with pytest.raises(PermitError, match=r"^guard: this permit was not redeemed; what was done without it"):
        door.finish(permit, Outcome("done"), START)
    door.redeem(permit, START)
    with pytest.raises(PermitError, match=r"^guard: this permit was used before"):
        door.redeem(permit, START)
    assert tail(AuditLog(tmp_path), 1)[0].detail == "guard: this permit was used before; ask for another"
    door.finish(permit, Outcome("done"), at(600))
    for again in (lambda: door.finish(permit, Outcome("done"), START), lambda: door.redeem(permit, START)):
        with pytest.raises(PermitError, match=r"^guard: this permit is not one that this gate gave"):
            again()
    assert history(tmp_path).count(("intent", "", "")) == 1
    assert history(tmp_path).count(("note", "deny", "permit")) == 2


@pytest.mark.parametrize(("later_s", "good"), [(14.999, True), (15, False), (-0.001, False)])
def test_a_permit_is_good_for_fifteen_seconds(tmp_path: Path, later_s: float, good: bool) -> None:
    """And never before it was given."""
    door = gate(tmp_path)
    permit = permitted(door.ask(STATUS, OWNER, LIVE, START))
    if good:
        assert door.redeem(permit, at(later_s)) == STATUS
        return
    with pytest.raises(PermitError, match="older than 15 s"):
        door.redeem(permit, at(later_s))
    with pytest.raises(PermitError, match="not one that this gate gave"):
        door.finish(permit, Outcome("done"), START)


def test_a_permit_out_of_date_is_forgotten(tmp_path: Path) -> None:
    """The next question clears it away; one that was begun stays."""
    door = gate(tmp_path)
    old, begun = (permitted(door.ask(STATUS, OWNER, LIVE, START)) for _ in range(2))
    door.redeem(begun, START)
    fresh = permitted(door.ask(STATUS, OWNER, LIVE, at(15)))
    with pytest.raises(PermitError, match="not one that this gate gave"):
        door.redeem(old, at(15))
    door.finish(begun, Outcome("done"), at(15))
    assert door.redeem(fresh, at(15)) == STATUS


class Likeness:
    """Looks like a permit to whoever does not look closely."""

    def __init__(self, permit: Permit) -> None:
        self.operation, self.request, self.identity = permit.operation, RESTART, permit.identity

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


def forge_by_constructor(permit: Permit) -> object:
    return Permit(object(), permit.operation, RESTART, permit.identity)


def forge_by_new(permit: Permit) -> object:
    forged = object.__new__(Permit)
    object.__setattr__(forged, "_operation", permit.operation)
    object.__setattr__(forged, "_request", RESTART)
    object.__setattr__(forged, "_identity", permit.identity)
    return forged


def forge_by_subclass(permit: Permit) -> object:
    return type("Own", (Permit,), {})(object(), permit.operation, RESTART, permit.identity)


def forge_by_assignment(permit: Permit) -> object:
    permit._request = RESTART
    return permit


def forge_by_deletion(permit: Permit) -> object:
    del permit._request
    return permit


def forge_by_register(permit: Permit) -> object:
    return PermitRegister().grant(permit.operation, RESTART, permit.identity, 0)


COPIED = "guard: a permit can be neither copied nor kept"
CHANGED = "guard: a permit cannot be changed; ask for another"
UNKNOWN = "guard: this permit is not one that this gate gave, or it is finished or out of date"
FORGERIES: list[tuple[str, Any, str]] = [
    ("its constructor", forge_by_constructor, "guard: only the gate makes permits; ask it"),
    ("object.__new__", forge_by_new, UNKNOWN),
    ("a subclass", forge_by_subclass, "guard: a permit has no other kinds"),
    ("assignment", forge_by_assignment, CHANGED),
    ("deletion", forge_by_deletion, CHANGED),
    ("another register", forge_by_register, UNKNOWN),
    ("dataclasses.replace", lambda permit: replace(permit, request=RESTART), "replace() should be called on"),
    ("copy", copy.copy, COPIED),
    ("deepcopy", copy.deepcopy, COPIED),
    ("pickle", lambda permit: pickle.loads(pickle.dumps(permit)), COPIED),
    ("an old pickle", lambda permit: pickle.loads(pickle.dumps(permit, 0)), COPIED),
    ("a likeness", Likeness, UNKNOWN),
    ("its operation", lambda permit: permit.operation, UNKNOWN),
    ("nothing", lambda permit: None, UNKNOWN),
]


@pytest.mark.parametrize(("name", "forge", "message"), FORGERIES, ids=[row[0] for row in FORGERIES])
def test_a_permit_cannot_be_forged(tmp_path: Path, name: str, forge: Any, message: str) -> None:
    """Neither made, nor copied with changes, nor kept for later."""
    door = gate(tmp_path)
    permit = permitted(door.ask(STATUS, OWNER, LIVE, START))
    with pytest.raises((PermitError, TypeError), match="^" + re.escape(message)):
        door.redeem(forge(permit), START)
    assert door.redeem(permit, START) == STATUS


def test_a_permit_changed_by_force_still_does_only_what_was_permitted(tmp_path: Path) -> None:
    """The register's own copy counts."""
    door = gate(tmp_path)
    permit = permitted(door.ask(STATUS, OWNER, LIVE, START))
    object.__setattr__(permit, "_request", RESTART)
    assert door.redeem(permit, START) == STATUS


def test_a_permit_of_another_gate_is_worth_nothing(tmp_path: Path) -> None:
    """Each gate has its own register."""
    one, two = gate(tmp_path), gate(tmp_path)
    permit = permitted(one.ask(STATUS, OWNER, LIVE, START))
    with pytest.raises(PermitError):
        two.redeem(permit, START)


class FailingLog(AuditLog):
    """A log whose disk is full whenever the test says so."""

    full = False

    def _write(self, *arguments: Any) -> Any:
        if self.full:
            raise OSError(28, "No space left on device")
        return super()._write(*arguments)


def test_without_a_record_nothing_happens(tmp_path: Path) -> None:
    """No permit, no confirmation, no intent; an outcome may be told later."""
    log = FailingLog(tmp_path)
    door = Gate(POLICY, log)
    permit = permitted(door.ask(STATUS, OWNER, LIVE, START))
    door.ask(RESTART, OWNER, LIVE, START)
    log.full = True
    for attempt in (
        lambda: door.ask(STATUS, OWNER, LIVE, START),
        lambda: door.ask("{}", OWNER, LIVE, START),
        lambda: door.answer("yes", OWNER, START),
        lambda: door.redeem(permit, START),
        lambda: door.replace_policy(Policy(), START),
    ):
        with pytest.raises(AuditError, match="No space left"):
            attempt()
    log.full = False
    assert door.policy == POLICY
    assert refused(door.answer("yes", OWNER, START)) == "confirmation.none"
    with pytest.raises(PermitError):
        door.redeem(permit, START)
    with pytest.raises(PermitError):
        door.finish(permit, Outcome("done"), START)
    begun = permitted(door.ask(STATUS, OWNER, LIVE, START))
    door.redeem(begun, START)
    log.full = True
    with pytest.raises(AuditError):
        door.finish(begun, Outcome("done"), START)
    log.full = False
    assert [record.operation for record in unfinished(log)] == [begun.operation]
    door.finish(begun, Outcome("done"), START)
    assert unfinished(log) == []


def test_a_failed_record_of_a_request_is_not_counted(tmp_path: Path) -> None:
    """What did not happen uses up no limit."""
    log = FailingLog(tmp_path)
    door = Gate(parse_policy(POLICY_TEXT + "[limits]\noverall = 1\n"), log)
    log.full = True
    with pytest.raises(AuditError):
        door.ask(STATUS, OWNER, LIVE, START)
    log.full = False
    permitted(door.ask(STATUS, OWNER, LIVE, START))


def test_ids_and_nonces_cannot_be_guessed_or_repeated(tmp_path: Path) -> None:
    """22 characters each, 128 bits, never twice."""
    door = gate(tmp_path)
    questions = [asked(door.ask(RESTART, OWNER, LIVE, at(60 * n))) for n in range(20)]
    texts = [each.nonce for each in questions] + [each.operation for each in questions]
    assert len(set(texts)) == 40
    assert {len(text) for text in texts} == {22}


@pytest.mark.parametrize(
    ("kind", "name", "scope"),
    [
        ("voice", "owner", None),
        (Kind.VOICE, "", None),
        (Kind.VOICE, "a b", None),
        (Kind.VOICE, "оwner", None),
        (Kind.VOICE, "a" * 65, None),
        (Kind.VOICE, 5, None),
        (Kind.VOICE, "owner\n", None),
        (Kind.TOKEN, "phone", None),
        (Kind.VOICE, "owner", Scope(frozenset(), frozenset())),
    ],
)
def test_an_identity_is_a_known_kind_and_a_plain_name(kind: Any, name: Any, scope: Any) -> None:
    """And a token has a scope, nobody else has."""
    with pytest.raises(RequestError) as wrong:
        Identity(kind, name, scope)
    scope_is_wrong = kind is Kind.TOKEN or scope is not None
    assert wrong.value.rule == ("identity.scope" if scope_is_wrong else "identity.name")
    assert str(wrong.value).startswith(
        "guard: a token needs a scope, and only"
        if scope_is_wrong
        else "guard: an identity's name must match [a-zA-Z0-9]["
    )


def test_time_is_an_argument(tmp_path: Path) -> None:
    """A time without a zone is refused before anything is decided."""
    with pytest.raises((TypeError, ValueError)):
        gate(tmp_path).ask(STATUS, OWNER, LIVE, datetime(2026, 1, 1))  # noqa: DTZ001
