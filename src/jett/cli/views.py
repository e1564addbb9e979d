"""What `jett talk` shows where there is no live view: plain lines for people and pipes, JSON lines for scripts.

The live view is in `live_view.py`. All of them take the events of a conversation on the event loop.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from types import TracebackType
from typing import Protocol, Self

import typer

from jett.app import App
from jett.cli.waterfall import in_words
from jett.core.errors import JettError
from jett.core.events import AnnouncementEnded, ReplyWithdrawn, SessionEvent, Troubled, TurnReport
from jett.guard import redact


class View(Protocol):
    """Shows a conversation while its block lasts."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def ready(self, app: App) -> None:
        """The engines are loaded."""

    def listening_to(self, file: str, warnings: Sequence[str] = ()) -> None:
        """The next conversation comes from `file`; empty for a microphone. `warnings` say what is wrong with it."""

    def note(self, text: str) -> None:
        """Something beside the conversation: progress, a device that went away."""

    def link(self, address: str, link: str) -> None:
        """Where the dashboard is, and a one-time link to it, which is shown as it is."""

    def failed(self, error: JettError) -> None:
        """The conversation at hand ended with `error`."""

    def __call__(self, event: SessionEvent) -> None:
        """The next event of the conversation."""


class _Lines:
    """What both kinds of lines share: nothing to set up, notes on stderr."""

    def __init__(self) -> None:
        self._file = ""
        self._warnings: list[str] = []
        self._told: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def ready(self, app: App) -> None:
        self.note(engines_line(app))

    def listening_to(self, file: str, warnings: Sequence[str] = ()) -> None:
        self._file = file
        self._warnings = list(warnings)
        for warning in warnings:
            self.note(f"warning: {warning}")

    def note(self, text: str) -> None:
        typer.echo(redact(text), err=True)

    def link(self, address: str, link: str) -> None:
        for line in link_lines(address, link):
            typer.echo(line, err=True)

    def trouble(self, text: str) -> None:
        """Once each: a server that is down at the start fails every turn in the same words."""
        if text not in self._told:
            self._told.add(text)
            self.note(text)

    def failed(self, error: JettError) -> None:
        self.note(f"error: {error}")


class JsonLines(_Lines):
    """One JSON object a turn on stdout, and one an announcement, nothing else there.

    A file that fails gives `error`, `exit_code` and `file`.
    """

    def __call__(self, event: SessionEvent) -> None:
        if isinstance(event, TurnReport):
            typer.echo(json.dumps(asdict(event) | {"file": self._file, "warnings": self._warnings}, ensure_ascii=False))
        elif isinstance(event, AnnouncementEnded):
            typer.echo(json.dumps(asdict(event), ensure_ascii=False))
        elif isinstance(event, Troubled):
            self.trouble(event.message)

    def failed(self, error: JettError) -> None:
        super().failed(error)
        row = {"file": self._file, "error": redact(str(error)), "exit_code": error.exit_code}
        typer.echo(json.dumps(row, ensure_ascii=False))


class PlainLines(_Lines):
    """What was said and answered, a line each."""

    def listening_to(self, file: str, warnings: Sequence[str] = ()) -> None:
        super().listening_to(file, warnings)
        if file:
            typer.echo(f"file  {file}")

    def __call__(self, event: SessionEvent) -> None:
        match event:
            case TurnReport():
                for line in turn_lines(event):
                    typer.echo(line)
            case AnnouncementEnded():
                for line in announcement_lines(event):
                    typer.echo(line)
            case ReplyWithdrawn():
                typer.echo("      (taken back: you went on)")
            case Troubled():
                self.trouble(event.message)


def turn_lines(report: TurnReport) -> list[str]:
    """A finished turn for people."""
    lines = [f"you   {report.transcript}"]
    if report.reply:
        lines.append(f"jett  {report.reply}")
    if report.interrupted:
        lines.append(f"      (interrupted; heard: {report.heard or 'nothing'})")
    if report.ttfa_ms is not None:
        lines.append(f"      {in_words(report.stages_ms)}")
    if report.error:
        lines.append(f"      error: {report.error}")
    return lines


def announcement_lines(ended: AnnouncementEnded) -> list[str]:
    """An announcement for people."""
    lines = [f"jett  {ended.announcement}"]
    if ended.interrupted:
        lines.append(f"      (interrupted; heard: {ended.heard or 'nothing'})")
    if ended.error:
        lines.append(f"      error: {ended.error}")
    return lines


def link_lines(address: str, link: str) -> list[str]:
    """For people; the link is a secret of theirs."""
    return [f"dashboard: {address}", f"open once, within ten minutes: {link}"]


def engines_line(app: App) -> str:
    """What does the work, and why this voice."""
    names = ", ".join(f"{stage} {name}" for stage, name in app.parts.names.items())
    return f"engines: {names}; voice: {app.voice_reason}"
