"""What a setting takes, in words: "a number from 0.3 to 5". From the schema alone; used where a value is wrong."""

from __future__ import annotations

from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import SecretStr

from jett.settings.keys import Key
from jett.settings.schema_ops import McpServer
from jett.settings.section import ADDRESS, DATABASE, DOCKER, MIRROR

_KINDS: dict[Any, str] = {
    Path: "a path",
    SecretStr: "text",
    bool: "true or false",
    float: "a number",
    int: "a whole number",
    list: "a list of texts",
    str: "text",
    tuple: "a list of texts",
}
_TABLES: dict[Any, str] = {
    str: "a table of texts",
    list[str]: "a table of lists of texts",
    McpServer: "tables such as [{key}.home]",
}
_PATTERNS = {
    ADDRESS: "an address that begins with http:// or https:// and has no user, query or key in it, or nothing",
    DATABASE: "an address such as postgresql://USER@HOST:PORT/DATABASE without a password in it, or nothing",
    DOCKER: "an address such as unix:///run/docker.sock, tcp://HOST:PORT (the port is needed) or https://HOST:2376",
    MIRROR: "an address that begins with http://, https:// or file:// and names no user, or nothing",
}


def choices(key: Key) -> tuple[str, ...]:
    """The values there are, where they can be counted."""
    annotation = key.field.annotation
    return get_args(annotation) if get_origin(annotation) is Literal else ()


def limit_of(key: Key) -> str:
    """What `key` takes."""
    if named := choices(key):
        return " or ".join(part for part in (", ".join(f"'{one}'" for one in named[:-1]), f"'{named[-1]}'") if part)
    found = rules(key)
    if (pattern := found.get("pattern")) is not None:
        return _PATTERNS[pattern]
    kind = _kind(key)
    if kind == _KINDS[tuple] and "max_length" in found:
        return f"a list of at most {found['max_length']} texts"
    return kind + _range(found) + _length(found)


def _kind(key: Key) -> str:
    annotation: Any = key.field.annotation
    if get_origin(annotation) in (Union, UnionType):
        annotation = next(part for part in get_args(annotation) if part is not NoneType)
    if get_origin(annotation) is dict:
        return _TABLES[get_args(annotation)[1]].format(key=key.name)
    return _KINDS[get_origin(annotation) or annotation]


def rules(key: Key) -> dict[str, Any]:
    """The schema's limits by name."""
    names = ("ge", "gt", "le", "lt", "min_length", "max_length", "pattern")
    return {
        name: value for rule in key.field.metadata for name in names if (value := getattr(rule, name, None)) is not None
    }


def _range(found: dict[str, Any]) -> str:
    if "ge" in found and "le" in found:
        return f" from {found['ge']} to {found['le']}"
    words = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
    said = [f"{word} {found[name]}" for name, word in words.items() if name in found]
    return f" {' and '.join(said)}" if said else ""


def _length(found: dict[str, Any]) -> str:
    if "max_length" in found:
        return f" of at most {found['max_length']} characters"
    return " that is not empty" if "min_length" in found else ""
