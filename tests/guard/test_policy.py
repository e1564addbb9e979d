"""Who may do what: the verdicts as one table, and an oracle that was written apart from the code."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jett.guard import (
    Allow,
    Confirm,
    Deny,
    Identity,
    Kind,
    Policy,
    Request,
    Scope,
    Verb,
    Verdict,
    absent,
    decide,
    visible,
)
from jett.guard.calls import ArgumentRule, ToolRule, WorkflowRule
from jett.guard.policy import ContainerRule, IdentityRule
from tests.guard.support import DESK, LIVE, OWNER, PHONE, POLICY, SHELL, cases

GUEST = Identity(Kind.TOKEN, "guest", Scope(frozenset(Verb), frozenset({"n8n", "postgres"})))


def run(**arguments: str | int | bool) -> Request:
    return Request(Verb.RUN_WORKFLOW, "backup", None, tuple(sorted(arguments.items())))


def look(room: str | None = "attic") -> Request:
    return Request(Verb.READ_TOOL, "home.get_state", None, (("room", room),) if room else ())


def light(**arguments: bool) -> Request:
    return Request(Verb.CHANGE_TOOL, "home.setLight", None, tuple(arguments.items()))


SAY = Request(Verb.ANNOUNCE, "", None, (("text", "The backup is done."),))
READER = Identity(
    Kind.TOKEN,
    "reader",
    Scope(frozenset({Verb.READ_TOOL, Verb.ANNOUNCE}), frozenset({"home.get_state", "home.setLight"})),
)

VERDICTS: list[tuple[str, Request, Identity, frozenset[str] | None, Verdict]] = [
    ("reading", Request(Verb.STATUS, "n8n"), OWNER, LIVE, Allow()),
    ("logs", Request(Verb.LOGS, "postgres", 50), OWNER, LIVE, Allow()),
    ("changing", Request(Verb.RESTART, "n8n"), OWNER, LIVE, Confirm()),
    ("listing needs no live list", Request(Verb.LIST), OWNER, None, Allow()),
    ("a workflow needs no live list", run(database="n8n"), OWNER, None, Confirm()),
    ("optional argument", run(database="n8n", keep_days=30), OWNER, None, Confirm()),
    ("a workflow without arguments", Request(Verb.RUN_WORKFLOW, "ping"), OWNER, LIVE, Confirm()),
    ("dashboard reads", Request(Verb.STATUS, "postgres"), DESK, LIVE, Allow()),
    ("token in its scope", Request(Verb.RESTART, "n8n"), PHONE, LIVE, Confirm()),
    ("token lists", Request(Verb.LIST), PHONE, LIVE, Allow()),
    (
        "an unlisted container that is live",
        Request(Verb.STATUS, "portainer"),
        OWNER,
        LIVE,
        Deny("container.unlisted", "I don't know that container."),
    ),
    (
        "another case",
        Request(Verb.STATUS, "N8N"),
        OWNER,
        LIVE | {"N8N"},
        Deny("container.unlisted", "I don't know that container."),
    ),
    (
        "a prefix",
        Request(Verb.STATUS, "n8"),
        OWNER,
        LIVE,
        Deny("container.unlisted", "I don't know that container."),
    ),
    (
        "a workflow's name as container",
        Request(Verb.RESTART, "backup"),
        OWNER,
        LIVE | {"backup"},
        Deny("container.unlisted", "I don't know that container."),
    ),
    (
        "a container's name as workflow",
        Request(Verb.RUN_WORKFLOW, "n8n"),
        OWNER,
        LIVE,
        Deny("workflow.unlisted", "I don't know that workflow."),
    ),
    (
        "a listed container that is not live",
        Request(Verb.STATUS, "qdrant"),
        OWNER,
        LIVE,
        Deny("container.absent", "There is no qdrant right now."),
    ),
    (
        "nobody knows what is live",
        Request(Verb.STATUS, "n8n"),
        OWNER,
        None,
        Deny("container.live_unknown", "I can't see the containers right now."),
    ),
    (
        "nothing is live",
        Request(Verb.RESTART, "n8n"),
        OWNER,
        frozenset(),
        Deny("container.absent", "There is no n8n right now."),
    ),
    (
        "an action that is not allowed",
        Request(Verb.RESTART, "postgres"),
        OWNER,
        LIVE,
        Deny("container.action", "The policy does not allow restart for postgres."),
    ),
    (
        "a reading that is not allowed",
        Request(Verb.STATS, "postgres"),
        OWNER,
        LIVE,
        Deny("container.action", "The policy does not allow stats for postgres."),
    ),
    (
        "a lifeline, though restart is listed",
        Request(Verb.RESTART, "socket-proxy"),
        OWNER,
        LIVE,
        Deny("container.lifeline", "I need socket-proxy myself, so I never change it."),
    ),
    ("a lifeline may be looked at", Request(Verb.STATUS, "socket-proxy"), OWNER, LIVE, Allow()),
    (
        "a kind without a table",
        Request(Verb.STATUS, "n8n"),
        SHELL,
        LIVE,
        Deny("identity.policy", "The policy does not let the terminal do that."),
    ),
    (
        "a kind without a table lists",
        Request(Verb.LIST),
        SHELL,
        LIVE,
        Deny("identity.policy", "The policy does not let the terminal do that."),
    ),
    (
        "a verb outside the kind",
        Request(Verb.LOGS, "n8n"),
        DESK,
        LIVE,
        Deny("identity.policy", "The policy does not let a dashboard do that."),
    ),
    (
        "a container outside the kind",
        Request(Verb.STATUS, "socket-proxy"),
        DESK,
        LIVE,
        Deny("identity.policy", "The policy does not let a dashboard do that."),
    ),
    (
        "a container outside the scope",
        Request(Verb.STATUS, "postgres"),
        PHONE,
        LIVE,
        Deny("identity.scope", "This token was not made for that."),
    ),
    (
        "a verb outside the scope",
        Request(Verb.STATUS, "n8n"),
        Identity(Kind.TOKEN, "t", Scope(frozenset({Verb.RESTART}), frozenset({"n8n"}))),
        LIVE,
        Deny("identity.scope", "This token was not made for that."),
    ),
    (
        "listing outside the scope",
        Request(Verb.LIST),
        Identity(Kind.TOKEN, "t", Scope(frozenset({Verb.RESTART}), frozenset({"n8n"}))),
        LIVE,
        Deny("identity.scope", "This token was not made for that."),
    ),
    (
        "a scope wider than the kind",
        Request(Verb.LOGS, "n8n"),
        GUEST,
        LIVE,
        Deny("identity.policy", "The policy does not let a token do that."),
    ),
    (
        "a scope wider than the token's table",
        Request(Verb.RESTART, "n8n"),
        GUEST,
        LIVE,
        Deny("identity.token", "The policy does not let this token do that."),
    ),
    ("within all three", Request(Verb.STATUS, "n8n"), GUEST, LIVE, Allow()),
    (
        "a token's table is for tokens only",
        Request(Verb.RESTART, "n8n"),
        Identity(Kind.VOICE, "guest"),
        LIVE,
        Confirm(),
    ),
    (
        "an argument there is not",
        run(database="n8n", x=1),
        OWNER,
        LIVE,
        Deny("workflow.arguments", "That workflow has no such argument."),
    ),
    ("no argument", run(), OWNER, LIVE, Deny("workflow.arguments", "The database is missing.")),
    (
        "an argument out of range",
        run(database="n8n", keep_days=31),
        OWNER,
        LIVE,
        Deny("workflow.arguments", "The keep days is not right."),
    ),
    (
        "an argument of another type",
        run(database="n8n", keep_days=True),
        OWNER,
        LIVE,
        Deny("workflow.arguments", "The keep days is not right."),
    ),
    ("a tool that reads", look(), OWNER, None, Allow()),
    ("a tool that changes", light(isOn=True), OWNER, None, Confirm()),
    ("a tool within a token's scope", look(), READER, None, Allow()),
    (
        "a changing tool, asked for as if it read",
        Request(Verb.READ_TOOL, "home.setLight", None, (("isOn", True),)),
        OWNER,
        LIVE,
        Deny("tool.verb", "The policy lists that tool as one that changes things."),
    ),
    (
        "a reading tool, asked for as if it changed",
        Request(Verb.CHANGE_TOOL, "home.get_state", None, (("room", "attic"),)),
        OWNER,
        LIVE,
        Deny("tool.verb", "The policy lists that tool as one that reads."),
    ),
    (
        "an unlisted tool of a listed server",
        Request(Verb.READ_TOOL, "home.unlock"),
        OWNER,
        LIVE,
        Deny("tool.unlisted", "I don't know that tool."),
    ),
    (
        "a listed tool of another server",
        Request(Verb.READ_TOOL, "hom.get_state", None, (("room", "attic"),)),
        OWNER,
        LIVE,
        Deny("tool.unlisted", "I don't know that tool."),
    ),
    (
        "a tool in another case",
        Request(Verb.READ_TOOL, "home.Get_state", None, (("room", "attic"),)),
        OWNER,
        LIVE,
        Deny("tool.unlisted", "I don't know that tool."),
    ),
    ("a tool's argument left out", look(room=None), OWNER, LIVE, Deny("tool.arguments", "The room is missing.")),
    (
        "a tool's argument in another case",
        light(ison=True),
        OWNER,
        LIVE,
        Deny("tool.arguments", "That tool has no such argument."),
    ),
    (
        "a tool outside the kind",
        look(),
        DESK,
        LIVE,
        Deny("identity.policy", "The policy does not let a dashboard do that."),
    ),
    (
        "a tool outside the kind's list",
        Request(Verb.READ_TOOL, "home.setLight", None, (("isOn", True),)),
        READER,
        LIVE,
        Deny("identity.policy", "The policy does not let a token do that."),
    ),
    (
        "a tool outside the scope",
        look(),
        Identity(Kind.TOKEN, "reader", Scope(frozenset(Verb), frozenset({"n8n"}))),
        LIVE,
        Deny("identity.scope", "This token was not made for that."),
    ),
    ("an announcement", SAY, READER, None, Allow()),
    (
        "an announcement outside the scope",
        SAY,
        PHONE,
        None,
        Deny("identity.scope", "This token was not made for that."),
    ),
    (
        "an announcement outside the kind",
        SAY,
        OWNER,
        None,
        Deny("identity.policy", "The policy does not let your voice do that."),
    ),
    ("an unknown value", run(database="qdrant"), OWNER, LIVE, Deny("workflow.arguments", "The database is not right.")),
]


@pytest.mark.parametrize(("name", "request_", "who", "live", "verdict"), VERDICTS, ids=[row[0] for row in VERDICTS])
def test_the_verdict_is(
    name: str, request_: Request, who: Identity, live: frozenset[str] | None, verdict: Verdict
) -> None:
    """The rule, and the very words that are spoken."""
    assert decide(POLICY, request_, who, live) == verdict


def test_an_empty_policy_reads_nothing_and_changes_nothing() -> None:
    """Default deny, for every verb and everybody."""
    for verb in Verb:
        request = SAY if verb is Verb.ANNOUNCE else Request(verb, "" if verb is Verb.LIST else "n8n.x")
        for who in (OWNER, DESK, SHELL, PHONE):
            verdict = decide(Policy(), request, who, LIVE)
            assert isinstance(verdict, Deny)
            assert verdict.rule == "identity.policy"
    assert Policy().place == "on the server"
    assert visible(Policy(), OWNER, LIVE) == ()


def test_a_denial_names_who_may_not() -> None:
    """Fit to be spoken."""
    verdict = decide(Policy(), Request(Verb.LIST), OWNER, LIVE)
    assert verdict == Deny("identity.policy", "The policy does not let your voice do that.")


def test_a_list_names_only_what_one_may_see() -> None:
    """Live, listed, and within the identity's rules, in order."""
    assert visible(POLICY, OWNER, LIVE) == ("n8n", "postgres", "socket-proxy")
    assert visible(POLICY, DESK, LIVE) == ("n8n", "postgres")
    assert visible(POLICY, PHONE, LIVE) == ("n8n",)
    assert visible(POLICY, OWNER, None) == ()


