"""`jett doctor`: can Jett talk here, and if not, which command mends it. Changes nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Annotated

import anyio
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from jett.app import open_app
from jett.app.sockets import OpenSocket, open_sockets
from jett.cli import findings
from jett.cli.findings import Finding
from jett.cli.findings_guard import guard
from jett.cli.loading import settings_or_defaults
from jett.cli.running import running_jetts
from jett.core.errors import JettError
from jett.settings import Settings

EPILOG = "Examples: jett doctor  ·  jett doctor --load  ·  jett doctor --json | jq .problems"


_ORDER = ("machine", "settings", "engines", "models", "devices", "guard", "running", "privacy")
"""From what the machine is to what Jett does on it; what is wrong, and what mends it, comes last of all."""
_PULL = "jett models pull "
_INSTEAD = "; `jett talk "
"""What goes without a device: the conclusion says so itself."""


def doctor(
    load: Annotated[
        bool, typer.Option("--load", help="Load every engine, to see that they do and which sockets they open.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for scripts.")] = False,
) -> None:
    """Look at everything Jett needs here: what is installed, what is missing, and the command that mends it.

    Exit code 0 when Jett can talk, 1 when it cannot. --json has can_talk, can_answer_files, problems, findings and
    sockets (of this process, and of every Jett of yours that runs now).
    """
    settings, wrong = settings_or_defaults()
    found = [
        *(findings.mistakes(wrong) if wrong else ()),
        *findings.machine(settings),
        *findings.engines(),
        *findings.devices(settings),
        *findings.choices(settings),
        *guard(settings),
    ]
    found += findings.privacy()
    sockets, loading = anyio.run(_sockets_when_loaded, settings) if load else (open_sockets(os.getpid(), settings), [])
    found += loading
    for one in running_jetts():
        found.append(Finding("running", f"jett {one.command}".strip(), f"process {one.pid}"))
        sockets += [other for other in open_sockets(one.pid, settings, fetches=one.fetches) if other not in sockets]
    found += _judged(sockets)
    found.sort(key=lambda finding: _ORDER.index(finding.subject))
    problems = [finding for finding in found if finding.stops]
    warnings = [finding for finding in found if finding.fix and not finding.stops]
    if as_json:
        typer.echo(json.dumps(_report(found, problems, sockets), ensure_ascii=False))
    else:
        _print(found, sockets, loaded=load)
        _conclude(problems)
        _warn(warnings)
    raise typer.Exit(1 if problems else 0)


async def _sockets_when_loaded(settings: Settings) -> tuple[list[OpenSocket], list[Finding]]:
    """The sockets while every engine is loaded and warm."""
    try:
        async with open_app(settings) as app:
            names = ", ".join(app.parts.names.values())
            return open_sockets(os.getpid(), settings), [Finding("running", "loaded for this report", names)]
    except JettError as error:
        what, _, fix = str(error).partition("; ")
        return [], [Finding("running", "loading", what, "everything", fix)]


def _judged(sockets: list[OpenSocket]) -> Iterator[Finding]:
    for one in sockets:
        if not one.expected:
            where = f"{one.local} → {one.remote}"
            yield Finding(
                "privacy", "socket", f"{where} of process {one.pid}: {one.purpose}", "everything", "report it"
            )


def _report(found: list[Finding], problems: list[Finding], sockets: list[OpenSocket]) -> dict[str, object]:
    return {
        "can_talk": not problems,
        "can_answer_files": not any(problem.stops == "everything" for problem in problems),
        "problems": [asdict(problem) for problem in problems],
        "findings": [asdict(finding) for finding in found],
        "sockets": [asdict(one) for one in sockets],
    }


def _print(found: list[Finding], sockets: list[OpenSocket], *, loaded: bool) -> None:
    console = Console(highlight=False)
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(max_width=25, overflow="fold")
    table.add_column(overflow="fold")
    subject = ""
    for finding in found:
        if finding.subject == "privacy" != subject:
            _add_sockets(table, sockets, loaded=loaded)
        value = Text(finding.value, style="red" if finding.stops else "yellow" if finding.fix else "")
        table.add_row(finding.subject if finding.subject != subject else "", finding.name, value)
        subject = finding.subject
    console.print(table)


def _add_sockets(table: Table, sockets: list[OpenSocket], *, loaded: bool) -> None:
    for one in sockets:
        where = f"{one.kind} {one.local}{' → ' + one.remote if one.remote else ''} {one.status}".strip()
        name = "sockets" if one is sockets[0] else ""
        table.add_row(name, f"process {one.pid}", Text(f"{where}: {one.purpose}"))
    if not sockets:
        hint = "" if loaded else "; while it talks: one server on 127.0.0.1 and Jett's connections to it (see --load)"
        table.add_row("sockets", "none open", Text(f"nothing of Jett is connected to anything now{hint}"))


def _conclude(problems: list[Finding]) -> None:
    if not problems:
        typer.echo("\nJett can talk: jett talk")
        return
    if all(problem.stops == "live" for problem in problems):
        typer.echo("\nJett can answer recordings (jett talk --input FILE --output FILE), but not talk live:\n")
    else:
        typer.echo("\nJett cannot talk yet:\n")
    for problem in problems:
        typer.echo(f"{problem.name}: {problem.value}")
    typer.echo()
    for fix in fixes(problems):
        typer.echo(f"→ {fix}")


def _warn(warnings: list[Finding]) -> None:
    """What stops nothing, and ought to be mended."""
    for one in warnings:
        typer.echo(f"\nwarning: {one.name}: {one.value}\n→ {one.fix}")


def fixes(problems: Iterable[Finding]) -> list[str]:
    """What to do, each once, in order; all models that are missing in one command."""
    bare = (problem.fix.removeprefix("fix: ").partition(_INSTEAD)[0] for problem in problems if problem.fix)
    found = list(dict.fromkeys(bare))
    models = [word for fix in found if fix.startswith(_PULL) for word in fix.removeprefix(_PULL).split()]
    pull = [_PULL + " ".join(dict.fromkeys(models))] if models else []
    return [*pull, *(fix for fix in found if not fix.startswith(_PULL))]
