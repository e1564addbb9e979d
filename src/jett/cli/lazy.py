"""Commands that are imported when they are asked for: most need engines, a server or a database, and `--version` none.

Called by `commands` alone.
"""

from __future__ import annotations

from collections import UserDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import typer
import typer.main


@dataclass(frozen=True, slots=True)
class Command:
    """One command: the function `name` of the file `name`, whose EPILOG has examples."""

    context: Mapping[str, Any] = field(default_factory=dict)

    def load(self, name: str) -> Any:
        """As click has it."""
        module = import_module(f"jett.cli.{name}")
        alone = typer.Typer(add_completion=False, rich_markup_mode="rich")
        alone.command(name, epilog=module.EPILOG, context_settings=dict(self.context))(getattr(module, name))
        return typer.main.get_command(alone)


@dataclass(frozen=True, slots=True)
class Group:
    """Several: the `app` of the file `name`."""

    epilog: str

    def load(self, name: str) -> Any:
        """As click has it."""
        group = typer.main.get_group(import_module(f"jett.cli.{name}").app)
        group.name, group.epilog = name, self.epilog
        return group


class Commands(UserDict[str, Any]):
    """What click looks commands up in; each is loaded once, at the first look."""

    def __getitem__(self, name: str) -> Any:
        found = self.data[name]
        if isinstance(found, Command | Group):
            found = self.data[name] = found.load(name)
        return found