def test_what_is_absent_is_listed_and_not_live() -> None:
    """Of those that one may see."""
    assert absent(POLICY, OWNER, visible(POLICY, OWNER, LIVE)) == ("qdrant",)
    assert absent(POLICY, DESK, ("n8n",)) == ("postgres",)
    assert absent(POLICY, PHONE, ("n8n",)) == ()


ARGUMENTS: list[tuple[ArgumentRule, object, bool]] = [
    (ArgumentRule("string", max_chars=3), "abc", True),
    (ArgumentRule("string", max_chars=3), "abcd", False),
    (ArgumentRule("string"), "x" * 500, True),
    (ArgumentRule("string"), 1, False),
    (ArgumentRule("int", minimum=1, maximum=2), 1, True),
    (ArgumentRule("int", minimum=1, maximum=2), 2, True),
    (ArgumentRule("int", minimum=1, maximum=2), 0, False),
    (ArgumentRule("int", minimum=1, maximum=2), 3, False),
    (ArgumentRule("int"), 0, True),
    (ArgumentRule("int"), -1, False),
    (ArgumentRule("int"), 1_000_000, True),
    (ArgumentRule("int"), 1_000_001, False),
    (ArgumentRule("int", minimum=0, maximum=2), True, False),
    (ArgumentRule("int"), "1", False),
    (ArgumentRule("bool"), False, True),
    (ArgumentRule("bool"), 0, False),
    (ArgumentRule("bool"), "true", False),
    (ArgumentRule("enum", values=frozenset({"a"})), "a", True),
    (ArgumentRule("enum", values=frozenset({"a"})), "A", False),
    (ArgumentRule("enum", values=frozenset({"1"})), 1, False),
    (ArgumentRule("enum"), "", False),
]


