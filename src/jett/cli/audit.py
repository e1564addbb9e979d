"""`jett audit`: the record of what was asked, decided and done; read, verified, exported. The work is in `guard`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Literal

import typer

from jett.app.record import audit_log
from jett.cli.loading import user_settings
from jett.core.errors import AuditError
from jett.guard import Agreement, Record, Standing
from jett.guard import export as exported
from jett.guard import tail as last_records
from jett.guard import unfinished as begun
from jett.guard import verify as verified

app = typer.Typer(no_args_is_help=True, help="Read and verify the record of every request, verdict and outcome.")

Json = Annotated[bool, typer.Option("--json", help="JSON for scripts.")]


@app.command(epilog="Examples: jett audit tail  ·  jett audit tail -n 100 --json")
def tail(
    count: Annotated[int, typer.Option("--lines", "-n", min=1, help="How many records.", metavar="N")] = 20,
    as_json: Json = False,
) -> None:
    """The last records, oldest first."""
    records = list(last_records(audit_log(user_settings()), count))
    for record in records:
        typer.echo(json.dumps(asdict(record)) if as_json else _line(record))
    if not records and not as_json:
        typer.echo("audit: there is no record yet; each request for an operation makes one", err=True)


@app.command(epilog="Example: jett audit verify || echo 'the record was touched'")
def verify(as_json: Json = False) -> None:
    """Read the whole chain and compare it with its anchors. Exit code 7 when anything was touched.

    Each anchor agrees, lags (it was out of reach for a while; no fault), contradicts, or is unreachable. --json gives
    intact, records, segments, faults, warnings, anchors (anchor, agreement, newest, behind, …) and unfinished.
    """
    log = audit_log(user_settings())
    report, open_ended = verified(log), begun(log)
    if as_json:
        row = {
            "intact": report.intact,
            "records": report.records,
            "segments": report.segments,
            "faults": [asdict(fault) for fault in report.faults],
            "warnings": report.warnings,
            "anchors": [asdict(standing) for standing in report.anchors],
            "unfinished": [record.operation for record in open_ended],
        }
        typer.echo(json.dumps(row))
    else:
        for warning in report.warnings:
            typer.echo(f"warning: {warning}", err=True)
        for record in open_ended:
            typer.echo(f"begun, end unknown: {_line(record)}")
        for standing in report.anchors:
            typer.echo(_standing(standing))
        typer.echo(f"{report.records} records in {report.segments} files: {'intact' if report.intact else 'TOUCHED'}")
    if not report.intact:
        for fault in report.faults:
            typer.echo(f"error: audit: {fault.file}, record {fault.seq}: {fault.problem}", err=True)
        raise typer.Exit(AuditError.exit_code)


@app.command(epilog="Example: jett audit export --format csv > audit.csv")
def export(
    form: Annotated[
        Literal["jsonl", "csv"], typer.Option("--format", help="jsonl or csv.", metavar="FORMAT")
    ] = "jsonl",
) -> None:
    """Every record, for another program."""
    for line in exported(audit_log(user_settings()), form):
        typer.echo(line, nl=not line.endswith("\n"))


def _standing(standing: Standing) -> str:
    more = {
        Agreement.AGREES: f"at record {standing.newest}",
        Agreement.LAGS: f"{standing.behind} records behind, at record {standing.newest}",
        Agreement.CONTRADICTS: f"at record {standing.seq}",
        Agreement.UNREACHABLE: f"({standing.problem})",
    }
    return f"{standing.anchor}: {standing.agreement} {more[standing.agreement]}"


def _line(record: Record) -> str:
    words = [record.time, f"#{record.seq}", record.kind, record.identity, record.verb, record.target]
    words += [record.verdict, record.rule, record.detail]
    return "  ".join(word for word in words if word)
