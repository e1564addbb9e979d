"""The policy's stanza for a tool that a server offers, for the owner to read. Pure; called by `jett mcp tools`.

The server's own description goes into a comment only: what a model is told is what the owner writes. A schema is the
server's too, so nothing in it is taken to be of the right type.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jett.guard.request import ARGUMENT_NAME, MAX_ARGUMENT_CHARS, MAX_ARGUMENTS, TOOL
from jett.ops.mcp_tool import Offered, line

_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_MOST = 2**53
_MOST_VALUES = 100


@dataclass(frozen=True, slots=True)
class Stanza:
    """`toml` is empty where the tool cannot be listed; `notes` say what was left out, or why."""

    toml: str
    notes: tuple[str, ...]


def stanza(server: str, tool: Offered) -> Stanza:
    """For `policy.toml`. Whatever does not say that it only reads is taken to change something."""
    if not TOOL.fullmatch(f"{server}.{tool.name}"):
        return Stanza("", ("cannot be listed: its name has other characters than letters, digits and _ . -",))
    required = tool.schema.get("required")
    needed = {name for name in required if isinstance(name, str)} if isinstance(required, list) else set[str]()
    given = tool.schema.get("properties")
    properties = given if isinstance(given, Mapping) else {}
    arguments, notes, impossible = _arguments(properties, needed)
    undescribed = needed - set(properties)
    impossible += [f"{line(name, 40)} is required and not described" for name in sorted(undescribed)]
    for name in [name for name in arguments if name not in needed][::-1][: max(0, len(arguments) - MAX_ARGUMENTS)]:
        del arguments[name]
        notes.append(f"{name}, since at most {MAX_ARGUMENTS} arguments can be listed")
    if len(arguments) > MAX_ARGUMENTS:
        impossible.append(f"it requires {len(arguments)} arguments, at most {MAX_ARGUMENTS} can be listed")
    if impossible:
        return Stanza("", tuple(f"cannot be listed: {why}" for why in impossible))
    return Stanza("\n".join(_lines(server, tool, arguments, notes)) + "\n", tuple(notes))


def _lines(server: str, tool: Offered, arguments: Mapping[str, str], notes: list[str]) -> Iterator[str]:
    key = f"tools.{server}.{tool.name if _BARE.fullmatch(tool.name) else json.dumps(tool.name)}"
    yield f"[{key}]"
    yield f'definition = "{tool.definition}"'
    if said := line(tool.description):
        yield f"# The server says: {said}"
    yield 'description = ""  # in your words: this is what a language model is told'
    yield f"changes = {'false' if tool.says_it_only_reads else 'true'}"
    yield from (f"# left out: {note}" for note in notes)
    if arguments:
        yield f"[{key}.arguments]"
        yield from (f"{name} = {rule}" for name, rule in arguments.items())


def _arguments(properties: Mapping[str, object], needed: set[str]) -> tuple[dict[str, str], list[str], list[str]]:
    """What can be listed, what is left out, and what makes it impossible."""
    arguments: dict[str, str] = {}
    notes: list[str] = []
    impossible: list[str] = []
    for name, schema in properties.items():
        rule = _rule(_not_null(schema)) if ARGUMENT_NAME.fullmatch(name) else None
        if rule is not None:
            optional = "" if name in needed else ", required = false"
            arguments[name] = f"{{ {rule}{optional} }}"
        elif name in needed:
            impossible.append(f"{line(name, 40)} is required, and is {_kind(schema)}")
        else:
            notes.append(f"{line(name, 40)}, which is {_kind(schema)}")
    return arguments, notes, impossible


def _not_null(schema: object) -> Mapping[str, Any]:
    """`{"anyOf": [X, {"type": "null"}]}` and `{"type": ["string", "null"]}` are X, which may be left out."""
    if not isinstance(schema, Mapping):
        return {}
    choices = schema.get("anyOf")
    if isinstance(choices, list):
        others = [one for one in choices if isinstance(one, Mapping) and one.get("type") != "null"]
        return others[0] if len(others) == 1 == len(choices) - 1 else {}
    kinds = schema.get("type")
    if isinstance(kinds, list):
        named = [kind for kind in kinds if kind != "null"]
        return {**schema, "type": named[0]} if len(named) == 1 else {}
    return schema


def _rule(schema: Mapping[str, Any]) -> str | None:
    if "enum" in schema:
        return _enum(schema["enum"])
    match schema.get("type"):
        case "string":
            most = schema.get("maxLength")
            return f'type = "string", max_chars = {_whole(most, 1, MAX_ARGUMENT_CHARS, MAX_ARGUMENT_CHARS)}'
        case "boolean":
            return 'type = "bool"'
        case "integer":
            return _integer(schema)
    return None


def _integer(schema: Mapping[str, Any]) -> str:
    minimum = _whole(schema.get("minimum"), -_MOST, _MOST, 0)
    maximum = _whole(schema.get("maximum"), minimum, _MOST, max(minimum, 1_000_000))
    return f'type = "int", minimum = {minimum}, maximum = {maximum}'


def _whole(value: object, least: int, most: int, default: int) -> int:
    return min(max(value, least), most) if type(value) is int else default


def _enum(values: object) -> str | None:
    if not isinstance(values, list) or not 0 < len(values) <= _MOST_VALUES:
        return None
    if not all(type(value) is str and value.isprintable() and len(value) <= MAX_ARGUMENT_CHARS for value in values):
        return None
    return f'type = "enum", values = [{", ".join(json.dumps(value, ensure_ascii=False) for value in values)}]'


def _kind(schema: object) -> str:
    kind = _not_null(schema).get("type")
    known = {"object": "a nested object", "array": "a list", "number": "a number with fractions"}
    other = "of a kind that a policy cannot express"
    return known.get(kind, other) if isinstance(kind, str) else other
