"""`jett config`: which settings are in force, where they come from, and what there is to set. Changes nothing."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from jett.cli.loading import user_settings
from jett.settings import Settings, config_path
from jett.settings.keys import all_keys
from jett.settings.reference import markdown
from jett.settings.section import Section

app = typer.Typer(no_args_is_help=True, help="Show the settings in force and where they come from.")

Json = Annotated[bool, typer.Option("--json", help="One JSON object for scripts.")]


@app.command(epilog="Example: jett config show --json | jq .settings")
def show(as_json: Json = False) -> None:
    """Print every setting, its value and where it is from: default, profile, file, environment or option."""
    settings = user_settings()
    rows = {name: (_shown(settings.value(name)), _origin(settings, name)) for name in all_keys()}
    if as_json:
        values = {name: {"value": value, "origin": origin} for name, (value, origin) in rows.items()}
        report = {"path": str(settings.path), "profile_reason": settings.profile_reason, "settings": values}
        typer.echo(json.dumps(report))
        return
    table = Table("key", "value", "from", box=None, pad_edge=False)
    for name, (value, origin) in rows.items():
        table.add_row(name, json.dumps(value, ensure_ascii=False), origin, style="" if origin != "default" else "dim")
    Console().print(table)
    file = f"{settings.path}{_missing(settings.path)}"
    typer.echo(f"\nprofile {settings.profile}: {settings.profile_reason}; file {file}")


@app.command(epilog='Example: $EDITOR "$(jett config path)"')
def path(as_json: Json = False) -> None:
    """Print where the settings file is, whether it exists or not."""
    file = config_path(os.environ)
    typer.echo(json.dumps({"path": str(file), "exists": file.is_file()}) if as_json else str(file))


@app.command(epilog="Example: jett config reference > docs/configuration.md")
def reference() -> None:
    """Print docs/configuration.md: every key with its limits and default."""
    sys.stdout.buffer.write(markdown().encode())


def _origin(settings: Settings, name: str) -> str:
    """Where a value came from; a profile that nobody named is the machine's."""
    origin = settings.origin(name)
    return "machine" if name == origin == "profile" else origin


def _shown(value: Any) -> Any:
    """As JSON can carry it; secrets masked."""
    if isinstance(value, SecretStr):
        return "********" if value.get_secret_value() else ""
    if isinstance(value, dict):
        return {name: _shown(inner) for name, inner in value.items()}
    if isinstance(value, Section):
        return value.model_dump(mode="json")
    return str(value) if isinstance(value, Path) else value


def _missing(file: Path | None) -> str:
    return "" if file is not None and file.is_file() else " (not there)"
