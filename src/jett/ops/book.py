"""What is known of the containers without asking: names and health, kept fresh by the engine's events.

    list ─► events … each one: look at that container ─► lost ─► unknown ─► list again
             └─ every minute: list again

So a status answer costs no round trip. When the engine is out of sight everything is unknown, at once, rather than
as it was. Called by the guard's callers (`live_names`) and by `operations`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import aclosing

import anyio

from jett.core.clock import Clock, MonotonicClock
from jett.core.errors import OperationError, ungrouped
from jett.ops.docker_engine import DockerEngine
from jett.ops.seen import Seen

_LOOK_AGAIN_S = 60.0
_RETRY_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_GONE = frozenset({"destroy", "rename"})
_SILENT = ("exec_create", "exec_start", "exec_die", "top", "attach", "resize")
"""Health checks run by `exec` and would have every container looked at every few seconds."""

_log = logging.getLogger(__name__)


class ContainerBook:
    """Run `keep` in a task group; read `live_names` and `seen` meanwhile, on the same event loop."""

    def __init__(self, engine: DockerEngine, *, clock: Clock | None = None) -> None:
        self._engine = engine
        self._clock = clock or MonotonicClock()
        self._seen: dict[str, Seen] | None = None
        self._trouble = "not looked yet"
        self._changed = anyio.Event()
        self._looked_s = 0.0

    @property
    def live_names(self) -> frozenset[str] | None:
        """The exact names of all containers there are; None when that is not known."""
        return None if self._seen is None else frozenset(self._seen)

    @property
    def trouble(self) -> str:
        """Why nothing is known; empty when it is."""
        return "" if self._seen is not None else self._trouble

    def seen(self, name: str) -> Seen | None:
        """The container as last seen; None when it is not there, or nothing is known."""
        return None if self._seen is None else self._seen.get(name)

    async def wait_until(self, holds: Callable[[], bool]) -> None:
        """Wait for a change after which `holds()`; the caller sets the time limit."""
        while not holds():
            await self._changed.wait()

    async def changed(self) -> None:
        """Wait for the next change, whatever it is."""
        await self._changed.wait()

    async def look(self) -> None:
        """Read the list now. Raises OperationError, and then everything is unknown."""
        try:
            found = {seen.name: seen for seen in await self._engine.containers()}
        except OperationError as error:
            self._lose(str(error))
            raise
        self._looked_s = self._clock.now_s()
        self._note(found)

    async def look_at(self, name: str) -> Seen:
        """Read one container now. Raises OperationError."""
        seen = await self._engine.inspect(name)
        if self._seen is not None:
            self._note({**self._seen, name: seen})
        return seen

    async def keep(self) -> None:
        """Keep it fresh until cancelled; what goes wrong is remembered as `trouble` and tried again."""
        failures = 0
        while True:
            try:
                await self._follow()
                failures = 0
            except OperationError as error:
                if self._trouble != str(error):
                    _log.warning("%s", error)
                self._lose(str(error))
                failures += 1
            await anyio.sleep(_RETRY_S[min(failures, len(_RETRY_S) - 1)])

    async def _follow(self) -> None:
        """Events first, then the list, so that nothing happens unseen between the two."""
        with ungrouped():
            await self._watch()
        self._lose("docker: the engine ended the stream of events")

    async def _watch(self) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._look_now_and_then)
            async with aclosing(self._engine.events()) as events:
                async for event in events:
                    if not event.action.startswith(_SILENT):
                        await self._refresh(event.name, event.action)
            tasks.cancel_scope.cancel()

    async def _look_now_and_then(self) -> None:
        while True:
            await self.look()
            await anyio.sleep(_LOOK_AGAIN_S)

    async def _refresh(self, name: str, action: str) -> None:
        if action in _GONE:
            await self.look()
            return
        try:
            await self.look_at(name)
        except OperationError as error:
            if error.unreachable:
                raise
            await self.look()

    def _note(self, found: dict[str, Seen]) -> None:
        self._seen = found
        self._trouble = ""
        self._tell()

    def _lose(self, why: str) -> None:
        self._seen = None
        self._trouble = why
        self._tell()

    def _tell(self) -> None:
        changed, self._changed = self._changed, anyio.Event()
        changed.set()
