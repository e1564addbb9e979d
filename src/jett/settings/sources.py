"""Reads the file and the environment into `section.key` values. Knows names, not what the values may be."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, get_origin

from pydantic import TypeAdapter, ValidationError

from jett.core.errors import ConfigError
from jett.settings.keys import CONFIG_VARIABLE, ENV_PREFIX, Key, all_keys, did_you_mean, sections

_MAX_FILE_BYTES = 1_000_000


def from_file(path: Path, *, must_exist: bool) -> dict[str, Any]:
    """The values of a TOML file. Raises ConfigError when it is unreadable or names an unknown key."""
    if not must_exist and not path.exists():
        return {}
    try:
        if path.stat().st_size > _MAX_FILE_BYTES:
            raise ConfigError(f"settings: {path} is larger than {_MAX_FILE_BYTES} bytes; is it the right file?")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(
            f"settings: {path} cannot be read ({error.strerror}); create it, or correct --config or {CONFIG_VARIABLE}"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"settings: {path} is not UTF-8 text; save it as UTF-8") from error
    return from_text(text, path)


def from_text(text: str, path: Path) -> dict[str, Any]:
    """The same of a text, were it what `path` holds. Raises ConfigError."""
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"settings: {path} is not valid TOML: {error}; correct that line") from error
    return known(_flat(tree, path), str(path))


def _flat(tree: Mapping[str, Any], path: Path) -> dict[str, Any]:
    tables = sections()
    values: dict[str, Any] = {}
    for name, value in tree.items():
        if name not in tables:
            values |= {f"{name}.{key}": inner for key, inner in value.items()} if _is_table(value) else {name: value}
        elif isinstance(value, dict):
            values |= {f"{name}.{key}": inner for key, inner in value.items()}
        else:
            raise ConfigError(f"settings: '{name}' in {path} is one value, need a table; write [{name}] and its keys")
    return values


def _is_table(value: object) -> bool:
    return isinstance(value, dict) and bool(value)


def known(values: Mapping[str, Any], source: str) -> dict[str, Any]:
    """`values` when all their names exist. Raises ConfigError naming the nearest one."""
    names = all_keys()
    for name in values:
        if name not in names:
            hint = did_you_mean(name, names)
            raise ConfigError(
                f"settings: unknown key '{name}' in {source}{hint}; remove it, or see `jett config show` for all keys"
            )
    return dict(values)


def from_environment(env: Mapping[str, str]) -> dict[str, Any]:
    """The values of JETT_SECTION__KEY variables. Raises ConfigError for one that is, or nearly is, a setting's."""
    by_variable = {key.variable: key for key in all_keys().values()}
    values: dict[str, Any] = {}
    for variable, text in env.items():
        if not variable.startswith(ENV_PREFIX) or variable == CONFIG_VARIABLE:
            continue
        if variable in by_variable:
            key = by_variable[variable]
            values[key.name] = _parsed(key, text)
        elif (hint := _nearest(variable, by_variable)) or "__" in variable:
            raise ConfigError(
                f"settings: unknown key '{variable}' in the environment{hint}; unset it, or see `jett config show`"
            )
    return values


def _nearest(variable: str, known_ones: Iterable[str]) -> str:
    """As `did_you_mean`, but what all share does not make two names alike."""
    hint = did_you_mean(variable.removeprefix(ENV_PREFIX), [name.removeprefix(ENV_PREFIX) for name in known_ones])
    return hint.replace("'", f"'{ENV_PREFIX}", 1)


def _parsed(key: Key, text: str) -> Any:
    """Text as what the key takes; lists may be `a, b` or JSON, tables are JSON, nothing is no path."""
    if key.field.annotation in (bool, int, float):
        return _number(key.field.annotation, text)
    kind = get_origin(key.field.annotation)
    if kind not in (tuple, dict):
        return None if text == "" and key.field.default is None else text
    if kind is tuple and not text.lstrip().startswith("["):
        return [word.strip() for word in text.split(",") if word.strip()]
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigError(
            f'settings: {key.variable} is not JSON ({error.msg}); write it like \'{{"nginx": "engine x"}}\''
        ) from error


def _number(kind: Any, text: str) -> Any:
    """A number, or true and false as people write them; what is neither stays text, which the schema refuses."""
    try:
        return TypeAdapter(kind).validate_python(text)
    except ValidationError:
        return text
