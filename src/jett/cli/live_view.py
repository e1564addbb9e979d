"""The terminal while Jett talks: state, level, what is being said and answered, and where each turn's time went.

Cheap on purpose, since listening to silence may cost 2 % of a core in all: nothing is drawn unless what would be shown
has changed, and at most ten times a second. There is no timer; frames of the microphone come 31 times a second anyway.
Finished turns scroll by above; the region below them is redrawn.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from jett.app import App
from jett.cli.views import announcement_lines, engines_line, link_lines
from jett.cli.waterfall import bars, drawn
from jett.core.clock import Clock, MonotonicClock
from jett.core.errors import JettError
from jett.core.events import (
    AnnouncementEnded,
    ClauseSpoken,
    LevelMeasured,
    PartialHeard,
    ReplyWithdrawn,
    SessionEvent,
    StateChanged,
    Troubled,
    TurnReport,
)
from jett.guard import redact
from jett.settings import Settings

REDRAW_EVERY_S = 0.1
_METER_WIDTH = 20
_QUIETEST_DBFS = -60.0
_BAR_WIDTH = 40
_STATES = {
    "asleep": ("asleep", "dim"),
    "called": ("was that my name?", "cyan"),
    "idle": ("listening", "green"),
    "hearing": ("hearing you", "bold cyan"),
    "pausing": ("have you finished?", "cyan"),
    "replying": ("speaking", "bold magenta"),
    "overlap": ("you speak, I wait", "yellow"),
}


def can_be_shown() -> bool:
    """Whether stdout is a terminal that can redraw lines."""
    console = Console()
    return console.is_terminal and not console.is_dumb_terminal


class LiveView:
    """A `View` for terminals."""

    def __init__(self, settings: Settings, console: Console | None = None, clock: Clock | None = None) -> None:
        self._console = console or _console(settings)
        self._clock = clock or MonotonicClock()
        self._live = Live(console=self._console, auto_refresh=False, transient=True, redirect_stdout=False)
        self._state = "idle"
        self._meter = 0
        self._partial = ""
        self._reply = ""
        self._shown: tuple[object, ...] = ()
        self._due_s = 0.0
        self.n_drawn = 0

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def ready(self, app: App) -> None:
        self.note(engines_line(app))

    def listening_to(self, file: str, warnings: Sequence[str] = ()) -> None:
        if file:
            self._console.print(Text(f"file  {file}", style="dim"))
        for warning in warnings:
            self._console.print(Text(f"warning: {warning}", style="yellow"), soft_wrap=True)

    def note(self, text: str) -> None:
        self._console.print(Text(redact(text), style="dim"), soft_wrap=True)

    def link(self, address: str, link: str) -> None:
        for line in link_lines(address, link):
            self._console.print(Text(line), soft_wrap=True)

    def failed(self, error: JettError | str) -> None:
        self._console.print(Text(redact(f"error: {error}"), style="red"), soft_wrap=True)

    def __call__(self, event: SessionEvent) -> None:
        """Take one event; draws when something that shows has changed."""
        match event:
            case LevelMeasured(dbfs):
                self._meter = meter_steps(dbfs)
            case StateChanged(state):
                self._state = state
            case PartialHeard(text=text):
                self._partial = text
            case ClauseSpoken(text=text):
                self._reply = f"{self._reply} {text.strip()}".strip()
            case TurnReport():
                self._scroll(finished(event))
            case AnnouncementEnded():
                self._scroll(Text("\n".join(announcement_lines(event)), style="magenta"))
            case ReplyWithdrawn(heard=heard):
                self._scroll(Text(f"      taken back, you went on (heard: {heard or 'nothing'})", style="yellow"))
            case Troubled(message):
                self.failed(message)
        self._draw_if_changed()

    def _scroll(self, done: RenderableType) -> None:
        self._partial = self._reply = ""
        self._console.print(done)

    def _draw_if_changed(self) -> None:
        now_s = self._clock.now_s()
        wanted = (self._state, self._meter, self._partial, self._reply)
        if wanted == self._shown or now_s < self._due_s:
            return
        self._shown, self._due_s = wanted, now_s + REDRAW_EVERY_S
        self.n_drawn += 1
        self._live.update(self._region(), refresh=True)

    def _region(self) -> RenderableType:
        word, style = _STATES.get(self._state, (self._state, ""))
        meter = "▮" * self._meter + "·" * (_METER_WIDTH - self._meter)
        lines = [Text.assemble((f"{word:<18} ", style), (meter, "dim" if self._state == "asleep" else "green"))]
        if self._partial:
            lines.append(Text(f"you   {self._partial} …", style="cyan"))
        if self._reply:
            lines.append(Text(f"jett  {self._reply}", style="magenta"))
        return Group(*lines)


def meter_steps(dbfs: float) -> int:
    """Loudness as steps of the meter; a quiet room shows none, so that it costs no redraw."""
    share = (dbfs - _QUIETEST_DBFS) / -_QUIETEST_DBFS
    return round(min(1.0, max(0.0, share)) * _METER_WIDTH)


def finished(report: TurnReport) -> RenderableType:
    """A finished turn with its waterfall."""
    lines: list[RenderableType] = [Text(f"you   {report.transcript}", style="bold cyan")]
    if report.reply:
        lines.append(Text(f"jett  {report.reply}", style="bold magenta"))
    if report.interrupted:
        lines.append(Text(f"      interrupted; heard: {report.heard or 'nothing'}", style="yellow"))
    if report.error:
        lines.append(Text(f"      {report.error}", style="red"))
    if report.ttfa_ms is not None:
        lines.append(waterfall(report))
    return Group(*lines)


def waterfall(report: TurnReport) -> RenderableType:
    """The turn's parts as bars on one time line, from the end of speech to the first sound."""
    table = Table.grid(padding=(0, 1))
    table.add_column(width=5)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    parts = bars(report.stages_ms)
    total_ms = max((bar.end_ms for bar in parts), default=0.0)
    for bar in parts:
        style = "green" if bar.name == "sure it ended" else "blue"
        table.add_row("", bar.name, Text(drawn(bar, total_ms, _BAR_WIDTH), style=style), f"{bar.end_ms:.0f} ms")
    return table


def _console(settings: Settings) -> Console:
    colour = {"auto": None, "always": True, "never": False}[settings.ui.color]
    no_color = True if colour is False else None if os.environ.get("NO_COLOR") is None else True
    return Console(no_color=no_color, force_terminal=True if colour else None, highlight=False)
