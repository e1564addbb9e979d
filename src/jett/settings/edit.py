"""Changes single keys in the text of a settings file, and leaves everything else as its owner wrote it. Pure.

Comments, order, blank lines and line ends stay. Before a text is given back it is read again as TOML, and must hold
what the old one held, the changes, and nothing else: a text in which that cannot be done is refused, not damaged.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Comment, Trivia

from jett.core.errors import ConfigError


def edited(text: str, changes: Mapping[str, Any]) -> str:
    """The text with these `section.key` set; None takes a key away. Raises ConfigError."""
    expected = _changed(tomllib.loads(text), changes)
    try:
        document = tomlkit.parse(text)
        for name, value in changes.items():
            _change(document, name, value)
        after = tomlkit.dumps(document)
        if tomllib.loads(after) == expected:
            return after
    except (TOMLKitError, tomllib.TOMLDecodeError, TypeError, AttributeError, ValueError, KeyError):
        pass
    raise ConfigError(
        f"settings: {', '.join(changes)} cannot be changed in the file as it is written; change it there by hand"
    )


def _change(document: tomlkit.TOMLDocument, name: str, value: Any) -> None:
    section, _, key = name.rpartition(".")
    table: Any = document if not section else document.get(section)
    if value is None:
        if table is not None and key in table:
            _take_away(table, key)
        return
    if table is None:
        table = tomlkit.table()
        document[section] = table
    table[key] = value


def _take_away(table: Any, key: str) -> None:
    """The comment beside the key stays where it was, in a line of its own."""
    body = getattr(getattr(table, "value", table), "body", [])
    place = next((n for n, (name, _) in enumerate(body) if name is not None and name.key == key), None)
    trivia = body[place][1].trivia if place is not None else None
    table.remove(key)
    if place is not None and trivia is not None and trivia.comment:
        body[place] = (None, Comment(Trivia(trivia.indent, "", trivia.comment, trivia.trail)))


def _changed(tree: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """What the new text must hold."""
    changed: dict[str, Any] = deepcopy(dict(tree))
    for name, value in changes.items():
        section, _, key = name.rpartition(".")
        if value is not None:
            (changed.setdefault(section, {}) if section else changed)[key] = value
        elif section in changed or not section:
            (changed[section] if section else changed).pop(key, None)
    return changed
