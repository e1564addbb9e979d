"""What `jett guard`, `ops` and `token` say to somebody with no policy yet, or one that does not fit; no server runs."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Jett

POLICY = f"""
version = 1
[containers.n8n]
actions = ["status", "logs", "restart"]
[containers.secret-keeper]
actions = ["logs"]
[workflows.backup]
[workflows.tidy.arguments.days]
type = "int"
[tools.home.get_state]
definition = "sha256:{"a" * 64}"
[tools.home.set_light]
definition = "sha256:{"a" * 64}"
description = "Switch a light."
changes = true
[tools.home.set_light.arguments.on]
type = "bool"
[identities.terminal]
verbs = ["list", "status", "logs", "restart", "run_workflow", "change_tool"]
workflows = ["backup"]
[identities.token]
verbs = ["status"]
[tokens.phone]
verbs = ["status"]
containers = ["n8n"]
"""


@pytest.fixture
def jett(bare: Jett) -> Jett:
    (bare.folder / "policy.toml").write_text(POLICY, "utf-8")
    return bare


def explained(jett: Jett, sentence: str) -> dict[str, str]:
    row: dict[str, str] = json.loads(jett("guard", "explain", sentence, "--as", "terminal", "--json").stdout)
    return row


@pytest.mark.parametrize(
    "words",
    [
        ("guard", "explain", "restart n8n"),
        ("guard", "check"),
        ("ops", "list"),
        ("ops", "restart", "n8n"),
        ("ops", "run", "backup"),
    ],
)
def test_without_a_policy_its_place_is_named(bare: Jett, words: tuple[str, ...]) -> None:
    said = bare(*words)
    assert said.returncode == 2
    assert said.stderr.startswith(
        f"error: policy: there is no file {bare.folder / 'policy.toml'}, so nothing is allowed"
    )


def test_a_request_without_a_policy_is_on_record_as_refused(bare: Jett) -> None:
    bare("ops", "list")
    assert "identity.policy" in bare("audit", "tail").stdout


@pytest.mark.parametrize(
    ("sentence", "understood", "reason"),
    [
        (
            "stop the database",
            "stop of an unknown name",
            "nothing is called 'database'; names known: n8n, secret-keeper",
        ),
        ("Hey Jett, restart foo!", "restart of an unknown name", "nothing is called 'foo'; names known: n8n,"),
        (
            "run the nonsense workflow",
            "run_workflow of an unknown name",
            "nothing is called 'nonsense'; names known: backup",
        ),
        ("tell me a joke", "nothing for the servers", "no operation is asked for"),
    ],
)
def test_a_sentence_with_an_unknown_name_is_told_what_is_known(
    jett: Jett, sentence: str, understood: str, reason: str
) -> None:
    row = explained(jett, sentence)
    assert (row["understood"], row["verdict"]) == (understood, "none")
    assert row["reason"].startswith(reason)


@pytest.mark.parametrize(
    ("name", "understood", "verdict"),
    [
        ("home.set_light", "change_tool home.set_light", "confirm"),
        ("home.get_state", "read_tool home.get_state", "deny"),
        ("backup", "run_workflow backup", "confirm"),
        ("tidy", "run_workflow tidy", "deny"),
    ],
)
def test_a_tool_or_workflow_is_explained_by_its_name(jett: Jett, name: str, understood: str, verdict: str) -> None:
    """As if its arguments were right."""
    row = explained(jett, name)
    assert (row["understood"], row["verdict"]) == (understood, verdict)
    assert row["rule"] != "tool.arguments"


def test_a_missing_address_of_docker_is_named_by_reads_and_changes(jett: Jett) -> None:
    for words in (("list",), ("status", "n8n"), ("restart", "n8n", "--yes")):
        said = jett("ops", *words)
        assert said.returncode == 8
        assert said.stderr.strip() == "error: docker: no address is set; set ops.docker"


def test_a_missing_address_of_n8n_blames_no_server(jett: Jett) -> None:
    said = jett("ops", "run", "backup", "--yes")
    assert (said.returncode, said.stdout) == (8, "My settings don't say where that server is.\n")
    assert said.stderr == "error: n8n: no address is set; set ops.n8n_url and ops.n8n_token_file\n"


@pytest.mark.parametrize("name", ["n8nn", "N8N", "n8"])
def test_a_name_nearly_right_is_refused_and_the_right_one_offered(jett: Jett, name: str) -> None:
    said = jett("ops", "status", name)
    assert said.returncode == 7
    assert said.stderr.endswith("(rule container.unlisted); did you mean n8n?\n")


def test_a_name_that_may_not_be_seen_is_not_offered(jett: Jett) -> None:
    """Nor is one for a name that is like none, or one that is refused for another reason."""
    for words in (("status", "secret-keepr"), ("status", "postgres"), ("status", "secret-keeper")):
        assert "did you mean" not in jett("ops", *words).stderr


def test_the_lines_of_a_log_may_be_asked_for_shortly(jett: Jett) -> None:
    assert "no address is set" in jett("ops", "logs", "n8n", "-n", "5").stderr


def test_a_mistake_in_the_policy_names_its_file(jett: Jett) -> None:
    (jett.folder / "policy.toml").write_text("version = 1\nplaec = 1", "utf-8")
    assert jett("ops", "list").stderr.strip().endswith(f"(in {jett.folder / 'policy.toml'})")


def test_a_check_shows_tokens_and_warns_of_what_has_no_effect(jett: Jett) -> None:
    """It is in order all the same."""
    words = {"JETT_OPS__ALSO_CALLED": json.dumps({"n8n": ["automation"], "postgrs": ["database"]})}
    checked = jett("guard", "check", **words)
    assert checked.returncode == 0
    assert "  the token phone may at most: status; of containers only n8n\n" in checked.stdout
    assert checked.stderr.splitlines() == [
        "warning: workflow tidy: no identity may run_workflow it; "
        "add run_workflow to the verbs of an identity, and the name where it lists names",
        "warning: tool home.get_state: no identity may read_tool it; "
        "add read_tool to the verbs of an identity, and the name where it lists names",
        "warning: tool home.get_state: has no description, and the language model is told nothing else; write one line",
        "warning: ops.also_called has 'postgrs', which the policy does not list; correct the name or take it away",
    ]
    report = json.loads(jett("guard", "check", "--json", **words).stdout)
    assert len(report["warnings"]) == 4
    assert report["tokens"] == {"phone": "status; of containers only n8n"}


@pytest.mark.parametrize(
    ("verb", "what"),
    [("restart", "container"), ("run_workflow", "workflow"), ("read_tool", "tool")],
)
def test_a_token_for_something_without_a_name_is_not_made(jett: Jett, verb: str, what: str) -> None:
    said = jett("token", "create", "phone", "--verb", "list", "--verb", verb)
    assert said.returncode == 7
    assert (
        f"token create: verb '{verb}' is asked of a {what}, and none is named; add --container {what.upper()}"
        in said.stderr
    )
    assert not (jett.folder / "tokens.json").exists()


def test_a_token_for_what_the_policy_does_not_list_is_made_with_a_warning(jett: Jett) -> None:
    named = ("--container", "n8n", "--container", "backup", "--container", "home.get_state")
    made = jett("token", "create", "phone", "--verb", "status", *named, "--container", "n8nn", "--json")
    assert json.loads(made.stdout)["targets"] == ["backup", "home.get_state", "n8n", "n8nn"]
    assert made.stderr.splitlines() == [
        "warning: token create: the policy lists no container, workflow or tool 'n8nn'; until then it is refused"
    ]


def test_a_token_made_before_the_policy_is_warned_of(bare: Jett) -> None:
    made = bare("token", "create", "phone", "--verb", "status", "--container", "n8n", "--json")
    assert made.returncode == 0
    assert made.stderr.startswith("warning: policy: there is no file")


def test_a_list_of_tokens_shows_every_name(jett: Jett) -> None:
    """Also those that none of its verbs can name."""
    jett("token", "create", "phone", "--verb", "list", "--container", "n8n")
    jett("token", "create", "bell", "--verb", "announce")
    assert jett("token", "list").stdout == "phone: list on n8n; good\nbell: announce; good\n"


def test_a_token_is_explained_as_it_was_made_and_not_at_all_when_it_is_good_no_more(jett: Jett) -> None:
    """Its scope counts; one that is revoked, and one that never was, may do nothing."""
    jett("token", "create", "phone", "--verb", "status", "--container", "secret-keeper")
    narrow = jett("guard", "explain", "is n8n up", "--as", "token:phone", "--json")
    assert json.loads(narrow.stdout)["rule"] == "identity.scope"
    jett("token", "revoke", "phone")
    revoked = jett("guard", "explain", "is n8n up", "--as", "token:phone")
    assert (revoked.returncode, "revoked or has expired" in revoked.stderr) == (7, True)
    unknown = jett("guard", "explain", "is n8n up", "--as", "token:nobody")
    assert unknown.stderr == "error: guard: there is no token 'nobody'; `jett token list` shows those there are\n"


def recorded(jett: Jett) -> list[tuple[str, str, str]]:
    """Kind, rule and detail of every record."""
    lines = jett("audit", "export").stdout.splitlines()
    return [(row["kind"], row["rule"], row["detail"]) for row in map(json.loads, lines)]


def test_an_attempt_that_is_no_request_is_in_the_record(jett: Jett) -> None:
    """A path for a name, and arguments that are no JSON."""
    assert jett("ops", "restart", "../../n8n", "--yes").returncode == 7
    assert jett("ops", "run", "backup", "--arguments", "{database: n8n}").returncode == 7
    assert [(kind, rule) for kind, rule, _ in recorded(jett)] == [
        ("request", "request.name"),
        ("request", "request.json"),
    ]


def test_tokens_made_and_revoked_are_in_the_record(jett: Jett) -> None:
    """And what they were made for, never their secret."""
    secret = jett("token", "create", "phone", "--verb", "status", "--container", "n8n").stdout.strip()
    jett("token", "revoke", "phone")
    notes = [detail for kind, _, detail in recorded(jett) if kind == "note"]
    assert notes == ["token phone is made, for status on n8n", "token phone is revoked"]
    assert secret not in jett("audit", "export").stdout


@pytest.mark.parametrize("name", ["secretbox", "passwords", "token", "auth-proxy"])
def test_a_name_that_looks_like_a_secrets_takes_no_word_of_the_refusal(jett: Jett, name: str) -> None:
    """What Jett says itself is no secret of `secretbox:`."""
    said = jett("ops", "logs", name)
    assert said.returncode == 7
    assert said.stderr == (
        f"error: guard: logs {name} was refused: I don't know that container. (rule container.unlisted)\n"
    )