@pytest.mark.parametrize(("rule", "value", "fits"), ARGUMENTS)
def test_an_argument_fits_its_rule_or_not(rule: ArgumentRule, value: str | int | bool, fits: bool) -> None:
    """Both limits are allowed; true is no number; nothing is converted."""
    assert rule.accepts(value) is fits


def test_arguments_are_required_unless_said_otherwise() -> None:
    """And the first of several that are missing is named."""
    rule = WorkflowRule({"b": ArgumentRule("bool"), "a_c": ArgumentRule("bool"), "d": ArgumentRule("bool", False)})
    assert rule.problem(()) == "The a c is missing."
    assert rule.problem((("a_c", True),)) == "The b is missing."
    assert rule.problem((("a_c", True), ("b", True))) == ""
    assert WorkflowRule().problem(()) == ""
    assert ToolRule("", "", {"a_c": ArgumentRule("bool")}).problem(()) == "The a c is missing."


NAMES = ["n8n.a", "N8N.a", "n8n.", "n8n.A", "postgres", "proxy", "other"]
TOOLS = ["n8n.a", "n8n.A"]
some_names = st.frozensets(st.sampled_from(NAMES))
some_verbs = st.frozensets(st.sampled_from(list(Verb)))
identity_rules = st.builds(IdentityRule, some_verbs, *[st.none() | some_names] * 3, enrolled_voice=st.booleans())
tool_rules = st.builds(ToolRule, st.just(""), st.just(""), changes=st.booleans())
policies = st.builds(
    Policy,
    containers=st.dictionaries(st.sampled_from(NAMES), st.builds(ContainerRule, some_verbs, st.booleans())),
    workflows=st.dictionaries(st.sampled_from(NAMES), st.just(WorkflowRule())),
    tools=st.dictionaries(st.sampled_from(TOOLS), tool_rules),
    identities=st.dictionaries(st.sampled_from(list(Kind)), identity_rules),
    tokens=st.dictionaries(st.just("phone"), identity_rules),
)
people = st.sampled_from([OWNER, replace(OWNER, speaker=""), replace(OWNER, speaker="anna"), DESK, SHELL]) | st.builds(
    lambda scope: Identity(Kind.TOKEN, "phone", scope), st.builds(Scope, some_verbs, some_names)
)
tool_verbs = {Verb.READ_TOOL, Verb.CHANGE_TOOL}
targetless = {Verb.LIST, Verb.ANNOUNCE}
targeted = st.builds(Request, st.sampled_from(sorted(set(Verb) - tool_verbs - targetless)), st.sampled_from(NAMES))
tool_requests = st.builds(Request, st.sampled_from(sorted(tool_verbs)), st.sampled_from(TOOLS))


