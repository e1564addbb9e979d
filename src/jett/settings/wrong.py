"""Says what is wrong with a value: the key, the value, the limit, the fix. Secret values are never repeated."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_origin

from pydantic import SecretStr, ValidationError
from pydantic_core import ErrorDetails

from jett.settings.keys import Key, all_keys, did_you_mean
from jett.settings.limits import limit_of
from jett.settings.schema_ops import McpServer

_LONGEST_SHOWN = 80
_IN_SERVER = len(("ops", "mcp", "NAME"))
_OURS = "Value error, "
_USER, _QUERY = re.compile(r"//[^/\s]*@"), re.compile(r"\?[^\s']*")


def explain(error: ValidationError, values: Mapping[str, Any], origins: Mapping[str, Any], file: Path) -> str:
    """One line for each mistake in `error`."""
    lines = (_line(mistake, values, origins, file) for mistake in error.errors(include_url=False))
    return "\n".join(dict.fromkeys(lines))  # each wrong word of a list is a mistake of its own


def _line(mistake: ErrorDetails, values: Mapping[str, Any], origins: Mapping[str, Any], file: Path) -> str:
    name = ".".join(str(part) for part in mistake["loc"][:2])
    key = all_keys().get(name)
    if key is None:  # a rule between several keys names them itself
        return f"settings: {mistake['msg'].removeprefix(_OURS)}; correct one of them in {file}"
    value, origin = values.get(name), origins.get(name)
    if name == "ops.mcp" and len(mistake["loc"]) > _IN_SERVER:
        return _server_line(mistake, value, _place(origin, key.variable, file))
    shown = "(hidden)" if key.field.annotation is SecretStr else _short(value)
    fix = f"correct it in {_place(origin, key.variable, file)}{_quoted(key, value, origin)}"
    return f"settings: {name} is {shown}, need {_need(key, mistake)}; {fix}"


def _server_line(mistake: ErrorDetails, servers: Any, place: str) -> str:
    """A mistake inside one of the tables of `ops.mcp`."""
    server, name = (str(part) for part in mistake["loc"][2:4])
    where, fields = f"ops.mcp.{server}.{name}", McpServer.model_fields
    if name not in fields:
        known = ", ".join(fields)
        return f"settings: unknown key '{where}'{did_you_mean(name, fields)}; correct it in {place}, there is {known}"
    value = servers[server][name]
    need = limit_of(Key(where, fields[name]))
    if isinstance(value, str) and get_origin(fields[name].annotation) is list:
        need += f", such as {json.dumps(value.split())}"
    return f"settings: {where} is {_short(value)}, need {need}; correct it in {place}"


def _need(key: Key, mistake: ErrorDetails) -> str:
    return mistake["msg"].removeprefix(_OURS) if mistake["type"] == "value_error" else limit_of(key)


def _quoted(key: Key, value: object, origin: Any) -> str:
    """A number in quotes is text to TOML, and looks right to a person."""
    return ", without quotes" if origin == "file" and isinstance(value, str) and _is_bare(key) else ""


def _is_bare(key: Key) -> bool:
    return key.field.annotation in (bool, int, float)


def _place(origin: Any, variable: str, file: Path) -> str:
    if variable == "JETT_PROFILE" and origin in ("env", "option"):
        return "--profile or JETT_PROFILE"
    return {"env": variable, "option": "the command line"}.get(origin, str(file))


def _short(value: object) -> str:
    """As TOML has it, cut where it is long; passwords and keys in an address are left out."""
    text = str(value).lower() if isinstance(value, bool) else _USER.sub("//…@", repr(value))
    text = _QUERY.sub("?…", text) if "://" in text else text
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"
