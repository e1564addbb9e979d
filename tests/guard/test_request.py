"""What the guard understands as a request, and the attacks on it as one table."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jett.core.errors import RequestError
from jett.guard import CHANGING, READING, Request, Verb, parse_request
from jett.guard.request import MAX_TEXT_CHARS, NAME
from tests.guard.support import cases

GOOD: list[tuple[object, Request]] = [
    ({"verb": "list"}, Request(Verb.LIST)),
    ({"verb": "list", "target": "", "arguments": {}, "lines": None}, Request(Verb.LIST)),
    ({"verb": "status", "target": "n8n"}, Request(Verb.STATUS, "n8n")),
    ('{"verb": "logs", "target": "my_app-1.web", "lines": 1}', Request(Verb.LOGS, "my_app-1.web", 1)),
    ('{"verb": "logs", "target": "n8n", "lines": 500}', Request(Verb.LOGS, "n8n", 500)),
    ({"verb": "restart", "target": "a" * 128}, Request(Verb.RESTART, "a" * 128)),
    ({"verb": "stop", "target": "7"}, Request(Verb.STOP, "7")),
    (
        {"verb": "run_workflow", "target": "backup", "arguments": {"z": True, "a": 2**53, "b": "x" * 500}},
        Request(Verb.RUN_WORKFLOW, "backup", None, (("a", 2**53), ("b", "x" * 500), ("z", True))),
    ),
    (
        {"verb": "run_workflow", "target": "w", "arguments": {f"a{n:02d}": n for n in range(16)}},
        Request(Verb.RUN_WORKFLOW, "w", None, tuple((f"a{n:02d}", n) for n in range(16))),
    ),
    (
        {"verb": "read_tool", "target": "my-home_2.get.State-1", "arguments": {"maxResults": 3}},
        Request(Verb.READ_TOOL, "my-home_2.get.State-1", None, (("maxResults", 3),)),
    ),
    ({"verb": "change_tool", "target": "h." + "t" * 95}, Request(Verb.CHANGE_TOOL, "h." + "t" * 95)),
    ({"verb": "change_tool", "target": "h" * 32 + ".t"}, Request(Verb.CHANGE_TOOL, "h" * 32 + ".t")),
    (
        {"verb": "announce", "arguments": {"text": "The backup is done."}},
        Request(Verb.ANNOUNCE, "", None, (("text", "The backup is done."),)),
    ),
]

# name, what is sent, the rule that refuses it
ATTACKS: list[tuple[str, object, str]] = [
    ("no verb", {}, "request.verb"),
    ("an empty verb", {"verb": ""}, "request.verb"),
    ("a verb of Docker's that there is not", {"verb": "exec", "target": "n8n"}, "request.verb"),
    ("removing", {"verb": "rm", "target": "n8n"}, "request.verb"),
    ("killing", {"verb": "kill", "target": "n8n"}, "request.verb"),
    ("pulling", {"verb": "pull", "target": "n8n"}, "request.verb"),
    ("a verb in capitals", {"verb": "RESTART", "target": "n8n"}, "request.verb"),
    ("a verb with a capital", {"verb": "Restart", "target": "n8n"}, "request.verb"),
    ("a verb with a space", {"verb": "restart ", "target": "n8n"}, "request.verb"),
    ("a verb with a line end", {"verb": "restart\n", "target": "n8n"}, "request.verb"),
    ("a verb in wide letters", {"verb": "ｒｅｓｔａｒｔ", "target": "n8n"}, "request.verb"),
    ("a verb with a long s", {"verb": "ſtatus", "target": "n8n"}, "request.verb"),
    ("a verb with a zero-width space", {"verb": "sta\u200btus", "target": "n8n"}, "request.verb"),
    ("a list of verbs", {"verb": ["status", "stop"], "target": "n8n"}, "request.verb"),
    ("a verb as number", {"verb": 1, "target": "n8n"}, "request.verb"),
    ("a verb as true", {"verb": True, "target": "n8n"}, "request.verb"),
    ("two verbs in one", {"verb": "status,stop", "target": "n8n"}, "request.verb"),
    ("no target", {"verb": "status"}, "request.name"),
    ("an empty target", {"verb": "status", "target": ""}, "request.name"),
    ("a target where none belongs", {"verb": "list", "target": "n8n"}, "request.target"),
    ("path traversal", {"verb": "status", "target": "../../etc/passwd"}, "request.name"),
    ("path traversal inside", {"verb": "status", "target": "n8n/../postgres"}, "request.name"),
    ("encoded path traversal", {"verb": "status", "target": "n8n%2f..%2fpostgres"}, "request.name"),
    ("a backslash", {"verb": "status", "target": "n8n\\postgres"}, "request.name"),
    ("a query", {"verb": "restart", "target": "n8n?signal=SIGKILL"}, "request.name"),
    ("a fragment", {"verb": "restart", "target": "n8n#x"}, "request.name"),
    ("another endpoint", {"verb": "restart", "target": "n8n/exec"}, "request.name"),
    ("shell: semicolon", {"verb": "restart", "target": "n8n;rm -rf /"}, "request.name"),
    ("shell: substitution", {"verb": "restart", "target": "$(reboot)"}, "request.name"),
    ("shell: backticks", {"verb": "restart", "target": "`reboot`"}, "request.name"),
    ("shell: pipe", {"verb": "restart", "target": "n8n|sh"}, "request.name"),
    ("shell: and", {"verb": "restart", "target": "n8n&&reboot"}, "request.name"),
    ("shell: glob", {"verb": "restart", "target": "*"}, "request.name"),
    ("an option", {"verb": "restart", "target": "--all"}, "request.name"),
    ("a hidden name", {"verb": "restart", "target": ".n8n"}, "request.name"),
    ("header injection", {"verb": "status", "target": "n8n\r\nHost: evil"}, "request.name"),
    ("a line end", {"verb": "status", "target": "n8n\n"}, "request.name"),
    ("a null", {"verb": "status", "target": "n8n\x00"}, "request.name"),
    ("a bell", {"verb": "status", "target": "n8n\x07"}, "request.name"),
    ("a terminal escape", {"verb": "status", "target": "\x1b[31mn8n"}, "request.name"),
    ("spaces around", {"verb": "status", "target": " n8n "}, "request.name"),
    ("two names", {"verb": "stop", "target": "n8n postgres"}, "request.name"),
    ("two names with a comma", {"verb": "stop", "target": "n8n,postgres"}, "request.name"),
    ("a Cyrillic letter", {"verb": "stop", "target": "pоstgres"}, "request.name"),
    ("a Greek letter", {"verb": "stop", "target": "pοstgres"}, "request.name"),
    ("wide digits", {"verb": "stop", "target": "n８n"}, "request.name"),
    ("an Arabic digit", {"verb": "stop", "target": "n٨n"}, "request.name"),
    ("a combining accent", {"verb": "stop", "target": "n8n\u0301"}, "request.name"),
    ("a zero-width joiner", {"verb": "stop", "target": "n8n\u200d"}, "request.name"),
    ("right to left", {"verb": "stop", "target": "\u202en8n"}, "request.name"),
    ("a soft hyphen", {"verb": "stop", "target": "n\u00ad8n"}, "request.name"),
    ("a Kelvin sign", {"verb": "stop", "target": "doc\u212aer"}, "request.name"),
    ("a dotless i", {"verb": "stop", "target": "portaıner"}, "request.name"),
    ("an emoji", {"verb": "stop", "target": "n8n🙂"}, "request.name"),
    ("a lone surrogate", {"verb": "stop", "target": "n8n\ud800"}, "request.name"),
    ("an over-long name", {"verb": "status", "target": "a" * 129}, "request.name"),
    ("a target as number", {"verb": "status", "target": 8}, "request.type"),
    ("a target as null", {"verb": "status", "target": None}, "request.type"),
    ("a list of targets", {"verb": "stop", "target": ["n8n", "postgres"]}, "request.type"),
    ("a nested target", {"verb": "stop", "target": {"name": "n8n"}}, "request.type"),
    ("a target as bytes", {"verb": "stop", "target": b"n8n"}, "request.type"),
    ("an unknown field", {"verb": "status", "target": "n8n", "force": True}, "request.field"),
    ("a field in capitals", {"verb": "status", "Target": "n8n"}, "request.field"),
    ("a field with a space", {"verb": "status", "target ": "n8n"}, "request.field"),
    ("a signal", {"verb": "stop", "target": "n8n", "signal": "KILL"}, "request.field"),
    ("a prototype", {"verb": "status", "target": "n8n", "__proto__": {}}, "request.field"),
    ("a field that is no text", {"verb": "status", 1: "n8n"}, "request.field"),
    ("no lines at all", {"verb": "logs", "target": "n8n", "lines": 0}, "request.lines"),
    ("lines below none", {"verb": "logs", "target": "n8n", "lines": -1}, "request.lines"),
    ("too many lines", {"verb": "logs", "target": "n8n", "lines": 501}, "request.lines"),
    ("lines of another verb", {"verb": "status", "target": "n8n", "lines": 5}, "request.lines"),
    ("lines as true", {"verb": "logs", "target": "n8n", "lines": True}, "request.type"),
    ("lines as text", {"verb": "logs", "target": "n8n", "lines": "5"}, "request.type"),
    ("lines as a fraction", {"verb": "logs", "target": "n8n", "lines": 5.0}, "request.type"),
    ("lines as NaN", {"verb": "logs", "target": "n8n", "lines": float("nan")}, "request.type"),
    ("arguments of another verb", {"verb": "stop", "target": "n8n", "arguments": {"t": 0}}, "request.arguments"),
    ("arguments as a list", {"verb": "run_workflow", "target": "w", "arguments": []}, "request.type"),
    ("arguments as null", {"verb": "run_workflow", "target": "w", "arguments": None}, "request.type"),
    ("a nested argument", {"verb": "run_workflow", "target": "w", "arguments": {"a": {"b": 1}}}, "request.argument"),
    ("a list as argument", {"verb": "run_workflow", "target": "w", "arguments": {"a": [1]}}, "request.argument"),
    ("null as argument", {"verb": "run_workflow", "target": "w", "arguments": {"a": None}}, "request.argument"),
    ("a fraction as argument", {"verb": "run_workflow", "target": "w", "arguments": {"a": 0.5}}, "request.argument"),
    ("a huge number", {"verb": "run_workflow", "target": "w", "arguments": {"a": 2**53 + 1}}, "request.argument"),
    ("a huge negative", {"verb": "run_workflow", "target": "w", "arguments": {"a": -(2**53) - 1}}, "request.argument"),
    ("a long argument", {"verb": "run_workflow", "target": "w", "arguments": {"a": "x" * 501}}, "request.argument"),
    ("a control character", {"verb": "run_workflow", "target": "w", "arguments": {"a": "x\ny"}}, "request.argument"),
    ("hidden direction", {"verb": "run_workflow", "target": "w", "arguments": {"a": "\u202ex"}}, "request.argument"),
    ("an odd name", {"verb": "run_workflow", "target": "w", "arguments": {"A b": 1}}, "request.argument"),
    ("a name that is no text", {"verb": "run_workflow", "target": "w", "arguments": {1: 1}}, "request.argument"),
    ("an over-long name", {"verb": "run_workflow", "target": "w", "arguments": {"a" * 33: 1}}, "request.argument"),
    (
        "too many arguments",
        {"verb": "run_workflow", "target": "w", "arguments": {f"a{n}": n for n in range(17)}},
        "request.arguments",
    ),
    ("a tool without a server", {"verb": "read_tool", "target": "unlock"}, "request.name"),
    ("a tool of no server", {"verb": "read_tool", "target": ".unlock"}, "request.name"),
    ("a server without a tool", {"verb": "change_tool", "target": "home."}, "request.name"),
    ("a server in capitals", {"verb": "change_tool", "target": "Home.unlock"}, "request.name"),
    ("a tool's path", {"verb": "read_tool", "target": "home.../unlock"}, "request.name"),
    ("a tool with a line end", {"verb": "read_tool", "target": "home.unlock\n"}, "request.name"),
    ("a tool in other letters", {"verb": "read_tool", "target": "home.unlоck"}, "request.name"),
    ("an over-long tool", {"verb": "read_tool", "target": "h." + "t" * 96}, "request.name"),
    ("an over-long server", {"verb": "read_tool", "target": "h" * 33 + ".t"}, "request.name"),
    ("no tool at all", {"verb": "read_tool"}, "request.name"),
    ("an announcement of nothing", {"verb": "announce"}, "request.arguments"),
    ("an announcement of blanks", {"verb": "announce", "arguments": {"text": "  "}}, "request.arguments"),
    ("an announcement that is true", {"verb": "announce", "arguments": {"text": True}}, "request.arguments"),
    (
        "an announcement and more",
        {"verb": "announce", "arguments": {"text": "x", "verb": "stop"}},
        "request.arguments",
    ),
    (
        "an announcement to somebody",
        {"verb": "announce", "target": "n8n", "arguments": {"text": "x"}},
        "request.target",
    ),
    ("a field twice", '{"verb": "status", "verb": "stop", "target": "n8n"}', "request.duplicate"),
    ("a field twice, escaped", '{"verb": "status", "v\\u0065rb": "stop", "target": "n8n"}', "request.duplicate"),
    ("an argument twice", '{"verb":"run_workflow","target":"w","arguments":{"a":1,"a":2}}', "request.duplicate"),
    ("NaN", '{"verb": "logs", "target": "n8n", "lines": NaN}', "request.number"),
    ("Infinity", '{"verb": "logs", "target": "n8n", "lines": -Infinity}', "request.number"),
    ("deep nesting", "[" * 4000, "request.json"),
    ("deep objects", '{"verb":' * 500, "request.json"),
    ("over-long text", '{"verb": "status", "target": "n8n"}' + " " * MAX_TEXT_CHARS, "request.long"),
    ("no JSON", "restart n8n", "request.json"),
    ("two requests", '{"verb": "list"}{"verb": "list"}', "request.json"),
    ("a comment", '{"verb": "list"} // stop', "request.json"),
    ("a list", '[{"verb": "list"}]', "request.type"),
    ("text in JSON", '"list"', "request.type"),
    ("null", "null", "request.type"),
    ("nothing", "", "request.json"),
    ("a byte order mark", '\ufeff{"verb": "list"}', "request.json"),
    ("bytes", b'{"verb": "list"}', "request.type"),
    ("a number", 5, "request.type"),
    ("a huge number in JSON", '{"verb": "logs", "target": "n8n", "lines": ' + "9" * 4000 + "}", "request.lines"),
]


# Every reason for a refusal, as it is told.
REASONS = (
    """
