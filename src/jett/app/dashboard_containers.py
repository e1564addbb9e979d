"""The servers as the dashboard has them: the port that `server` asks for, over the guard's operations.

`containers_part` also runs what must go on beside the requests: samples, questions from elsewhere, news of containers.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress

import anyio
from anyio.abc import TaskGroup
from fastapi import APIRouter

from jett.app.servers import Servers
from jett.core.clock import MonotonicClock
from jett.core.errors import OperationError
from jett.guard import Permit, redact
from jett.ops.book import ContainerBook
from jett.ops.log_lines import Lines
from jett.ops.operations import NO_DOCKER, now
from jett.ops.result import sentence
from jett.ops.seen import Seen, Usage
from jett.server.confirmations import Confirmations, Publish
from jett.server.container_port import Done
from jett.server.container_usage import UsageSampler
from jett.server.rest import containers

_TELL_EVERY_S = 0.5
"""Many containers may change at once: those that read them anew do so once."""


class ServersContainers:
    """Port ContainerPort."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers

    def live_names(self) -> frozenset[str] | None:
        return self._servers.live_names()

    def trouble(self) -> str:
        if self._servers.trouble or self._servers.book is None:
            return self._servers.trouble or NO_DOCKER
        return redact(self._servers.book.trouble)

    def seen(self, name: str) -> Seen | None:
        return self._servers.book.seen(name) if self._servers.book is not None else None

    async def look_closer(self, names: Sequence[str]) -> None:
        """Only an inspection tells since when a container runs; once for each, until the list is read anew."""
        book = self._servers.book
        if book is None:
            return
        async with anyio.create_task_group() as tasks:
            for name in names:
                seen = book.seen(name)
                if seen is not None and seen.started_at is None and seen.state != "created":
                    tasks.start_soon(_look_at, book, name)

    async def carry_out(self, permit: Permit) -> Done:
        result = await self._servers.operations.carry_out(permit)
        return Done(result.result, redact(sentence(result)), redact(result.trouble), result.took_s, result.log)

    def follow(self, permit: Permit) -> AsyncGenerator[Lines, None]:
        return self._servers.operations.follow(permit)

    def usages(self, permit: Permit) -> AsyncGenerator[Usage, None]:
        return self._servers.operations.usages(permit)


async def _look_at(book: ContainerBook, name: str) -> None:
    with suppress(OperationError):
        await book.look_at(name)


def containers_part(servers: Servers, tasks: TaskGroup, publish: Publish, *, actions: bool) -> APIRouter:
    """The routes of containers and confirmations. `tasks` outlives every request."""
    port = ServersContainers(servers)
    confirmations = Confirmations(servers.gate, port, tasks, publish, now=now)
    sampler = UsageSampler(servers.gate, port, now=now, now_s=MonotonicClock().now_s)
    tasks.start_soon(confirmations.keep)
    tasks.start_soon(sampler.keep)
    if servers.book is not None:
        tasks.start_soon(_tell_of_changes, servers.book, publish)
    shared = containers.ContainerRoutes(servers.gate, port, confirmations, sampler, actions=actions, now=now)
    return containers.router(shared, confirmations)


async def _tell_of_changes(book: ContainerBook, publish: Publish) -> None:
    while True:
        await book.changed()
        await anyio.sleep(_TELL_EVERY_S)
        publish("containers", {})
