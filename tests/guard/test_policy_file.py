"""The policy file: what is read, what is refused, and how that is said."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jett.core.errors import PolicyError
from jett.guard import Kind, Policy, Verb, load_policy, parse_policy
from jett.guard.calls import ArgumentRule, ToolRule
from jett.guard.policy import ContainerRule, IdentityRule
from jett.guard.policy_file import MAX_FILE_BYTES
from jett.guard.rate_limit import Limits
from tests.guard.support import POLICY

EXAMPLE = Path(__file__).parents[2] / "examples" / "policy.toml"
HEAD = "version = 1\n"
TOOL = f'[tools.a.b]\ndefinition = "sha256:{"a" * 64}"\n'
SUM = '[workflows.sum]\n[workflows.sum.arguments.a]\ntype = "'


def test_every_part_of_a_file_is_read() -> None:
    """Types, limits and defaults."""
    policy = parse_policy(
        HEAD
        + """
        place = "on the VPS"
        [limits]
        per_identity = 3
        overall = 5
        [containers.a]
        actions = ["status", "stop"]
        [containers.proxy]
        actions = ["status"]
        status_only = true
        [workflows.w.arguments]
        s = { type = "string", max_chars = 5, required = false }
        i = { type = "int", minimum = -5, maximum = 5 }
        b = { type = "bool" }
        e = { type = "enum", values = ["x"] }
        j = { type = "int" }
        k = { type = "int", minimum = 2000000 }
        t = { type = "string" }
        [identities.terminal]
        verbs = ["list"]
        containers = []
        [tools.home.look]
        definition = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        [tools.home."set.Light"]
        definition = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
        description = "Switch a light."
        changes = true
        [tools.home."set.Light".arguments.isOn]
        type = "bool"
        [tokens.phone]
        verbs = ["status"]
        workflows = ["w"]
        [tokens.tablet]
        verbs = ["read_tool"]
        tools = ["home.look"]
        """
    )
    assert policy.place == "on the VPS"
    assert policy.limits == Limits(3, 5)
    assert policy.containers == {
        "a": ContainerRule(frozenset({Verb.STATUS, Verb.STOP})),
        "proxy": ContainerRule(frozenset({Verb.STATUS}), status_only=True),
    }
    assert policy.workflows["w"].arguments == {
        "s": ArgumentRule("string", required=False, max_chars=5),
        "i": ArgumentRule("int", minimum=-5, maximum=5),
        "b": ArgumentRule("bool"),
        "e": ArgumentRule("enum", values=frozenset({"x"})),
        "j": ArgumentRule("int", minimum=0, maximum=1_000_000),
        "k": ArgumentRule("int", minimum=2_000_000, maximum=2_000_000),
        "t": ArgumentRule("string", max_chars=500),
    }
    assert policy.identities == {Kind.TERMINAL: IdentityRule(frozenset({Verb.LIST}), frozenset())}
    assert policy.tokens == {
        "phone": IdentityRule(frozenset({Verb.STATUS}), None, frozenset({"w"})),
        "tablet": IdentityRule(frozenset({Verb.READ_TOOL}), tools=frozenset({"home.look"})),
    }
    assert policy.tools == {
        "home.look": ToolRule(f"sha256:{'a' * 64}", ""),
        "home.set.Light": ToolRule(f"sha256:{'0' * 64}", "Switch a light.", {"isOn": ArgumentRule("bool")}, True),
    }


def test_a_file_with_nothing_but_its_version_is_an_empty_policy() -> None:
    """Which denies everything."""
    assert parse_policy(HEAD) == Policy()
    assert Policy().limits == Limits(10, 10)


WRONG: list[tuple[str, str, str]] = [
    ("no version", "", "policy: version is 0, must be 1; write version = 1 and look at the example"),
    ("another version", "version = 2", "policy: version is 2, must be 1; write version = 1 and look at the example"),
    (
        "a version that is true",
        "version = true",
        "policy: version is True, must be a whole number from 0 to 1000000; correct it",
    ),
    (
        "an enrolled voice of a kind that has none",
        HEAD + "[identities.dashboard]\nchanges_need_enrolled_voice = true",
        "policy: identities.dashboard.changes_need_enrolled_voice is true, but has no voice; it is for",
    ),
    (
        "an enrolled voice of a token",
        HEAD + "[tokens.phone]\nchanges_need_enrolled_voice = true",
        "policy: tokens.phone.changes_need_enrolled_voice is true, but has no voice;",
    ),
    (
        "an enrolled voice that is no yes or no",
        HEAD + '[identities.voice]\nchanges_need_enrolled_voice = "anna"',
        "policy: identities.voice.changes_need_enrolled_voice is 'anna'; write true or false",
    ),
    ("no TOML", "version = ", "policy: not TOML (Invalid value (at end of document)); correct the file"),
    ("a key twice", HEAD + "[containers.a]\n[containers.a]", "policy: not TOML ("),
    ("an unknown key", HEAD + "plaec = 1", "policy: plaec is unknown; correct its spelling or take it away"),
    ("an unknown table", HEAD + "[container.a]", "policy: container is unknown;"),
    ("an unknown limit", HEAD + "[limits]\nminute = 1", "policy: limits.minute is unknown;"),
    ("an unknown key of a container", HEAD + "[containers.a]\nverbs = []", "policy: containers.a.verbs is unknown;"),
    ("an unknown key of an identity", HEAD + "[identities.voice]\nx = 1", "policy: identities.voice.x is unknown;"),
    ("an unknown key of a workflow", HEAD + "[workflows.w]\nurl = ''", "policy: workflows.w.url is unknown;"),
    (
        "an unknown key of an argument",
        HEAD + SUM + 'int"\nvalues = ["a"]',
        "policy: workflows.sum.arguments.a.values is unknown;",
    ),
    (
        "a raised limit",
        HEAD + "[limits]\noverall = 11",
        "policy: limits.overall is 11, must be a whole number from 1 to 10; correct it",
    ),
    ("no limit", HEAD + "[limits]\nper_identity = 0", "policy: limits.per_identity is 0, must be"),
    ("no table", HEAD + "containers = 1", "policy: containers is not a table; write [containers]"),
    ("a list for a table", HEAD + "[[containers.a]]", "policy: containers.a is not a table; write [containers.a]"),
    ("no name", HEAD + '[containers."a b"]', "policy: containers.a b is not a possible name; use letters, digits"),
    ("a look-alike", HEAD + '[containers."pоstgres"]', "policy: containers.pоstgres is not a possible name;"),
    ("no name of a workflow", HEAD + '[workflows."../x"]', "policy: workflows.../x is not a possible name;"),
    ("no name of a token", HEAD + '[tokens."a b"]', "policy: tokens.a b is not a possible name;"),
    (
        "no name of an argument",
        HEAD + "[workflows.w.arguments._a]\ntype='bool'",
        "policy: workflows.w.arguments._a is not a possible name;",
    ),
    (
        "a verb that there is not",
        HEAD + '[containers.a]\nactions = ["exec"]',
        "policy: containers.a.actions has 'exec'; it may hold logs, restart, start, stats, status, stop",
    ),
    (
        "a verb that is not a container's",
        HEAD + '[containers.a]\nactions = ["list"]',
        "policy: containers.a.actions has 'list'; it may hold logs,",
    ),
    (
        "all verbs",
        HEAD + '[identities.voice]\nverbs = ["*"]',
        "policy: identities.voice.verbs has '*'; it may hold announce, change_tool, list,",
    ),
    (
        "actions as text",
        HEAD + '[containers.a]\nactions = "status"',
        "policy: containers.a.actions must be a list of text;",
    ),
    (
        "actions as numbers",
        HEAD + "[containers.a]\nactions = [1]",
        "policy: containers.a.actions must be a list of text;",
    ),
    (
        "an action twice",
        HEAD + '[containers.a]\nactions = ["logs", "logs"]',
        "policy: containers.a.actions has an entry twice, or more than 256; take some away",
    ),
    (
        "a flag as text",
        HEAD + '[containers.a]\nstatus_only = "no"',
        "policy: containers.a.status_only is 'no'; write true or false",
    ),
    (
        "a kind that there is not",
        HEAD + "[identities.admin]",
        "policy: identities.admin is no kind of identity; it is one of voice, dashboard, token, terminal",
    ),
    (
        "a container without a table",
        HEAD + '[identities.voice]\nverbs=[]\ncontainers = ["a"]',
        "policy: identities.voice.containers has 'a', which has no table of its own; add one or take it away",
    ),
    (
        "a workflow without a table",
        HEAD + '[tokens.t]\nworkflows = ["a"]',
        "policy: tokens.t.workflows has 'a', which has no table of its own;",
    ),
    (
        "a tool without a table",
        HEAD + '[tokens.t]\ntools = ["a.b"]',
        "policy: tokens.t.tools has 'a.b', which has no table of its own;",
    ),
    ("a tool without a definition", HEAD + "[tools.a.b]", "policy: tools.a.b.definition is not sha256: and 64 hex"),
    (
        "a definition that is too short",
        HEAD + f'[tools.a.b]\ndefinition = "sha256:{"a" * 63}"',
        "policy: tools.a.b.definition is not sha256: and 64 hex",
    ),
    (
        "a definition that is too long",
        HEAD + f'[tools.a.b]\ndefinition = "sha256:{"a" * 65}"',
        "policy: tools.a.b.definition must be one line of at most 71 characters;",
    ),
    (
        "a definition in capitals",
        HEAD + f'[tools.a.b]\ndefinition = "sha256:{"A" * 64}"',
        "policy: tools.a.b.definition is not sha256: and 64 hex",
    ),
    ("a long description", HEAD + TOOL + f'description = "{"x" * 301}"', "policy: tools.a.b.description must be one"),
    ("a description of two lines", HEAD + TOOL + 'description = "x\\ny"', "policy: tools.a.b.description must be one"),
    ("an unknown key of a tool", HEAD + TOOL + "url = ''", "policy: tools.a.b.url is unknown;"),
    ("a tool that says yes", HEAD + TOOL + 'changes = "yes"', "policy: tools.a.b.changes is 'yes'; write true or"),
    ("no name of a server", HEAD + "[tools.A.b]", "policy: tools.A.b is not a possible name; server and tool match"),
    ("no name of a tool", HEAD + '[tools.a."b c"]', "policy: tools.a.b c is not a possible name; server and tool"),
    ("a server that is no table", HEAD + "[tools]\na = 1", "policy: tools.a is not a table; write [tools.a]"),
    (
        "a tool's argument of no type",
        HEAD + TOOL + "[tools.a.b.arguments.x]",
        "policy: tools.a.b.arguments.x.type is '';",
    ),
    (
        "no type",
        HEAD + "[workflows.w.arguments.a]",
        "policy: workflows.w.arguments.a.type is ''; it is one of string, int",
    ),
    ("a type that there is not", HEAD + SUM + 'float"', "policy: workflows.sum.arguments.a.type is 'float';"),
    (
        "an empty choice",
        HEAD + SUM + 'enum"',
        "policy: workflows.sum.arguments.a.values is empty; list at least one value",
    ),
    (
        "limits that cross",
        HEAD + SUM + 'int"\nminimum = 5\nmaximum = 4',
        "policy: workflows.sum.arguments.a.maximum is 4, must be a whole number from 5 to 9007199254740992;",
    ),
    ("a longer string", HEAD + SUM + 'string"\nmax_chars = 501', "policy: workflows.sum.arguments.a.max_chars is 501,"),
    (
        "a least number beyond all numbers",
        HEAD + SUM + f'int"\nminimum = {-(2**53) - 1}',
        "policy: workflows.sum.arguments.a.minimum is -9007199254740993, must be a whole number from "
        "-9007199254740992 to 9007199254740992;",
    ),
    (
        "a type of many words",
        HEAD + SUM + "x" * 41 + '"',
        "policy: workflows.sum.arguments.a.type must be one line of at most 40 characters;",
    ),
    ("no string", HEAD + SUM + 'string"\nmax_chars = 0', "policy: workflows.sum.arguments.a.max_chars is 0,"),
    (
        "too many arguments",
        HEAD + "".join(f"[workflows.w.arguments.a{n}]\ntype='bool'\n" for n in range(17)),
        "policy: workflows.w.arguments are 17, at most 16; take some away",
    ),
    (
        "too many containers",
        HEAD + "".join(f"[containers.a{n}]\n" for n in range(257)),
        "policy: containers has 257 entries, at most 256; take some away",
    ),
    (
        "too many entries",
        HEAD + f"[identities.voice]\ncontainers = {[str(n) for n in range(257)]}",
        "policy: identities.voice.containers has an entry twice, or more than 256;",
    ),
    ("too much at the top", HEAD + "".join(f"a{n} = 1\n" for n in range(257)), "policy: the file has 258 entries,"),
    (
        "a place of two lines",
        HEAD + 'place = "a\\nb"',
        "policy: place must be one line of at most 40 characters; correct it",
    ),
    (
        "a long place",
        HEAD + f'place = "{"a" * 41}"',
        "policy: place must be one line of at most 40 characters; correct it",
    ),
    ("a place as number", HEAD + "place = 1", "policy: place must be one line of at most 40 characters; correct it"),
]


@pytest.mark.parametrize(("name", "text", "message"), WRONG, ids=[name for name, _, _ in WRONG])
def test_a_mistake_is_refused_and_named(name: str, text: str, message: str) -> None:
    """The key, the value, the limit and the fix."""
    with pytest.raises(PolicyError) as wrong:
        parse_policy(text)
    assert str(wrong.value).startswith(message)


def test_every_type_of_argument_may_be_optional_and_reach_its_limits() -> None:
    """One character, numbers to 2**53, and nothing required."""
    policy = parse_policy(
        HEAD
        + f"""
        [workflows.w.arguments]
        s = {{ type = "string", max_chars = 1, required = false }}
        i = {{ type = "int", minimum = {-(2**53)}, maximum = {2**53}, required = false }}
        m = {{ type = "int", minimum = {2**53} }}
        b = {{ type = "bool", required = false }}
        e = {{ type = "enum", values = ["x"], required = false }}
        """
    )
    assert policy.workflows["w"].arguments == {
        "s": ArgumentRule("string", False, max_chars=1),
        "i": ArgumentRule("int", False, minimum=-(2**53), maximum=2**53),
        "m": ArgumentRule("int", minimum=2**53, maximum=2**53),
        "b": ArgumentRule("bool", False),
        "e": ArgumentRule("enum", False, values=frozenset({"x"})),
    }


def test_limits_themselves_are_allowed() -> None:
    """As many arguments, containers and characters as there may be."""
    arguments = "".join(f"[workflows.w.arguments.a{n}]\ntype='bool'\n" for n in range(16))
    containers = "".join(f"[containers.a{n}]\n" for n in range(256))
    everything = f"[identities.voice]\ncontainers = {[f'a{n}' for n in range(256)]}\n"
    policy = parse_policy(f'{HEAD}place = "{"a" * 40}"\n{containers}{arguments}{everything}')
    assert (len(policy.containers), len(policy.workflows["w"].arguments)) == (256, 16)
    assert len(policy.identities[Kind.VOICE].containers or ()) == 256


def test_no_file_is_an_empty_policy(tmp_path: Path) -> None:
    """Nothing is read, nothing is changed."""
    assert load_policy(tmp_path / "none.toml") == Policy()


def test_a_file_that_cannot_be_read_is_no_empty_policy(tmp_path: Path) -> None:
    """It is told: a folder, no text, far too long."""
    with pytest.raises(PolicyError) as folder:
        load_policy(tmp_path)
    assert str(folder.value) == f"policy: {tmp_path} cannot be read (Is a directory); correct its path or mode"
    path = tmp_path / "policy.toml"
    path.write_bytes(b"\xff")
    with pytest.raises(PolicyError) as bytes_:
        load_policy(path)
    assert str(bytes_.value) == f"policy: {path} is not UTF-8 text; save it as UTF-8"
    path.write_bytes(HEAD.encode() + b"#" * (MAX_FILE_BYTES - len(HEAD)))
    assert load_policy(path) == Policy()
    path.write_bytes(HEAD.encode() + b"#" * MAX_FILE_BYTES)
    with pytest.raises(PolicyError) as large:
        load_policy(path)
    assert str(large.value) == f"policy: {path} is larger than 262144 bytes; make it shorter"


def test_a_mistake_in_a_file_names_the_file_too(tmp_path: Path) -> None:
    """At the end, after what `parse_policy` says of its text."""
    path = tmp_path / "policy.toml"
    path.write_text(HEAD + "plaec = 1", "utf-8")
    with pytest.raises(PolicyError) as wrong:
        load_policy(path)
    said = "policy: plaec is unknown; correct its spelling or take it away"
    assert str(wrong.value) == f"{said} (in {path})"


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666, 0o664])
def test_a_file_that_others_may_write_is_no_policy(mode: int, tmp_path: Path) -> None:
    """Whoever can write it says what Jett does; that they can read it does no harm."""
    path = tmp_path / "policy.toml"
    path.write_text(HEAD)
    path.chmod(mode)
    with pytest.raises(PolicyError) as open_:
        load_policy(path)
    assert str(open_.value) == f"policy: {path} may be changed by others (mode {mode:04o}); run: chmod go-w {path}"
    path.chmod(mode & ~0o022)
    assert load_policy(path) == Policy()


def test_a_policy_cannot_be_changed_once_read() -> None:
    """Its mappings are read-only."""
    with pytest.raises(TypeError):
        POLICY.containers["x"] = ContainerRule(frozenset())  # type: ignore[index]


def test_the_example_is_a_good_policy() -> None:
    """And its lifelines are lifelines."""
    policy = parse_policy(EXAMPLE.read_text("utf-8"))
    assert {"n8n", "postgres", "qdrant"} <= set(policy.containers)
    assert policy.containers["socket-proxy"].status_only
    assert not [rule for one in policy.workflows.values() for rule in one.arguments.values() if rule.required]
    assert {Verb.LIST, Verb.STATUS, Verb.LOGS} <= policy.identities[Kind.TOKEN].verbs, "as docs/operations.md has it"
    assert set(policy.identities) == set(Kind)


def test_changes_may_be_kept_to_enrolled_voices() -> None:
    """Only where the file says so."""
    policy = parse_policy(HEAD + "[identities.voice]\nchanges_need_enrolled_voice = true")
    assert policy.identities[Kind.VOICE].enrolled_voice
    assert not parse_policy(HEAD + "[identities.voice]").identities[Kind.VOICE].enrolled_voice


@pytest.mark.parametrize("number", ["1" * 5000, "0x" + "f" * 5000])
def test_a_number_of_thousands_of_digits_is_a_mistake_like_any_other(number: str) -> None:
    with pytest.raises(PolicyError):
        parse_policy(f"version = {number}")


@pytest.mark.skipif(os.name != "posix", reason="pipes and owners of files are POSIX's")
def test_a_pipe_in_its_place_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    os.mkfifo(path, 0o600)
    with pytest.raises(PolicyError, match="is not a file"):
        load_policy(path)


@pytest.mark.root
@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="needs root, to give a file away; run as root")
def test_a_file_of_another_user_is_no_policy(tmp_path: Path) -> None:
    """Also through a link of one's own."""
    path, link = tmp_path / "policy.toml", tmp_path / "link.toml"
    path.write_text("version = 1\n", encoding="utf-8")
    link.symlink_to(path)
    os.chown(path, 65534, 65534)
    for given in (path, link):
        with pytest.raises(PolicyError, match=r"belongs to another user \(uid 65534\)"):
            load_policy(given)
