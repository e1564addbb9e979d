"""Reads a policy from TOML. What is not understood is refused: a policy with a typing mistake is no policy.

A message says what, the value, the limit and the fix, and begins with the key. No file means an empty policy, which
allows nothing. See `examples/policy.toml`.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar, get_args

from jett.core.errors import PolicyError
from jett.guard.calls import DEFAULT_MAXIMUM, ArgumentRule, ArgumentType, ToolRule, WorkflowRule
from jett.guard.identity import IDENTITY_NAME, Kind
from jett.guard.policy import DEFAULT_PLACE, ContainerRule, IdentityRule, Policy
from jett.guard.policy_value import Table, fail
from jett.guard.rate_limit import MOST, Limits
from jett.guard.request import ARGUMENT_NAME, CONTAINER_VERBS, MAX_ARGUMENT_CHARS, MAX_ARGUMENTS, NAME, TOOL, Verb

MAX_FILE_BYTES = 262_144
OTHERS_WRITE = 0o022
VERSION = 1
DEFINITION = "sha256:"
ENROLLED_VOICE = "changes_need_enrolled_voice"
T = TypeVar("T")
V = TypeVar("V")


def load_policy(path: Path) -> Policy:
    """The policy of a file; an empty one, which denies everything, when there is no such file.

    A file that others may write is refused: it says what its owner may do. Raises PolicyError.
    """
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            found = os.fstat(file.fileno())
            mode = found.st_mode
            if not stat.S_ISREG(mode):
                fail(str(path), "is not a file; name one in ops.policy")
            content = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        return Policy()
    except OSError as error:
        fail(str(path), f"cannot be read ({error.strerror}); correct its path or mode")
    if os.name == "posix" and found.st_uid not in (0, os.geteuid()):
        fail(
            str(path),
            f"belongs to another user (uid {found.st_uid}), who may change it; run: chown {os.geteuid()} {path}",
        )
    if os.name == "posix" and mode & OTHERS_WRITE:
        fail(str(path), f"may be changed by others (mode {mode & 0o777:04o}); run: chmod go-w {path}")
    if len(content) > MAX_FILE_BYTES:
        fail(str(path), f"is larger than {MAX_FILE_BYTES} bytes; make it shorter")
    try:
        return parse_policy(content.decode("utf-8"))
    except UnicodeDecodeError:
        fail(str(path), "is not UTF-8 text; save it as UTF-8")
    except PolicyError as error:
        raise PolicyError(f"{error} (in {path})") from error


def _without_waiting(path: str, flags: int) -> int:
    """A pipe in the policy's place would have the guard wait for somebody to write."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def parse_policy(text: str) -> Policy:
    """The policy that TOML text describes. Raises PolicyError."""
    try:
        top = Table("", tomllib.loads(text))
    except (ValueError, RecursionError) as error:  # a number of thousands of digits is a ValueError, too
        raise PolicyError(f"policy: not TOML ({error}); correct the file") from error
    version = top.whole("version", 0, 0, 1_000_000)
    if version != VERSION:
        fail("version", f"is {version}, must be {VERSION}; write version = {VERSION} and look at the example")
    limits = top.table("limits")
    policy = Policy(
        containers=_each(top.table("containers"), _named(NAME.fullmatch), _container),
        workflows=_each(top.table("workflows"), _named(NAME.fullmatch), _workflow),
        tools=MappingProxyType(dict(_tools(top.table("tools")))),
        identities=_each(top.table("identities"), _kind, _identity),
        tokens=_each(top.table("tokens"), _named(IDENTITY_NAME.fullmatch), _identity),
        limits=Limits(
            limits.whole("per_identity", MOST, 1, MOST),
            limits.whole("overall", MOST, 1, MOST),
        ),
        place=top.text("place", DEFAULT_PLACE, 40),
    )
    limits.end()
    top.end()
    _check_references(policy)
    return policy


def _each(table: Table, key_of: Callable[[str, str], T], value_of: Callable[[Table], V]) -> Mapping[T, V]:
    return MappingProxyType({key_of(table.where(name), name): value_of(table.table(name)) for name in table.names()})


def _named(matches: Callable[[str], object]) -> Callable[[str, str], str]:
    def checked(where: str, name: str) -> str:
        return name if matches(name) else fail(where, "is not a possible name; use letters, digits and _ . -")

    return checked


def _kind(where: str, name: str) -> Kind:
    if name not in Kind.__members__.values():
        fail(where, f"is no kind of identity; it is one of {', '.join(Kind)}")
    return Kind(name)


