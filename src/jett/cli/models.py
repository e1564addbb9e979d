"""`jett models`: what the store holds, under which licences; fetch, check and delete. The work is in `jett.models`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from jett.cli import completion
from jett.cli.failures import error_lines
from jett.cli.loading import user_settings
from jett.cli.pull_progress import PullProgress
from jett.core.errors import JettError, ModelError
from jett.models.disk import megabytes
from jett.models.store import ModelStatus, Store
from jett.settings import Settings

app = typer.Typer(no_args_is_help=True, help="List, fetch, check and delete the models that run on this machine.")

_ROOMY_COLUMNS = 120
"""From this width on there is room for what each model is."""

Json = Annotated[bool, typer.Option("--json", help="JSON for scripts.")]


_IDS: dict[str, Any] = {
    "help": "Models by id; see `jett models list`.",
    "metavar": "MODEL",
    "autocompletion": completion.model_ids,
}
Ids = Annotated[list[str] | None, typer.Argument(**_IDS)]


@app.command("list", epilog="Example: jett models list --json | jq '.models[] | select(.state == \"ready\")'")
def list_models(as_json: Json = False) -> None:
    """List every model with its licence, its size, and whether it is here."""
    store = _store(user_settings())
    statuses = store.listing()
    if as_json:
        typer.echo(json.dumps({"store": str(store.root), "models": [_row(status) for status in statuses]}))
        return
    table = Table(box=None, pad_edge=False)
    for column in ("model", "role", "state", "size", "licence"):
        table.add_column(column, no_wrap=True)
    console = Console()
    if roomy := console.width >= _ROOMY_COLUMNS:
        table.add_column("what it is")
    for status in statuses:
        model, style = status.model, "" if status.state == "ready" else "dim"
        size = megabytes(model.size_bytes)
        about = [model.about] if roomy else []
        table.add_row(model.id, model.role, status.state, size, model.licence, *about, style=style)
    console.print(table)
    for model in (status.model for status in statuses if status.model.licence_note):
        typer.echo(f"\nlicence of {model.id}: {model.licence_note}", nl=False)
    typer.echo(f"\n\nstore: {store.root}")


@app.command(epilog="Examples: jett models pull; jett models pull whisper-base; jett models pull --profile cpu")
def pull(
    model_ids: Ids = None,
    profile: Annotated[
        str | None,
        typer.Option(
            help="The set to fetch when no model is named: cpu, gpu-8gb or remote; else yours.",
            metavar="PROFILE",
            autocompletion=completion.profiles,
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every model of the manifest.")] = False,
    as_json: Json = False,
) -> None:
    """Fetch models, resuming what was begun; those that are here are checked. All is verified by digest."""
    settings = user_settings()
    store = _store(settings)
    if everything and (model_ids or profile):
        raise typer.BadParameter("--all names every model already; leave out the others")
    wanted = model_ids or (store.manifest.models if everything else store.manifest.profile(profile or settings.profile))
    for model_id in wanted:
        store.manifest.model(model_id)
    results = [_pulled(store, model_id, quiet=as_json) for model_id in dict.fromkeys(wanted)]
    if as_json:
        typer.echo(json.dumps({"store": str(store.root), "models": [result for result, _ in results]}))
    _exit_with(failure for _, failure in results)


@app.command(epilog="Example: jett models verify whisper-tiny.en")
def verify(model_ids: Ids = None, as_json: Json = False) -> None:
    """Read the files of models (all that are here, when none is named) and compare their digests."""
    store = _store(user_settings())
    wanted = model_ids or [status.model.id for status in store.listing() if status.state != "missing"]
    reports = [report for model_id in wanted for report in store.verify(model_id)]
    bad = [report for report in reports if report.state != "good"]
    if as_json:
        typer.echo(json.dumps({"store": str(store.root), "files": [asdict(report) for report in reports]}))
    else:
        for report in bad:
            typer.echo(f"{report.state}: {report.model_id}/{report.name} {report.found_sha256}".rstrip())
        typer.echo(f"{len(reports) - len(bad)} of {len(reports)} files are right")
    if bad:
        fix = " ".join(dict.fromkeys(report.model_id for report in bad))
        are = "1 file is" if len(bad) == 1 else f"{len(bad)} files are"
        typer.echo(f"error: models: {are} damaged or missing; fix: jett models pull {fix}", err=True)
        raise typer.Exit(ModelError.exit_code)


@app.command(epilog="Example: jett models remove whisper-base")
def remove(model_ids: Annotated[list[str], typer.Argument(**_IDS)], as_json: Json = False) -> None:
    """Delete models and their unfinished downloads; files that another model shares stay."""
    store = _store(user_settings())
    for model_id in model_ids:
        store.manifest.model(model_id)
    freed = {model_id: store.remove(model_id) for model_id in model_ids}
    if as_json:
        typer.echo(json.dumps({"store": str(store.root), "freed_bytes": freed}))
        return
    for model_id, freed_bytes in freed.items():
        typer.echo(f"{model_id}: {megabytes(freed_bytes)} freed" if freed_bytes else f"{model_id}: was not here")


def _store(settings: Settings) -> Store:
    return Store(settings.models.dir, mirror=settings.models.mirror)


def _pulled(store: Store, model_id: str, *, quiet: bool) -> tuple[dict[str, Any], JettError | None]:
    """One model's line of the report; a failure is shown now, and the next model still has its chance."""
    try:
        with PullProgress(quiet=quiet) as bars:
            fetched_bytes = store.pull(model_id, bars.show)
    except ModelError as failure:
        typer.echo(error_lines(failure), err=True)
        return {"id": model_id, "state": "failed", "error": str(failure)}, failure
    model = store.manifest.model(model_id)
    if model.licence_note and not quiet:
        typer.echo(f"{model_id}: licence {model.licence}: {model.licence_note}", err=True)
    return {"id": model_id, "state": "ready", "fetched_bytes": fetched_bytes, "path": str(store.path(model_id))}, None


def _exit_with(failures: Iterable[JettError | None]) -> None:
    first = next((failure for failure in failures if failure is not None), None)
    if first is not None:
        raise typer.Exit(first.exit_code)


def _row(status: ModelStatus) -> dict[str, Any]:
    model = status.model
    return {
        "id": model.id,
        "role": model.role,
        "state": status.state,
        "size_bytes": model.size_bytes,
        "held_bytes": status.held_bytes,
        "licence": model.licence,
        "licence_note": model.licence_note,
        "about": model.about,
        "card": model.card,
    }
