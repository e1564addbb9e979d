"""What `jett doctor` says of the policy and of the record: what is in order is no warning; each warning has a fix."""

from __future__ import annotations

import json
import os
import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from jett.cli.findings import Finding
from jett.cli.findings_guard import guard
from jett.settings import Settings
from tests.cli.conftest import Jett

Usage = namedtuple("Usage", "total used free")


def found(folder: Path) -> dict[str, Finding]:
    overrides = {"ops.policy": folder / "policy.toml", "ops.audit_dir": folder / "audit"}
    return {finding.name: finding for finding in guard(Settings.load(env={}, overrides=overrides))}


def free(patch: pytest.MonkeyPatch, n_bytes: int) -> None:
    patch.setattr(shutil, "disk_usage", lambda _: Usage(2**40, 0, n_bytes))


def test_with_room_and_without_a_log_nothing_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free(monkeypatch, 2**30)
    assert [finding.fix for finding in found(tmp_path).values()] == ["", ""]


def test_less_than_a_gib_of_room_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free(monkeypatch, 2**30 - 1)
    record = found(tmp_path)["record"]
    assert "need 1.0 GiB" in record.value
    assert (record.stops, record.fix) == ("", f"make room on the disk of {tmp_path}")


def test_a_log_of_more_than_a_gib_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free(monkeypatch, 2**40)
    (tmp_path / "audit").mkdir()
    for number, size in ((1, 2**30), (2, 1)):
        with (tmp_path / "audit" / f"audit-00000{number}.jsonl").open("wb") as file:
            os.truncate(file.fileno(), size)
    assert "jett audit tail" in found(tmp_path)["record"].fix
    (tmp_path / "audit" / "audit-000002.jsonl").unlink()
    assert found(tmp_path)["record"].fix == ""


def test_a_policy_with_a_mistake_is_a_warning_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text("version = 2\n", "utf-8")
    policy = found(tmp_path)["policy"]
    assert "version is 2, must be 1" in policy.value
    assert policy.fix == "correct the policy, then: jett guard check"


def test_doctor_tells_it_and_can_still_talk(jett: Jett) -> None:
    policy = jett.folder / "policy.toml"
    policy.write_text("version = 2\n", "utf-8")
    told = jett("doctor", JETT_OPS__POLICY=str(policy))
    assert "warning: policy: policy: version is 2, must be 1" in told.stdout
    report = json.loads(jett("doctor", "--json", JETT_OPS__POLICY=str(policy)).stdout)
    assert not [problem for problem in report["problems"] if problem["subject"] == "guard"]
