"""Progress bars on stderr while a block lasts, one a name; none where stderr is no terminal."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import Progress, ProgressColumn, TaskID


class Bars:
    """Give each name's progress to `advance`."""

    def __init__(self, *columns: ProgressColumn, quiet: bool = False, transient: bool = False) -> None:
        self.console = Console(stderr=True, quiet=quiet, highlight=False)
        self.shown = self.console.is_terminal
        self._bars = Progress(*columns, console=self.console, transient=transient, disable=not self.shown)
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def advance(self, name: str, done: int, whole: int | None) -> bool:
        """`done` of `whole`, where that is known; whether the name is new."""
        new = name not in self._tasks
        if new:
            self._tasks[name] = self._bars.add_task(name, total=whole)
        self._bars.update(self._tasks[name], completed=done, total=whole)
        return new
