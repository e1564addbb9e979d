"""`jett devices`: which microphones and speakers there are, under the names that the settings take."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from jett.audio.devices import Device, Devices, Direction, choose, list_devices, missing_device
from jett.core.errors import AudioError

EPILOG = "Examples: jett devices  ·  jett devices --json"


def devices(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for scripts.")] = False,
) -> None:
    """List microphones and speakers, and mark those that Jett takes unless told otherwise.

    Example: jett devices --json
    """
    found = list_devices()
    if as_json:
        typer.echo(json.dumps(_as_dict(found), ensure_ascii=False))
        return
    console = Console(highlight=False)
    _show(console, "Microphones", "input", found.inputs)
    _show(console, "Speakers", "output", found.outputs)


def _show(console: Console, title: str, direction: Direction, listed: tuple[Device, ...]) -> None:
    if listed:
        console.print(_table(title, listed, _taken(listed, direction)))
    if _taken(listed, direction) is None:
        console.print(missing_device(direction), markup=False, soft_wrap=True)


def _table(title: str, listed: tuple[Device, ...], taken: Device | None) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for column in ("", "name", "rate", "channels", ""):
        table.add_column(column, overflow="fold")
    for device in listed:
        rates = ", ".join(str(rate_hz) for rate_hz in device.rates_hz[:4]) or "any"
        note = device.problem or ("hears what a speaker plays" if device.is_monitor else "")
        table.add_row("*" if device is taken else "", device.name, f"{rates} Hz", str(device.channels or "any"), note)
    return table


def _taken(listed: tuple[Device, ...], direction: Direction) -> Device | None:
    """The device that Jett opens when no name is set."""
    try:
        return choose(listed, direction)
    except AudioError:
        return None


def _as_dict(found: Devices) -> dict[str, Any]:
    return {
        "backend": found.backend,
        "inputs": [_row(device, found.inputs) for device in found.inputs],
        "outputs": [_row(device, found.outputs) for device in found.outputs],
        "microphone_problem": _problem(found.inputs, "input"),
        "speaker_problem": _problem(found.outputs, "output"),
    }


def _problem(listed: tuple[Device, ...], direction: Direction) -> str:
    return missing_device(direction) if _taken(listed, direction) is None else ""


def _row(device: Device, listed: tuple[Device, ...]) -> dict[str, Any]:
    shown = [field.name for field in fields(device) if field.name != "handle"]
    return {name: getattr(device, name) for name in shown} | {"taken": device is _taken(listed, device.direction)}
