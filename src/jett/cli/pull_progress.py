"""Draws a pull's events on stderr: bars in a terminal, plain lines elsewhere. Used by commands that fetch models."""

from __future__ import annotations

from collections.abc import Iterable

from rich.progress import BarColumn, DownloadColumn, TextColumn, TransferSpeedColumn

from jett.cli.bars import Bars
from jett.models import progress as pull
from jett.models.disk import megabytes
from jett.models.store import Store


class PullProgress(Bars):
    """Show the events of pulls while the block lasts."""

    def __init__(self, *, quiet: bool = False) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        super().__init__(*columns, quiet=quiet, transient=True)

    def show(self, event: pull.PullEvent) -> None:
        """Take one event; cheap enough to be called for every chunk."""
        if isinstance(event, pull.BytesReceived):
            self.advance(event.name, event.done_bytes, event.total_bytes)
            return
        line = _line(event)
        if line:
            self.console.print(line, markup=False, soft_wrap=True)


def fetch_missing(models: Store, ids: Iterable[str], *, quiet: bool = False) -> None:
    """Have each of `ids` in the store. Raises ModelError."""
    for model_id in ids:
        if not models.has(model_id):
            with PullProgress(quiet=quiet) as bars:
                models.pull(model_id, bars.show)


def _line(event: pull.PullEvent) -> str:
    match event:
        case pull.PullStarted(model_id, missing_bytes):
            return f"{model_id}: fetching {megabytes(missing_bytes)}"
        case pull.WaitedForAnother(model_id):
            return f"{model_id}: another process changes the store, waiting for it"
        case pull.SourceGaveUp(model_id, name, source, reason):
            return f"{model_id}: {name} not from {source}: {reason}"
        case pull.ModelReady(model_id, fetched_bytes):
            return f"{model_id}: fetched and verified" if fetched_bytes else f"{model_id}: here and verified"
        case _:
            return ""
