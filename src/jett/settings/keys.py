"""The names of all settings (`profile`, `stt.model`, …) and the nearest one to a misspelling. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pydantic.fields import FieldInfo

from jett.settings.schema import Schema
from jett.settings.section import Section

ENV_PREFIX = "JETT_"
CONFIG_VARIABLE = "JETT_CONFIG"


@dataclass(frozen=True, slots=True)
class Key:
    """One setting: its dotted name and what the schema says of it."""

    name: str
    field: FieldInfo

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return ENV_PREFIX + self.name.replace(".", "__").upper()


def sections() -> dict[str, type[Section]]:
    """The tables of the file, in order."""
    kinds = {name: field.annotation for name, field in Schema.model_fields.items()}
    return {name: kind for name, kind in kinds.items() if isinstance(kind, type) and issubclass(kind, Section)}


def all_keys() -> dict[str, Key]:
    """Every setting by its dotted name, in the order of the schema."""
    return {key.name: key for key in _walk()}


def _walk() -> Iterator[Key]:
    tables = sections()
    for name, field in Schema.model_fields.items():
        if name in tables:
            yield from (Key(f"{name}.{key}", inner) for key, inner in tables[name].model_fields.items())
        else:
            yield Key(name, field)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """` (did you mean 'x'?)`, or nothing when no name is near."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" (did you mean '{near[0]}'?)" if near else ""
