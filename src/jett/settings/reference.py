"""The text of docs/configuration.md, made from the schema. Called by `jett config reference` and its test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from jett.settings.keys import Key, all_keys, sections
from jett.settings.profiles import PROFILES

_HEAD = """# Configuration

<!-- Made by `jett config reference`; do not edit. -->

Jett needs no settings file. Where one exists it is TOML, at the place `jett config path` prints; `JETT_CONFIG` names
another. Weakest first: the default, the profile, the file, the environment, an option of the command.
`jett config show` prints every value and where it came from. An unknown key, or a value out of its limits, is refused
with the nearest name.

```toml
profile = "cpu"

[stt]
vocabulary = ["grafana", "qdrant"]

[tts.pronunciations]
nginx = "engine x"
```

The same from the environment: `JETT_PROFILE=cpu`, `JETT_STT__VOCABULARY="grafana, qdrant"`,
`JETT_TTS__PRONUNCIATIONS='{"nginx": "engine x"}'` (section and key are joined by two underscores).

## Profiles

With no profile named, Jett takes `gpu-8gb` where an NVIDIA card is found and `cpu` elsewhere.
A profile only changes defaults:
"""


def markdown() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *_profiles(), *_keys()]) + "\n"


def _profiles() -> Iterator[str]:
    keys = all_keys()
    changed = [name for name in keys if any(name in values for values in PROFILES.values())]
    yield "| key | " + " | ".join(f"`{profile}`" for profile in PROFILES) + " |"
    yield "|---|" + "---|" * len(PROFILES)
    for name in changed:
        cells = (_cell(values.get(name, keys[name].field.default)) for values in PROFILES.values())
        yield f"| `{name}` | " + " | ".join(cells) + " |"


def _keys() -> Iterator[str]:
    tables = sections()
    previous = ""
    yield "\n## Keys"
    for key in all_keys().values():
        section = key.name.partition(".")[0]
        if section != previous:
            yield _section_head(section, (tables[section].__doc__ or "") if section in tables else "")
            previous = section
        yield f"| `{key.name}` | {_kind(key)} | {_cell(_default(key))} | {key.field.description} |"


def _section_head(section: str, about: str) -> str:
    title = f"\n### [{section}]\n\n{about}\n" if about else "\n### Top level\n"
    return f"{title}\n| key | value | default | |\n|---|---|---|---|"


def _default(key: Key) -> Any:
    field = key.field
    return field.get_default(call_default_factory=True) if field.default is PydanticUndefined else field.default


def _kind(key: Key) -> str:
    annotation: Any = key.field.annotation
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(annotation))
    if get_origin(annotation) in (Union, UnionType):
        annotation = next(part for part in get_args(annotation) if part is not NoneType)
    if get_origin(annotation) is dict:
        return _TABLES.get(get_args(annotation)[1], "tables")
    return f"{_NAMES[get_origin(annotation) or annotation]} {_limits(key)}".strip()


_NAMES: dict[type, str] = {
    Path: "path",
    SecretStr: "secret",
    bool: "true or false",
    float: "number",
    int: "integer",
    str: "text",
    tuple: "list of text",
}


_TABLES: dict[Any, str] = {str: "table of text", list[str]: "table of lists of text"}


def _limits(key: Key) -> str:
    signs = {annotated_types.Ge: "≥", annotated_types.Gt: ">", annotated_types.Le: "≤", annotated_types.Lt: "<"}
    parts = []
    for rule in key.field.metadata:
        if sign := signs.get(type(rule)):
            parts.append(f"{sign} {getattr(rule, type(rule).__name__.lower())}")
    return ", ".join(parts)


def _cell(value: Any) -> str:
    if value is None or value in ("", (), {}) or isinstance(value, SecretStr):
        return "unset"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