the verb is not one of Verb; use Verb('status') and its like
the verb is unknown; it is one of VERBS
target is not text; send a container's or workflow's name
list takes no target
announce takes no target
the target is not a tool of a server; such names match [a-z][a-z0-9_-]{0,31}\\.[a-zA-Z0-9_.-]{1,95}
announce takes one argument, text, with words in it
the target is not a name; Docker's names match [a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}
1 field(s) are unknown; send verb, target, lines, arguments only
lines is not a whole number
status takes no lines; only logs does
lines is out of range; it is 1 to 500
stop takes no arguments; workflows, tools and announcements do
arguments is not an object
arguments is not a tuple of pairs
there are 17 arguments, at most 16 are taken
arguments are in the order of their names, each once
an argument's name is not text
an argument's name does not match [a-zA-Z][a-zA-Z0-9_]{0,31}
argument a is not text, a whole number, true or false
argument a is out of range; whole numbers go to 2**53
argument a is longer than 500 characters or holds a control character
a request is JSON text or a mapping
the request has 4131 characters, at most 4096 are read
the request is not JSON
the request is not a JSON object
a field is given twice; which one counts would be a guess
NaN and Infinity are not numbers here
""".replace("VERBS", ", ".join(Verb))
    .strip()
    .splitlines()
)


@pytest.mark.parametrize(("source", "request_"), GOOD)
def test_a_good_request_is_read_as_it_is(source: Any, request_: Request) -> None:
    """Text and mappings give the same frozen type."""
    assert parse_request(source) == request_


@pytest.mark.parametrize(("name", "source", "rule"), ATTACKS, ids=[name for name, _, _ in ATTACKS])
def test_an_attack_is_refused_with_its_rule(name: str, source: Any, rule: str) -> None:
    """Each row once got the better of somebody's guard."""
    with pytest.raises(RequestError) as refused:
        parse_request(source)
    assert refused.value.rule == rule
    assert str(refused.value).removeprefix("guard: ") in REASONS
    assert refused.value.spoken == "I didn't understand what I should do."