def _container(table: Table) -> ContainerRule:
    rule = ContainerRule(
        frozenset(_verb(table.where("actions"), action, CONTAINER_VERBS) for action in table.texts("actions")),
        table.flag("status_only", False),
    )
    table.end()
    return rule


def _identity(table: Table) -> IdentityRule:
    rule = IdentityRule(
        frozenset(_verb(table.where("verbs"), verb, frozenset(Verb)) for verb in table.texts("verbs")),
        frozenset(table.texts("containers")) if table.has("containers") else None,
        frozenset(table.texts("workflows")) if table.has("workflows") else None,
        frozenset(table.texts("tools")) if table.has("tools") else None,
        table.flag(ENROLLED_VOICE, False),
    )
    table.end()
    return rule


def _workflow(table: Table) -> WorkflowRule:
    arguments = _arguments(table)
    table.end()
    return WorkflowRule(arguments)


def _tools(table: Table) -> Iterator[tuple[str, ToolRule]]:
    """`[tools.SERVER.TOOL]`, under the name `SERVER.TOOL`."""
    for server in table.names():
        of_server = table.table(server)
        for tool in of_server.names():
            name = f"{server}.{tool}"
            if not TOOL.fullmatch(name):
                fail(of_server.where(tool), f"is not a possible name; server and tool match {TOOL.pattern}")
            yield name, _tool(of_server.table(tool))


def _tool(table: Table) -> ToolRule:
    definition = table.text("definition", "", len(DEFINITION) + 64)
    if not re.fullmatch(f"{DEFINITION}[0-9a-f]{{64}}", definition):
        fail(table.where("definition"), "is not sha256: and 64 hex digits; copy it from what `jett mcp tools` prints")
    rule = ToolRule(definition, table.text("description", "", 300), _arguments(table), table.flag("changes", False))
    table.end()
    return rule


def _arguments(table: Table) -> Mapping[str, ArgumentRule]:
    arguments = _each(table.table("arguments"), _named(ARGUMENT_NAME.fullmatch), _argument)
    if len(arguments) > MAX_ARGUMENTS:
        fail(table.where("arguments"), f"are {len(arguments)}, at most {MAX_ARGUMENTS}; take some away")
    return arguments


def _argument(table: Table) -> ArgumentRule:
    named = table.text("type", "", 40)
    kind: ArgumentType | None = next((known for known in get_args(ArgumentType) if known == named), None)
    if kind is None:
        fail(table.where("type"), f"is {named!r}; it is one of {', '.join(get_args(ArgumentType))}")
    required = table.flag("required", True)
    rule = ArgumentRule(kind, required)
    if kind == "string":
        rule = ArgumentRule(
            kind, required, max_chars=table.whole("max_chars", MAX_ARGUMENT_CHARS, 1, MAX_ARGUMENT_CHARS)
        )
    elif kind == "int":
        minimum = table.whole("minimum", 0, -(2**53), 2**53)
        rule = ArgumentRule(
            kind,
            required,
            minimum=minimum,
            maximum=table.whole("maximum", max(minimum, DEFAULT_MAXIMUM), minimum, 2**53),
        )
    elif kind == "enum":
        rule = ArgumentRule(kind, required, values=frozenset(table.texts("values")))
        if not rule.values:
            fail(table.where("values"), "is empty; list at least one value")
    table.end()
    return rule


def _verb(where: str, name: str, allowed: frozenset[Verb]) -> Verb:
    if name not in allowed:
        fail(where, f"has {name!r}; it may hold {', '.join(sorted(allowed))}")
    return Verb(name)


def _check_references(policy: Policy) -> None:
    places = [(f"identities.{kind}", rule) for kind, rule in policy.identities.items()]
    places += [(f"tokens.{name}", rule) for name, rule in policy.tokens.items()]
    for where, rule in places:
        if rule.enrolled_voice and where != f"identities.{Kind.VOICE}":
            fail(f"{where}.{ENROLLED_VOICE}", f"is true, but has no voice; it is for identities.{Kind.VOICE} alone")
        _check_listed(f"{where}.containers", rule.containers, policy.containers)
        _check_listed(f"{where}.workflows", rule.workflows, policy.workflows)
        _check_listed(f"{where}.tools", rule.tools, policy.tools)


def _check_listed(where: str, named: frozenset[str] | None, listed: Mapping[str, object]) -> None:
    for name in sorted(named or ()):
        if name not in listed:
            fail(where, f"has {name!r}, which has no table of its own; add one or take it away")
