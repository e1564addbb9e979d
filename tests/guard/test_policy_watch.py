"""A policy file that is edited while the gate is open. Real files; the clock is that of the file, and then some."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jett.core.errors import AuditError, PermitError
from jett.guard import AuditLog, Gate, Permit, Policy, PolicyWatch, Question, Refused, Request, Verb, parse_policy, tail
from tests.guard.support import LIVE, OWNER, POLICY, POLICY_TEXT

STATUS = Request(Verb.STATUS, "n8n")
RESTART = Request(Verb.RESTART, "n8n")
NOTHING = 'version = 1\n[identities.voice]\nverbs = ["list"]\n'
WRONG = POLICY_TEXT + "[containers.n8n.more]\n"


class Scene:
    """A file, a gate that follows it, and what it complained of."""

    def __init__(self, folder: Path, text: str = POLICY_TEXT) -> None:
        self.file, self.told = folder / "policy.toml", list[str]()
        self.file.write_text(text, "utf-8")
        self.watch = PolicyWatch(self.file, self.told.append)
        self.log = AuditLog(folder / "audit")
        self.gate = Gate(self.watch.policy, self.log, watch=self.watch)

    def written(self, seconds: float) -> datetime:
        """So long after the file was last written."""
        return datetime.fromtimestamp(self.file.stat().st_ctime, UTC) + timedelta(seconds=seconds)

    def edit(self, text: str) -> None:
        """As an editor does: a new file in the place of the old one."""
        new = self.file.with_name("new")
        new.write_text(text, "utf-8")
        new.replace(self.file)

    def ask(self, request: Request, now: datetime) -> str:
        answer = self.gate.ask(request, OWNER, LIVE, now)
        return answer.rule if isinstance(answer, Refused) else type(answer).__name__

    def notes(self) -> list[str]:
        return [record.detail for record in tail(self.log, 100) if record.kind == "note"]


def test_an_edit_is_in_force_at_the_next_question(tmp_path: Path) -> None:
    """However long ago it was made, and with a record."""
    scene = Scene(tmp_path)
    assert scene.ask(STATUS, scene.written(0)) == "Permit"
    scene.edit(NOTHING)
    assert scene.ask(STATUS, scene.written(3600)) == "identity.policy"
    assert scene.gate.policy == parse_policy(NOTHING)
    assert scene.notes() == ["another policy is in force"]
    assert [record.kind for record in tail(scene.log, 2)] == ["note", "request"]


def test_a_file_that_is_being_written_is_not_taken_for_a_policy(tmp_path: Path) -> None:
    """Half of it can allow more than the whole: here the list of containers is not written yet."""
    half, whole = POLICY_TEXT.split("containers = [", 1)
    scene = Scene(tmp_path)
    scene.edit(half)
    assert scene.ask(STATUS, scene.written(0.5)) == "Permit"
    assert scene.gate.policy is scene.watch.policy == POLICY
    scene.file.write_text(half + "containers = [" + whole + "[limits]\noverall = 3\n", "utf-8")
    assert scene.ask(STATUS, scene.written(1.6)) == "Permit"
    assert scene.gate.policy.limits.overall == 3
    assert scene.notes() == ["another policy is in force"]


def test_a_file_from_the_future_has_to_stand_still_between_two_looks(tmp_path: Path) -> None:
    """The clock was set back: how fresh it is cannot be told."""
    scene = Scene(tmp_path)
    scene.edit(NOTHING)
    assert scene.ask(STATUS, scene.written(-3600)) == "Permit"
    assert scene.ask(STATUS, scene.written(-3599.5)) == "Permit"
    assert scene.ask(STATUS, scene.written(-3598)) == "identity.policy"


def test_it_is_looked_at_once_a_second_at_most(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    now = scene.written(100)
    scene.ask(STATUS, now)
    scene.edit(NOTHING)
    assert scene.ask(STATUS, now + timedelta(seconds=0.9)) == "Permit"
    assert scene.ask(STATUS, now + timedelta(seconds=1)) == "identity.policy"


def test_an_open_question_and_an_unused_permit_end_with_the_policy_they_came_from(tmp_path: Path) -> None:
    """Though the new one would allow the same; the answer is told that it is late, and the record says why."""
    scene = Scene(tmp_path)
    now = scene.written(0)
    scene.gate.ask(RESTART, OWNER, LIVE, now, conversation="another")
    permit = scene.gate.ask(STATUS, OWNER, LIVE, now)
    assert isinstance(permit, Permit)
    assert isinstance(scene.gate.ask(RESTART, OWNER, LIVE, now), Question)
    scene.gate.answer("no", OWNER, now, conversation="another")  # this one has nothing left to lapse
    scene.edit(POLICY_TEXT + "[limits]\noverall = 9\n")
    now = scene.written(2)
    late = scene.gate.answer("yes", OWNER, now)
    assert late == Refused("confirmation.none", "That question has run out. Please ask again.", late.operation)
    with pytest.raises(PermitError):
        scene.gate.redeem(permit, now)
    void = [record for record in tail(scene.log, 9) if record.rule == "policy.replaced"]
    assert [(record.kind, record.verb, record.verdict) for record in void] == [("confirmation", "restart", "expired")]


def test_a_mistake_keeps_the_old_policy_and_is_told_once(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.edit(WRONG)
    for seconds in (2, 4, 6):
        assert scene.ask(STATUS, scene.written(seconds)) == "Permit"
    assert scene.told == [scene.watch.trouble]
    assert "containers.n8n.more" in scene.watch.trouble
    assert scene.watch.trouble.endswith("the policy that was read before stays in force")
    assert scene.notes() == []
    scene.edit(POLICY_TEXT)
    scene.ask(STATUS, scene.written(8))
    assert (scene.watch.trouble, len(scene.told)) == ("", 1)


def test_a_mistake_of_the_start_allows_nothing_until_it_is_mended(tmp_path: Path) -> None:
    scene = Scene(tmp_path, WRONG)
    assert "containers.n8n.more" in scene.watch.trouble
    assert scene.ask(STATUS, scene.written(0)) == "identity.policy"
    scene.edit(POLICY_TEXT)
    assert scene.ask(STATUS, scene.written(2)) == "Permit"
    assert scene.watch.trouble == ""


def test_a_mode_that_lets_others_write_is_a_mistake_and_its_correction_an_edit(tmp_path: Path) -> None:
    scene = Scene(tmp_path, NOTHING)
    scene.edit(POLICY_TEXT)
    scene.file.chmod(0o666)
    assert scene.ask(STATUS, scene.written(2)) == "identity.policy"
    assert "chmod go-w" in scene.watch.trouble
    scene.file.chmod(0o600)
    assert scene.ask(STATUS, scene.written(4)) == "Permit"


def test_without_its_file_nothing_is_allowed_from_the_next_look_on(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    now = scene.written(0)
    scene.file.unlink()
    assert scene.ask(STATUS, now) == "identity.policy"
    assert scene.gate.policy == Policy()
    scene.edit(POLICY_TEXT)
    assert scene.ask(STATUS, scene.written(2)) == "Permit"


def test_the_same_policy_written_again_disturbs_no_question(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    now = scene.written(0)
    assert isinstance(scene.gate.ask(RESTART, OWNER, LIVE, now), Question)
    scene.edit("# a remark\n" + POLICY_TEXT)
    assert isinstance(scene.gate.answer("yes", OWNER, scene.written(2)), Permit)
    assert scene.notes() == []


def test_a_file_that_changes_while_it_is_read_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it was a policy or a mistake at that moment."""
    scene = Scene(tmp_path)
    for text in (NOTHING, WRONG):
        scene.edit(text)
        with monkeypatch.context() as hurried:
            stamps = iter([(1, 1, 1), (2, 2, 2)])
            hurried.setattr(PolicyWatch, "_stamp", lambda _, stamps=stamps: next(stamps))
            assert scene.watch.newer(10**13) is None
        assert (scene.watch.trouble, scene.watch.policy) == ("", POLICY)
        scene.watch.newer(0)
    assert scene.watch.edited()


def test_an_edit_is_in_force_without_a_question_too(tmp_path: Path) -> None:
    """What is made from the policy, such as the names that are understood, waits for no request."""
    scene = Scene(tmp_path)
    scene.gate.settle(scene.written(2))
    assert not scene.log.folder.exists()
    scene.edit(NOTHING)
    scene.gate.settle(scene.written(2))
    assert scene.gate.policy == parse_policy(NOTHING)


def test_without_a_record_of_it_an_edit_is_not_in_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(tmp_path)
    scene.edit(NOTHING)
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda *_: 0)
        with pytest.raises(AuditError):
            scene.gate.settle(scene.written(2))
    assert scene.gate.policy == POLICY
    scene.gate.settle(scene.written(4))
    assert scene.gate.policy == parse_policy(NOTHING)
