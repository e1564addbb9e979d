"""One setting as the dashboard shows it: type, limits, value, and where it came from. Never a secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic_core import PydanticUndefined

from jett.guard import redact
from jett.server.rest.shapes.settings import Setting
from jett.settings import Origin, Settings
from jett.settings.editable import why_not
from jett.settings.keys import Key
from jett.settings.limits import choices, rules
from jett.settings.profiles import PROFILES

Type = Literal["boolean", "integer", "number", "string", "choice", "list", "table", "path", "secret"]
_TYPES: dict[Any, Type] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    Literal: "choice",
    tuple: "list",
    list: "list",
    dict: "table",
    Path: "path",
    SecretStr: "secret",
}
_SOURCES: dict[Origin, Literal["default", "profile", "file", "environment", "option"]] = {
    "default": "default",
    "profile": "profile",
    "file": "file",
    "env": "environment",
    "option": "option",
}
_UNITS = {"_s": "s", "_ms": "ms", "_gib": "GiB", "_mib": "MiB", "_tokens": "tokens", "days": "days"}
_IN_ADDRESS = re.compile(r"//[^/\s@]*@|\?\S*")


def row(key: Key, settings: Settings, *, restart: bool) -> Setting:
    """One key of these settings; `restart`: whether a change counts only at the next start."""
    origin, value = settings.origin(key.name), settings.value(key.name)
    fixed = _fixed(key, origin)
    closed = fixed or why_not(key, value)
    limits = rules(key)
    return Setting(
        key=key.name,
        section=key.name.rpartition(".")[0],
        type=_type(key),
        description=key.field.description or "",
        value=shown(value),
        default=shown(_default(key, settings)),
        source=_SOURCES[origin],
        source_detail=closed or _detail(origin, settings),
        choices=list(choices(key)),
        least=limits.get("ge", limits.get("gt")),
        most=limits.get("le", limits.get("lt")),
        unit=next((unit for end, unit in _UNITS.items() if key.name.endswith(end)), ""),
        editable=not closed,
        restart=restart,
    )


def shown(value: Any) -> Any:
    """A value fit to be seen: of a secret, whether there is one; an address without a user, password or query."""
    if isinstance(value, SecretStr):
        return bool(value.get_secret_value())
    if isinstance(value, BaseModel):
        return shown(value.model_dump(mode="json"))
    if isinstance(value, Mapping):
        return {str(name): shown(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [shown(inner) for inner in value]
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, str):
        return redact(_IN_ADDRESS.sub(lambda found: found[0][:2] if "@" in found[0] else "?…", value))
    return value


def _fixed(key: Key, origin: Origin) -> str:
    """Where somebody else has the last word."""
    if origin == "env":
        return f"set in the environment, by {key.variable}"
    return "set by an option of the command" if origin == "option" else ""


def _detail(origin: Origin, settings: Settings) -> str:
    return f"profile {settings.profile}" if origin == "profile" else str(settings.path) if origin == "file" else ""


def _type(key: Key) -> Type:
    annotation: Any = key.field.annotation
    if get_origin(annotation) in (Union, UnionType):
        annotation = next(part for part in get_args(annotation) if part is not NoneType)
    return _TYPES[get_origin(annotation) or annotation]


def _default(key: Key, settings: Settings) -> Any:
    """What it would be if the file did not say."""
    values = PROFILES[settings.profile]
    if key.name in values:
        return values[key.name]
    field = key.field
    return field.get_default(call_default_factory=True) if field.default is PydanticUndefined else field.default