@cases(300, 0.4)
@given(policies, targeted | tool_requests | st.sampled_from([Request(Verb.LIST), SAY]), people, st.none() | some_names)
def test_nothing_escapes_the_policy(
    policy: Policy, request: Request, who: Identity, live: frozenset[str] | None
) -> None:
    """What is let through is allowed by each rule on its own; what is refused, some rule refuses."""
    rules = [policy.identities.get(who.kind, IdentityRule(frozenset()))]
    if who.kind is Kind.TOKEN and who.name in policy.tokens:
        rules.append(policy.tokens[who.name])
    allowed = all(request.verb in rule.verbs for rule in rules)
    allowed &= who.scope is None or request.verb in who.scope.verbs
    changes = request.verb in {"start", "stop", "restart", "run_workflow", "change_tool"}
    allowed &= not (rules[0].enrolled_voice and changes and who.speaker != "anna")
    if request.verb not in targetless:
        allowed &= who.scope is None or request.target in who.scope.targets
    if request.verb is Verb.RUN_WORKFLOW:
        allowed &= all(rule.workflows is None or request.target in rule.workflows for rule in rules)
        allowed &= request.target in policy.workflows
    elif request.verb in tool_verbs:
        allowed &= all(rule.tools is None or request.target in rule.tools for rule in rules)
        allowed &= request.target in policy.tools
        allowed = allowed and policy.tools[request.target].changes is (request.verb is Verb.CHANGE_TOOL)
    elif request.verb not in targetless:
        allowed &= all(rule.containers is None or request.target in rule.containers for rule in rules)
        rule = policy.containers.get(request.target, ContainerRule(frozenset()))
        allowed &= request.verb in rule.actions and live is not None and request.target in live
        allowed &= not (rule.status_only and request.verb in {"start", "stop", "restart"})
    verdict = decide(policy, request, who, live)
    assert isinstance(verdict, Deny) is not allowed
    if allowed:
        reads = request.verb in {"list", "status", "logs", "stats", "read_tool", "announce"}
        assert verdict == (Allow() if reads else Confirm())