MISMADE: list[tuple[str, dict[str, Any], str]] = [
    ("a verb as text", {"verb": "status", "target": "n8n"}, "request.verb"),
    ("a target that is no text", {"verb": Verb.STATUS, "target": 1}, "request.type"),
    ("lines as true", {"verb": Verb.LOGS, "target": "n8n", "lines": True}, "request.lines"),
    ("arguments as a mapping", {"verb": Verb.RUN_WORKFLOW, "target": "w", "arguments": {"a": 1}}, "request.type"),
    ("arguments as names", {"verb": Verb.RUN_WORKFLOW, "target": "w", "arguments": ("ab",)}, "request.type"),
    ("arguments of three", {"verb": Verb.RUN_WORKFLOW, "target": "w", "arguments": (("a", 1, 2),)}, "request.type"),
    (
        "arguments out of order",
        {"verb": Verb.RUN_WORKFLOW, "target": "w", "arguments": (("b", 1), ("a", 1))},
        "request.arguments",
    ),
    (
        "an argument twice",
        {"verb": Verb.RUN_WORKFLOW, "target": "w", "arguments": (("a", 1), ("a", 2))},
        "request.arguments",
    ),
]


@pytest.mark.parametrize(("name", "fields", "rule"), MISMADE, ids=[name for name, _, _ in MISMADE])
def test_a_request_cannot_be_made_past_the_parser_either(name: str, fields: dict[str, Any], rule: str) -> None:
    """The type validates itself."""
    with pytest.raises(RequestError) as refused:
        Request(**fields)
    assert refused.value.rule == rule
    assert str(refused.value).removeprefix("guard: ") in REASONS


