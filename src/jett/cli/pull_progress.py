"""Draws a pull's events on stderr: bars in a terminal, plain lines elsewhere. Used by commands that fetch models."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from jett.models import progress as pull
from jett.models.disk import megabytes


class PullProgress:
    """Show the events of pulls while the block lasts."""

    def __init__(self, *, quiet: bool = False) -> None:
        console = Console(stderr=True, quiet=quiet, highlight=False)
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        self._bars = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def show(self, event: pull.PullEvent) -> None:
        """Take one event; cheap enough to be called for every chunk."""
        if isinstance(event, pull.BytesReceived):
            self._advance(event)
            return
        line = _line(event)
        if line:
            self._bars.console.print(line, markup=False, soft_wrap=True)

    def _advance(self, event: pull.BytesReceived) -> None:
        if event.name not in self._tasks:
            self._tasks[event.name] = self._bars.add_task(event.name, total=event.total_bytes)
        self._bars.update(self._tasks[event.name], completed=event.done_bytes, total=event.total_bytes)


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
