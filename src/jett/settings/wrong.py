"""Says what is wrong with a value: the key, the value, the limit, the fix. Secret values are never repeated."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError
from pydantic_core import ErrorDetails

from jett.settings.keys import all_keys

_LONGEST_SHOWN = 80


def explain(error: ValidationError, values: Mapping[str, Any], origins: Mapping[str, Any], file: Path) -> str:
    """One line for each mistake in `error`."""
    return "\n".join(_line(mistake, values, origins, file) for mistake in error.errors(include_url=False))


def _line(mistake: ErrorDetails, values: Mapping[str, Any], origins: Mapping[str, Any], file: Path) -> str:
    name = ".".join(str(part) for part in mistake["loc"][:2])
    key = all_keys().get(name)
    limit = mistake["msg"].removeprefix("Value error, ")
    if key is None:  # a rule between several keys names them itself
        return f"settings: {limit}; correct one of them in {file}"
    shown = "(hidden)" if key.field.annotation is SecretStr else _short(values.get(name))
    limit = limit[0].lower() + limit[1:]
    return f"settings: {name} = {shown}: {limit}; correct it in {_place(origins.get(name), key.variable, file)}"


def _place(origin: Any, variable: str, file: Path) -> str:
    env = "--profile or JETT_PROFILE" if variable == "JETT_PROFILE" else variable  # the option is the variable's twin
    return {"env": env, "option": "the command line"}.get(origin, str(file))


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"