def test_as_much_text_as_is_allowed_is_read() -> None:
    """4,096 characters and no more."""
    assert parse_request('{"verb": "list"}'.ljust(MAX_TEXT_CHARS)) == Request(Verb.LIST)
    assert read('{"verb": "list"}'.ljust(MAX_TEXT_CHARS + 1)) == "request.long"


def test_a_refusal_never_repeats_what_was_sent() -> None:
    """A request may hold a secret, or words meant for a model."""
    for source in ({"verb": "hunter2"}, {"verb": "status", "target": "hunter2!"}, {"hunter2": 1, "verb": "list"}):
        with pytest.raises(RequestError) as refused:
            parse_request(source)
        assert "hunter2" not in str(refused.value)


def test_every_verb_either_reads_or_changes() -> None:
    """And none does both."""
    assert frozenset(Verb) == READING | CHANGING
    assert not READING & CHANGING
    words = (("text", "x"),)
    requests = [Request(verb, "x.y") for verb in Verb if verb not in (Verb.LIST, Verb.ANNOUNCE)]
    requests += [Request(Verb.LIST), Request(Verb.ANNOUNCE, "", None, words)]
    assert {request.verb for request in requests if request.changes} == CHANGING


def read(source: Any) -> Request | str:
    """The request, or the rule that refuses it."""
    try:
        return parse_request(source)
    except RequestError as error:
        return error.rule


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
shallow = scalars | st.lists(scalars, max_size=3) | st.dictionaries(st.text(max_size=8), scalars, max_size=3)
json_values = shallow | st.lists(shallow, max_size=2) | st.dictionaries(st.text(max_size=8), shallow, max_size=2)
near_names = st.one_of(
    st.text(max_size=12),
    st.from_regex(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,20}", fullmatch=True),
    st.builds(lambda a, b, c: a + b + c, st.sampled_from(["n8n", "postgres"]), st.characters(), st.text(max_size=3)),
)
near_requests = st.fixed_dictionaries(
    {},
    optional={
        "verb": st.sampled_from([*map(str, Verb), "exec", "rm", "Status", ""]) | json_values,
        "target": near_names | json_values,
        "lines": st.integers(-3, 600) | json_values,
        "arguments": st.dictionaries(st.sampled_from(["a", "b", "A"]) | st.text(max_size=5), json_values, max_size=3)
        | json_values,
        "extra": json_values,
    },
)


@cases(200, 0.3)
@given(near_requests)
@example({"verb": "status", "target": "n8n"})
def test_whatever_is_sent_is_refused_or_is_exactly_what_it_says(source: dict[str, Any]) -> None:
    """Nothing is repaired, trimmed, folded or guessed, in a mapping or in text."""
    request, from_text = read(source), read(json.dumps(source))
    assert from_text in (request, "request.long") or (isinstance(request, str) and isinstance(from_text, str))
    if isinstance(request, Request):
        assert "extra" not in source
        assert request.verb == source["verb"]
        assert request.target == source.get("target", "")
        assert request.lines == source.get("lines")
        assert dict(request.arguments) == source.get("arguments", {})
        unaddressed = request.verb in (Verb.LIST, Verb.ANNOUNCE)
        assert unaddressed or (NAME.fullmatch(request.target) and request.target.isascii())


@cases(100, 0.05)
@given(st.text(max_size=60))
def test_text_of_any_kind_gives_a_request_or_a_refusal(text: str) -> None:
    """And never another error."""
    found = read(text)
    assert isinstance(found, Request) or found.startswith("request.")
