"""The history from the user's settings, and a conversation that is written into it while it is told to a view.

Nothing is opened or reached here: the first turn, or the first who reads, does. Called by `opening`, `jett history`,
and whoever holds a conversation.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import platformdirs

from jett.core.errors import ConfigError
from jett.core.events import Observer, SessionEvent, Troubled, TurnReport
from jett.guard import Identity, redact
from jett.history import Archive, Recording, Source
from jett.history.database import Database
from jett.settings import Settings


def open_history(settings: Settings) -> Archive | None:
    """None where nothing is to be kept. Raises ConfigError."""
    return archive_of(settings) if settings.history.keep else None


def archive_of(settings: Settings) -> Archive:
    """What was kept, also where nothing more is to be. Raises ConfigError."""
    return Archive(
        _database(settings), days=settings.history.days, recordings_dir=recordings_folder(settings).absolute()
    )


class Keeping:
    """One conversation on its way to its view and into the history. Called on the event loop."""

    def __init__(self, archive: Archive | None, observer: Observer, source: Source, identity: Identity) -> None:
        self._archive = archive
        self._observer = observer
        self._recording: Recording | None = None
        if archive is not None:
            self._recording = archive.recorder.begin(source, identity.key)
            archive.recorder.tidy()

    @property
    def turn_id(self) -> int | None:
        """The number of the turn that was told last; None where nothing is kept."""
        return self._recording.turn_id if self._recording is not None else None

    def observe(self, event: SessionEvent) -> None:
        """Kept before it is told, so that whoever is told knows its number. A trouble of the history is told once."""
        if self._archive is not None and self._recording is not None:
            self._recording.observe(event)
            if trouble := self._archive.recorder.news():
                self._observer(Troubled(redact(f"{trouble}; until then turns are kept in memory")))
            if isinstance(event, TurnReport):
                event = replace(event, id=self.turn_id)
        self._observer(event)

    def sound(self, files: Sequence[Path]) -> None:
        """Recordings of the turns since the last ones, which go when those turns go."""
        if self._recording is not None and files:
            self._recording.sound([str(file.absolute()) for file in files])

    def end(self) -> None:
        """The conversation is over."""
        if self._recording is not None:
            self._recording.end()


@contextmanager
def keeping(archive: Archive | None, observer: Observer, source: Source, identity: Identity) -> Iterator[Keeping]:
    """One conversation while the block lasts; without an archive its events only pass through."""
    kept = Keeping(archive, observer, source, identity)
    try:
        yield kept
    finally:
        kept.end()


@contextmanager
def told_of_ageing(archive: Archive | None, forget: Callable[[], None]) -> Iterator[None]:
    """While the block lasts, `forget` is called on this event loop when old turns have gone by themselves."""
    if archive is None:
        yield
        return
    archive.recorder.ageing.on_gone = partial(asyncio.get_running_loop().call_soon_threadsafe, forget)
    try:
        yield
    finally:
        archive.recorder.ageing.on_gone = lambda: None


def history_file(settings: Settings) -> Path:
    """Where it is, or would be, if no database server keeps it."""
    from jett.history.sqlite import FILE

    folder = settings.history.dir or platformdirs.user_data_path("jett", appauthor=False) / "history"
    return folder.expanduser().absolute() / FILE


def recordings_folder(settings: Settings) -> Path:
    """Where recordings are, or would be, if they are kept."""
    return settings.privacy.recordings_dir or platformdirs.user_data_path("jett", appauthor=False) / "recordings"


def _database(settings: Settings) -> Database:
    history = settings.history
    if not history.database:
        from jett.history.sqlite import SqliteDatabase

        return SqliteDatabase(history_file(settings))
    from jett.core.postgres_place import parse_place
    from jett.history.postgres import PostgresDatabase
    from jett.ops.secret_file import read_secret

    file = history.password_file
    if file is None:
        raise ConfigError(
            "history: database is set, history.password_file is not; name the file with the role's password"
        )

    def read_password() -> str:
        try:
            lines = read_secret(file, "history.password_file").splitlines()
        except OSError as error:
            raise OSError(f"the password's file {error}") from None
        return lines[0].strip() if lines else ""

    return PostgresDatabase(parse_place(history.database, "history.database", "history.password_file"), read_password)
