"""`jett mcp`: what MCP servers offer, for the policy; and Jett's own MCP server, for an editor or another assistant."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import anyio
import typer

from jett.app.mcp import TOKEN_VARIABLE, addresses, offered_by, open_token_tools, read_token
from jett.app.servers import policy_path
from jett.cli.loading import user_settings
from jett.core.errors import OperationError
from jett.guard import Policy, load_policy
from jett.ops.mcp_address import McpAddress
from jett.ops.mcp_stanza import stanza
from jett.ops.mcp_tool import Offered, line

app = typer.Typer(no_args_is_help=True, help="MCP: look at what servers offer, and serve Jett's own tools.")

Json = Annotated[bool, typer.Option("--json", help="JSON for scripts.")]


@app.command(epilog="Examples: jett mcp tools  ·  jett mcp tools home")
def tools(
    server: Annotated[str | None, typer.Argument(help="One server of ops.mcp; else all.", metavar="SERVER")] = None,
    as_json: Json = False,
) -> None:
    """Show each tool that MCP servers offer, whether the policy lists it and whether it is still what was listed.

    For a tool that is not listed, a stanza for the policy; write its description yourself. No tool is called.
    """
    settings = user_settings()
    policy = load_policy(policy_path(settings))
    rows, failures = anyio.run(_look, addresses(settings, server), policy)
    if as_json:
        typer.echo(json.dumps({"tools": rows, "errors": failures}))
    for row in () if as_json else rows:
        _show(row)
    for failure in failures:
        typer.echo(f"error: {failure}", err=True)
    if failures:
        raise typer.Exit(OperationError.exit_code)


@app.command(epilog="Example: JETT_TOKEN=$(cat token) jett mcp serve")
def serve(
    token_file: Annotated[
        Path | None,
        typer.Option(help=f"File with the secret of an API token; else {TOKEN_VARIABLE} holds it.", metavar="FILE"),
    ] = None,
) -> None:
    """Be an MCP server on standard input and output, for a local MCP client.

    The token's scope and the policy decide what is offered. Only looks are: a token cannot confirm a change.
    """
    settings = user_settings()
    anyio.run(_serve, settings, read_token(token_file))


async def _serve(settings: Any, secret: str) -> None:
    from jett.server.mcp import serve as serve_tools

    async with open_token_tools(settings, secret) as offered:
        await serve_tools(offered)


async def _look(servers: list[McpAddress], policy: Policy) -> tuple[list[dict[str, Any]], list[str]]:
    rows: list[dict[str, Any]] = []
    failures: list[str] = []
    for address in servers:
        try:
            rows += _rows(address.name, await offered_by(address), policy)
        except OperationError as error:
            failures.append(line(str(error), 500))
    return rows, failures


def _rows(server: str, offered: tuple[Offered, ...], policy: Policy) -> list[dict[str, Any]]:
    rows = [_row(server, tool, policy) for tool in offered]
    present = {f"{server}.{tool.name}" for tool in offered}
    gone = [name for name in policy.tools if name.startswith(f"{server}.") and name not in present]
    return rows + [{"tool": name, "state": "gone", "description": "", "policy": "", "notes": []} for name in gone]


def _row(server: str, tool: Offered, policy: Policy) -> dict[str, Any]:
    name = f"{server}.{tool.name}"
    rule = policy.tools.get(name)
    state = "not listed" if rule is None else "listed" if rule.definition == tool.definition else "changed"
    row = {"tool": line(name, 140), "state": state, "description": line(tool.description)}
    ready = stanza(server, tool)
    shown = state != "listed"
    return {**row, "policy": ready.toml if shown else "", "notes": list(ready.notes) if shown else []}


def _show(row: dict[str, Any]) -> None:
    words = {
        "listed": "listed, and still what was listed",
        "changed": "CHANGED since you listed it: look at it closely before you paste this",
        "not listed": "not listed",
        "gone": "listed, and no longer offered",
    }
    typer.echo(f"{row['tool']}: {words[row['state']]}")
    if row["state"] == "listed":
        typer.echo(f"  the server says: {row['description']}")
    for note in row["notes"] if not row["policy"] else ():
        typer.echo(f"  {note}")
    if row["policy"]:
        typer.echo(f"\n{row['policy']}")
