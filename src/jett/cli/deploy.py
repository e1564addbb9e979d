"""`jett deploy`: does the server keep the promises of deploy/, seen from here? Looks, never changes."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import anyio
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from jett.core.errors import ConfigError
from jett.ops.deploy_check import Look, Place, Proof, looks
from jett.ops.secret_file import read_secret

app = typer.Typer(no_args_is_help=True, help="Prove from here what the server answers, and what it refuses.")

EPILOG = (
    "Examples: jett deploy check --public vps.example.org  ·  "
    "jett deploy check --json | jq '.looks[] | select(.proof != \"holds\")'"
)
_STYLES = {Proof.HOLDS: "green", Proof.BROKEN: "bold red", Proof.UNPROVED: "yellow"}


@app.command(epilog=EPILOG)
def check(
    address: Annotated[str, typer.Option(help="The server's address in the tunnel.", metavar="HOST")] = "10.0.0.2",
    desktop: Annotated[str, typer.Option(help="This machine's address in the tunnel.", metavar="HOST")] = "10.0.0.1",
    public: Annotated[
        str,
        typer.Option(help="The server's address outside the tunnel, where everything must refuse.", metavar="HOST"),
    ] = "",
    n8n_token_file: Annotated[
        Path | None,
        typer.Option(help="File with the token of n8n's webhooks, to see that it is accepted.", metavar="FILE"),
    ] = None,
    timeout: Annotated[
        float, typer.Option(min=0.1, max=30, help="How long to wait for each answer.", metavar="SECONDS")
    ] = 3.0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for scripts.")] = False,
) -> None:
    """Look at each promise of the server: the tunnel's ports, the proxy's refusals, accounts, webhooks, the outside.

    Sends only what does nothing even where it is permitted. Exit code 0 when every promise was seen to hold, 1 when
    one is broken or could not be proved; each of those says what mends it.
    """
    token = None if n8n_token_file is None else _token(n8n_token_file)
    place = Place(address, desktop, public, None if token is None else lambda: token, timeout)
    found = anyio.run(_all, place)
    failed = [look for look in found if look.proof is not Proof.HOLDS]
    if as_json:
        report = {"holds": not failed, "outside_checked": bool(public), "looks": [asdict(look) for look in found]}
        typer.echo(json.dumps(report, ensure_ascii=False))
    else:
        _print(found)
        _conclude(found, failed, public)
    raise typer.Exit(1 if failed else 0)


async def _all(place: Place) -> list[Look]:
    return [look async for look in looks(place)]


def _token(path: Path) -> str:
    try:
        token = read_secret(path, "--n8n-token-file").strip()
    except OSError as error:
        raise ConfigError(f"deploy: n8n's token {error}") from error
    if not token or not token.isascii() or not token.isprintable():
        raise ConfigError(f"deploy: {path} holds no token; write one line of printable ASCII into it")
    return token


def _print(found: list[Look]) -> None:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    subject = ""
    for look in found:
        told = Text(f"{look.promise} ({look.seen})")
        if look.fix:
            told.append(f"\n→ {look.fix}", style="yellow")
        row = look.subject if look.subject != subject else ""
        table.add_row(row, Text(look.proof.value, style=_STYLES[look.proof]), told)
        subject = look.subject
    Console(highlight=False).print(table)


def _conclude(found: list[Look], failed: list[Look], public: str) -> None:
    outside = "" if public else "; the outside was not looked at: name it with --public"
    if failed:
        typer.echo(f"\n{len(failed)} of {len(found)} promises are broken or unproved: see →{outside}")
    else:
        typer.echo(f"\nAll {len(found)} promises hold{outside}")
