"""`jett ops`, `guard`, `audit` and `token` as processes, against a real Docker engine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Jett
from tests.system.docker_engine import TestEngine

pytestmark = pytest.mark.root

POLICY = """
version = 1
place = "on the VPS"
[containers.n8n]
actions = ["status", "logs", "stats", "start", "stop", "restart"]
[containers.proxy]
actions = ["status"]
status_only = true
[identities.terminal]
verbs = ["list", "status", "logs", "stats", "start", "stop", "restart"]
[identities.voice]
verbs = ["list", "status"]
"""
SECRET = "ghp_0123456789abcdefghij0123456789abcdef"
SERVES = f"trap 'exit 0' TERM; echo started with token={SECRET}; while :; do sleep 0.1; done"


@pytest.fixture
def jett(engine: TestEngine, tmp_path: Path) -> Jett:
    (tmp_path / "policy.toml").write_text(POLICY, "utf-8")
    jett = Jett(tmp_path, tmp_path / "models")
    jett.env["JETT_OPS__DOCKER"] = engine.address
    return jett


def test_a_restart_from_the_terminal_is_seen_and_recorded(jett: Jett, engine: TestEngine) -> None:
    """With --yes, since nobody sits at this terminal; the chain is whole and its last record says done."""
    engine.run("n8n", SERVES)
    before = engine.state("n8n", ".State.StartedAt")
    done = jett("ops", "restart", "n8n", "--yes", "--json")
    assert done.returncode == 0, done.stderr
    row = json.loads(done.stdout)
    assert (row["verb"], row["target"], row["result"]) == ("restart", "n8n", "done")
    assert row["spoken"].startswith("n8n is back up after ")
    assert engine.state("n8n", ".State.StartedAt") != before
    verified = json.loads(jett("audit", "verify", "--json").stdout)
    assert (verified["intact"], verified["records"], verified["unfinished"]) == (True, 4, [])
    last = json.loads(jett("audit", "tail", "-n", "1", "--json").stdout)
    assert (last["kind"], last["verdict"], last["identity"]) == ("outcome", "done", "terminal/owner")


def test_without_a_terminal_and_without_yes_nothing_changes(jett: Jett, engine: TestEngine) -> None:
    """The exit code is the guard's."""
    engine.run("n8n", SERVES)
    refused = jett("ops", "stop", "n8n")
    assert refused.returncode == 7
    assert "add --yes" in refused.stderr
    assert engine.state("n8n") == "running"


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("restart", "proxy", "--yes"), 7, "container.lifeline"),
        (("restart", "stranger", "--yes"), 7, "container.unlisted"),
        (("start", "n8n", "--yes"), 7, "container.absent"),
        (("status", "n8n;rm -rf /"), 7, "not a name"),
        (("logs", "proxy"), 7, "container.action"),
    ],
)
def test_a_refusal_names_its_rule(jett: Jett, engine: TestEngine, words: tuple[str, ...], code: int, says: str) -> None:
    """On standard error, with nothing on standard output."""
    engine.run("proxy", SERVES)
    engine.run("stranger", SERVES)
    refused = jett("ops", *words)
    assert (refused.returncode, refused.stdout) == (code, "")
    assert says in refused.stderr


def test_reads_need_no_yes_and_show_no_secret(jett: Jett, engine: TestEngine) -> None:
    """List, status, logs and stats."""
    engine.run("n8n", SERVES)
    engine.run("stranger", SERVES)
    listed = json.loads(jett("ops", "list", "--json").stdout)
    assert [container["name"] for container in listed["containers"]] == ["n8n"]
    assert jett("ops", "status", "n8n").stdout == "n8n is running.\n"
    logs = jett("ops", "logs", "n8n", "--lines", "5").stdout
    assert "started with" in logs
    assert "ghp_" not in logs
    assert "of memory" in jett("ops", "stats", "n8n").stdout


def test_an_engine_out_of_reach_is_said(jett: Jett, tmp_path: Path) -> None:
    """What, where, and the fix; and it is on record that nothing could be seen."""
    refused = jett("ops", "status", "n8n", JETT_OPS__DOCKER=f"unix://{tmp_path}/none.sock")
    assert refused.returncode == 8
    assert "cannot be reached" in refused.stderr
    assert "container.live_unknown" in jett("audit", "tail").stdout


def test_a_touched_record_is_found(jett: Jett, engine: TestEngine, tmp_path: Path) -> None:
    """One letter of one record."""
    engine.run("n8n", SERVES)
    jett("ops", "status", "n8n")
    (segment,) = (tmp_path / "audit").glob("*.jsonl")
    segment.write_bytes(segment.read_bytes().replace(b"terminal/owner", b"terminal/0wner", 1))
    verified = jett("audit", "verify")
    assert verified.returncode == 7
    assert "TOUCHED" in verified.stdout
    again = jett("ops", "status", "n8n")
    assert again.returncode == 7
    assert "audit verify" in again.stderr


def test_a_policy_with_a_mistake_stops_everything(jett: Jett, engine: TestEngine, tmp_path: Path) -> None:
    """And is named by `guard check`."""
    engine.run("n8n", SERVES)
    (tmp_path / "policy.toml").write_text(POLICY.replace('"restart"]\n[containers.proxy', '"exec"]\n[containers.proxy'))
    refused = jett("ops", "status", "n8n")
    assert refused.returncode == 2
    assert "exec" in refused.stderr
    checked = jett("guard", "check")
    assert checked.returncode == 2
    assert "containers.n8n.actions" in checked.stderr


def test_a_verdict_is_explained_without_doing_anything(jett: Jett, engine: TestEngine) -> None:
    """By the words that somebody might say."""
    engine.run("n8n", SERVES)
    said = "Hey Jett, restart N eight N!"
    explained = json.loads(jett("guard", "explain", said, "--as", "terminal", "--json").stdout)
    assert (explained["understood"], explained["verdict"]) == ("restart n8n", "confirm")
    denied = json.loads(jett("guard", "explain", "restart n8n", "--json").stdout)
    assert (denied["verdict"], denied["rule"]) == ("deny", "identity.policy")
    assert jett("audit", "tail").stdout == ""


def test_a_token_is_shown_once_and_revoked(jett: Jett) -> None:
    """Its secret is in no file and no list."""
    made = json.loads(jett("token", "create", "phone", "--verb", "status", "--container", "n8n", "--json").stdout)
    listed = jett("token", "list", "--json").stdout
    assert made["secret"].startswith("jett_")
    assert made["secret"] not in listed
    assert made["secret"] not in (jett.folder / "tokens.json").read_text("utf-8")
    assert jett("token", "revoke", "phone").returncode == 0
    assert json.loads(jett("token", "list", "--json").stdout)["tokens"][0]["state"] == "revoked"
