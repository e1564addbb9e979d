"""The user's settings file, changed from the dashboard: all of a change or none, and nothing of the owner's lost.

    read the file ─► change its text ─► check it whole, as a start does ─► record ─► still the same file? ─► replace it

What counts at once is in one table, `appliers`: key → what puts the new value to use. A key that is not in it counts at
the next start, and is said to wait until then.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

import anyio
import anyio.to_thread

from jett.app.settings_rows import row
from jett.app.startable import mistakes_to_save
from jett.app.wake_heads import is_path
from jett.core.errors import ConfigError, JettError
from jett.guard import Identity
from jett.guard.confirmation import holds_a_yes
from jett.guard.files import write_atomically
from jett.server.refusal import Refusal
from jett.server.rest.shapes import settings as shapes
from jett.settings import Settings, config_path
from jett.settings.edit import edited
from jett.settings.editable import why_not, would_turn_on
from jett.settings.keys import all_keys, did_you_mean

_log = logging.getLogger(__name__)

Applier = Callable[[Settings], None]
"""Puts a new value to use, on the event loop and within milliseconds. Raises JettError where it cannot."""
Note = Callable[[str, Identity, datetime], None]
"""The guard's record."""
LARGEST_BYTES = 200_000
_MARK = "\ufeff"


class SettingsEditor:
    """Port SettingsPort of `server.rest.settings`."""

    def __init__(
        self,
        note: Note,
        publish: Callable[[str, Mapping[str, object]], None],
        *,
        now: Callable[[], datetime],
        env: Mapping[str, str] | None = None,
        overrides: Mapping[str, Any] | None = None,
        has_gpu: bool = False,
        appliers: Mapping[str, Applier] | None = None,
    ) -> None:
        """Reads the file once, for what is in force: make it where the settings of this start are read.

        `overrides` are the command's options, by dotted name. Raises ConfigError.
        """
        self._note = note
        self._publish = publish
        self._now = now
        self._env = dict(os.environ if env is None else env)
        self._overrides = dict(overrides or {})
        self._has_gpu = has_gpu
        self._appliers = dict(appliers or {})
        self._path = config_path(self._env)
        self._one_at_a_time = anyio.Lock()
        started = self._parsed(_text(self._content()))
        self._in_force = {name: started.value(name) for name in all_keys()}

    async def read(self) -> shapes.Settings:
        """All settings, as the file has them now. Raises Refusal where it has a mistake."""
        settings = await anyio.to_thread.run_sync(self.current)
        rows = [self._row(name, settings) for name in all_keys()]
        return shapes.Settings(path=str(self._path), settings=rows, waiting=self._waiting(settings))

    async def change(self, values: Mapping[str, Any], identity: Identity) -> shapes.SettingsChanged:
        """Write them, and put to use what can be. Raises Refusal, AuditError: then nothing was changed."""
        async with self._one_at_a_time:
            with anyio.CancelScope(shield=True):
                settings = await anyio.to_thread.run_sync(partial(self._write, values, identity))
                for name in values:
                    self._apply(name, settings)
                self._publish("settings", {"keys": list(values)})
        _log.info("settings: changed from the dashboard: %s", ", ".join(values))
        waiting = self._waiting(settings)
        return shapes.SettingsChanged(
            settings=[self._row(name, settings) for name in values],
            restart=[name for name in values if name in waiting],
        )

    def _write(self, values: Mapping[str, Any], identity: Identity) -> Settings:
        before = self._content()
        text = _text(before)
        current = self._parsed_or_refused(text)
        _check_open(values, current)
        after = _edited(text, values)
        settings = self._checked(after)
        _check_start(settings, current)
        for name in values:
            if would_turn_on(name, current.value(name), settings.value(name)):
                raise Refusal(403, f"{name} may not be turned on from a browser", f"turn it on in {self._path}")
        self._note(f"settings: {', '.join(values)}", identity, self._now())
        self._replace(before, (_MARK if before.startswith(_MARK.encode()) else "") + after)
        return settings

    def _replace(self, before: bytes, text: str) -> None:
        """Never over what somebody wrote meanwhile, nor over a file that its owner closed."""
        place = self._path.resolve()
        if place.exists() and not os.access(place, os.W_OK):
            raise Refusal(403, f"{place} is closed to Jett", "give its user the right to write it")
        if self._content() != before:
            raise Refusal(
                409, f"{place} was changed by somebody else just now", "read the settings anew, and try again"
            )
        try:
            write_atomically(place, text.encode("utf-8"))
        except OSError as error:
            why = error.strerror or "it failed"
            raise Refusal(
                503, f"{place} cannot be written ({why})", "make room, or correct its folder's mode"
            ) from error

    def _content(self) -> bytes:
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as error:
            why = error.strerror or "it failed"
            raise Refusal(503, f"{self._path} cannot be read ({why})", "correct its mode") from error

    def _parsed(self, text: str) -> Settings:
        return Settings.of_text(text, self._path, self._env, self._overrides, has_gpu=self._has_gpu)

    def current(self) -> Settings:
        """As the file has them now. Blocking; raises Refusal where it has a mistake."""
        return self._parsed_or_refused(_text(self._content()))

    def _parsed_or_refused(self, text: str) -> Settings:
        try:
            return self._parsed(text)
        except ConfigError as error:
            raise _told(409, error) from error

    def _checked(self, text: str) -> Settings:
        if len(text.encode("utf-8")) > LARGEST_BYTES:
            raise Refusal(422, f"the file would be larger than {LARGEST_BYTES} bytes", "send shorter values")
        try:
            return self._parsed(text)
        except ConfigError as error:
            raise _told(422, error) from error

    def _row(self, name: str, settings: Settings) -> shapes.Setting:
        return row(all_keys()[name], settings, restart=name not in self._appliers)

    def _waiting(self, settings: Settings) -> list[str]:
        return [name for name, value in self._in_force.items() if settings.value(name) != value]

    def _apply(self, name: str, settings: Settings) -> None:
        applier = self._appliers.get(name)
        if applier is None:
            return
        try:
            applier(settings)
        except JettError as error:
            _log.warning("settings: %s counts at the next start: %s", name, error)
        else:
            self._in_force[name] = settings.value(name)


