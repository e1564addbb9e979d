"""What containers take, sampled while somebody looks at the page. Only while: a minute after the last look it ends.

The guard lets ten reads a minute through, of all together, and each is three records. A page that asked for every
container every few seconds would use up what the owner's voice needs, and bury the record. So one container is one
operation: a permitted `stats` that is held open as a stream, from intent to outcome, and as many samples as it gives.

    look ─► wanted ─► ask (at most MOST_OPENED a minute) ─► stream ─► ring of the last minutes
                                                             └ ends: nobody looks, the policy says no, its time is over

A stream goes on only as long as the guard would still permit it. None begins twice in a
minute, so that what is refused or fails is not asked for with every look.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta
from functools import partial

import anyio
import anyio.to_thread

from jett.core.errors import JettError
from jett.guard import Allow, Gate, Identity, Permit, Request, Verb, decide
from jett.server.container_port import ContainerPort, Used
from jett.server.rest.shapes.containers import Usage
from jett.server.window import Window

EVERY_S = 4.0
KEPT_S = 300.0
LOOKED_S = 60.0
"""How long after the last look it goes on."""
REST_S = 60.0
MOST_OPENED = 5
"""Streams begun in a minute: half of what the guard lets anybody read, so that the owner can always ask."""


class UsageSampler:
    """Run `keep` in a task group; `look` and `samples` meanwhile, on the same event loop."""

    def __init__(
        self, gate: Gate, port: ContainerPort, *, now: Callable[[], datetime], now_s: Callable[[], float]
    ) -> None:
        """`now_s` is monotonic."""
        self._gate = gate
        self._port = port
        self._now = now
        self._now_s = now_s
        self._opened = Window(MOST_OPENED, 60.0, now_s)
        self._rings: dict[str, deque[Usage]] = {}
        self._looks: dict[str, tuple[Identity, float]] = {}
        self._open: set[str] = set()
        self._rests_until_s: dict[str, float] = {}
        self._looked = anyio.Event()

    def look(self, identity: Identity, names: Sequence[str]) -> None:
        """Somebody looks at these, who may know what they take."""
        for name in names:
            self._looks[name] = (identity, self._now_s())
        self._looked.set()

    def samples(self, name: str) -> list[Usage]:
        """Of the last minutes, oldest first."""
        since = self._now() - timedelta(seconds=KEPT_S)
        return [one for one in self._rings.get(name, ()) if one.at >= since]

    async def keep(self) -> None:
        """Until cancelled."""
        async with anyio.create_task_group() as tasks:
            while True:
                await self._looked.wait()
                self._looked = anyio.Event()
                for name in self._waiting():
                    if not self._opened.admits():
                        break
                    self._open.add(name)
                    tasks.start_soon(self._sample, name)

    def _waiting(self) -> list[str]:
        """Those that are looked at and not sampled, whose turn is longest ago first."""
        now_s = self._now_s()
        due = [
            name
            for name in self._looks
            if name not in self._open and self._is_looked_at(name) and self._rests_until_s.get(name, 0.0) <= now_s
        ]
        return sorted(due, key=lambda name: self._rests_until_s.get(name, 0.0))

    def _is_looked_at(self, name: str) -> bool:
        return self._now_s() - self._looks[name][1] < LOOKED_S

    async def _sample(self, name: str) -> None:
        """One operation. What goes wrong is in the record; here it is no sample."""
        identity, _ = self._looks[name]
        begun_s = self._now_s()
        try:
            ask = partial(self._gate.ask, Request(Verb.STATS, name), identity, self._port.live_names(), self._now())
            permit = await anyio.to_thread.run_sync(ask)
            if isinstance(permit, Permit):
                await self._follow(permit)
        except JettError:
            pass
        finally:
            self._open.discard(name)
            self._rests_until_s[name] = begun_s + REST_S

    async def _follow(self, permit: Permit) -> None:
        name, last_s = permit.request.target, -EVERY_S
        async with aclosing(self._port.usages(permit)) as usages:
            async for used in usages:
                if not self._is_looked_at(name) or not self._is_allowed(permit):
                    return
                if self._now_s() - last_s >= EVERY_S:
                    last_s = self._now_s()
                    self._note(name, used)

    def _is_allowed(self, permit: Permit) -> bool:
        verdict = decide(self._gate.policy, permit.request, permit.identity, self._port.live_names())
        return verdict == Allow()

    def _note(self, name: str, used: Used) -> None:
        ring = self._rings.setdefault(name, deque(maxlen=int(KEPT_S / EVERY_S)))
        ring.append(
            Usage(
                at=self._now(),
                cpu_percent=used.cpu_percent,
                memory_bytes=used.memory_bytes,
                memory_limit_bytes=used.memory_limit_bytes,
            )
        )