def _check_open(values: Mapping[str, Any], current: Settings) -> None:
    """Raises Refusal for a name that is none, or is closed to browsers, or a value that is of no use."""
    known = all_keys()
    for name, value in values.items():
        if name not in known:
            near = did_you_mean(name, known)
            raise Refusal(422, f"there is no setting of that name{near}", "use the names of GET /api/settings")
        origin = current.origin(name)
        if origin in ("env", "option"):
            raise Refusal(403, f"{name} is set elsewhere, which has the last word", "change it there")
        if why := why_not(known[name], current.value(name)):
            raise Refusal(403, f"{name} is not changed from a browser: {why}", "change it in the settings file")
        if name == "wake.words" and _new_files(value, current.wake.words):
            raise Refusal(403, "a head's file is named only in the settings file", "choose one of GET /api/wake")
        if name == "stt.vocabulary" and _agrees(value):
            raise Refusal(422, "a word of agreement is no word to listen for", "leave it out of stt.vocabulary")


def _check_start(settings: Settings, current: Settings) -> None:
    """Raises Refusal for what Jett would not start with; a mistake that was there before is no reason."""
    there = {str(error) for error in mistakes_to_save(current)}
    for error in mistakes_to_save(settings):
        if str(error) not in there:
            raise _told(422, error)


def _new_files(words: object, before: tuple[str, ...]) -> bool:
    """Whether a file would be read that the owner did not name."""
    return isinstance(words, list) and any(isinstance(one, str) and is_path(one) and one not in before for one in words)


def _agrees(words: object) -> bool:
    """Whether speech-to-text would be led to hear a yes, which confirms changes."""
    return isinstance(words, list) and holds_a_yes(" ".join(map(str, words)))


def _edited(text: str, values: Mapping[str, Any]) -> str:
    try:
        after = edited(text, values)
        after.encode("utf-8")
    except ConfigError as error:
        raise _told(422, error) from error
    except UnicodeEncodeError:
        raise Refusal(422, "a value holds half a character", "send text") from None
    return after


def _text(content: bytes) -> str:
    """Raises Refusal for what is no text."""
    try:
        return content.decode("utf-8").removeprefix(_MARK)
    except UnicodeDecodeError:
        raise Refusal(409, "the settings file is not UTF-8 text", "save it as UTF-8") from None


def _told(status: int, error: JettError) -> Refusal:
    what, _, fix = str(error).partition("; ")
    return Refusal(status, what, fix or "correct the settings file")
