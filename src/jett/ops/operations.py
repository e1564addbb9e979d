"""Carries out what the guard permits, once, and looks whether it is so: intent, act, look, outcome.

A change that Docker was asked for is not broken off when whoever asked goes away, only no longer watched; the record
gets an outcome either way. Success is said only of what the engine shows.
Called with a Permit by `tools`, the commands and the server.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

import anyio
import anyio.to_thread

from jett.core.clock import Clock, MonotonicClock
from jett.core.errors import GuardError, JettError, NotSetUp, OperationError
from jett.guard import (
    CONTAINER_VERBS,
    DEFAULT_LINES,
    TOOL_VERBS,
    Gate,
    Identity,
    Outcome,
    Permit,
    Request,
    Verb,
    absent,
    redact,
    visible,
)
from jett.ops.book import ContainerBook
from jett.ops.docker_engine import Change, DockerEngine
from jett.ops.log_lines import LineRedactor, Lines, LineSplitter, Valve
from jett.ops.mcp_connection import NotSent
from jett.ops.mcp_servers import McpServers
from jett.ops.result import Result
from jett.ops.seen import Seen, Usage
from jett.ops.to_its_end import to_its_end
from jett.ops.workflows import Workflows

SETTLE_S = 45.0
"""How long a started container may take to run and be healthy before that is told as it is."""
STEADY_S = 1.5
"""How long a container that nobody checks must run before that counts: many that fail do so within a second."""
FOLLOWED_S = 600.0
"""How long a log or a container's use may be followed by one permit."""
NO_DOCKER = "docker: no address is set; set ops.docker"
_LOOK_EVERY_S = 0.25
_CHANGES: dict[Verb, Change] = {Verb.START: "start", Verb.STOP: "stop", Verb.RESTART: "restart"}


T = TypeVar("T")


def now() -> datetime:
    """The time of records."""
    return datetime.now(UTC)


class Operations:
    """One server's containers and workflows, and MCP tools. Several at once; changes of one container wait in line."""

    def __init__(
        self,
        gate: Gate,
        engine: DockerEngine | None,
        book: ContainerBook | None,
        workflows: Workflows | None,
        tools: McpServers | None = None,
        *,
        clock: Clock | None = None,
        wall_clock: Callable[[], datetime] = now,
        settle_s: float = SETTLE_S,
    ) -> None:
        self._gate = gate
        self._engine = engine
        self._book = book
        self._workflows = workflows
        self._tools = tools
        self._clock = clock or MonotonicClock()
        self._wall_clock = wall_clock
        self._settle_s = settle_s
        self._locks: dict[str, anyio.Lock] = {}

    async def carry_out(self, permit: Permit) -> Result:
        """Do exactly what was permitted. Raises GuardError when the intent cannot be recorded: then nothing was done.

        Cancelling ends the watching; the record then says that the end is unknown. An outcome that could not be
        recorded is told in the result.
        """
        identity = permit.identity
        redeem = partial(self._gate.redeem, permit, self._wall_clock())
        request = await to_its_end(partial(anyio.to_thread.run_sync, redeem))
        try:
            result = await self._attempted(request, identity)
        except anyio.get_cancelled_exc_class():
            await self._unrecorded(permit, Outcome("unknown", "nobody waited for its end"))
            raise
        outcome = Outcome(result.result, redact(result.trouble) or _seen_text(result.seen))
        return replace(result, unrecorded=await self._unrecorded(permit, outcome))

    async def follow(self, permit: Permit) -> AsyncGenerator[Lines, None]:
        """A permitted `logs`, held open: its last lines and whatever comes, for FOLLOWED_S at most.

        One operation from its first line to its last: the intent is recorded before it begins, the outcome when it is
        closed. Raises GuardError, OperationError.
        """
        splitter, valve, redactor = LineSplitter(), Valve(self._clock.now_s), LineRedactor()
        async with aclosing(self._held_open(permit, Verb.LOGS, _logged)) as blocks:
            async for block in blocks:
                passed = valve.pass_on(splitter.feed(block))
                if passed.lines:
                    yield await anyio.to_thread.run_sync(redactor.readable, passed)
                await anyio.sleep(valve.rest_s(len(block)))

    async def usages(self, permit: Permit) -> AsyncGenerator[Usage, None]:
        """A permitted `stats`, held open, as `follow`: what the container takes, about once a second."""
        async with aclosing(self._held_open(permit, Verb.STATS, _used_of)) as found:
            async for usage in found:
                yield usage

    async def _held_open(
        self, permit: Permit, verb: Verb, opened: Callable[[DockerEngine, Request], AsyncGenerator[T, None]]
    ) -> AsyncGenerator[T, None]:
        """What `opened` gives, between intent and outcome."""
        redeem = partial(self._gate.redeem, permit, self._wall_clock())
        request = await to_its_end(partial(anyio.to_thread.run_sync, redeem))
        outcome = Outcome("done", "closed by whoever looked")
        until_s = self._clock.now_s() + FOLLOWED_S
        try:
            if request.verb is not verb:
                raise OperationError(f"ops: {request.verb} cannot be held open as {verb}")
            engine, _ = self._parts()
            async with aclosing(opened(engine, request)) as pieces:
                while found := await _next_within(pieces, until_s - self._clock.now_s()):
                    yield found[0]
            late = self._clock.now_s() >= until_s
            outcome = Outcome("done", f"closed after {FOLLOWED_S:.0f} s" if late else "ended by itself")
        except OperationError as error:
            outcome = Outcome("failed", redact(str(error)))
            raise
        finally:
            with anyio.CancelScope(shield=True):
                await self._unrecorded(permit, outcome)

    async def _unrecorded(self, permit: Permit, outcome: Outcome) -> str:
        """Write the outcome; why that was not possible, or nothing."""
        return await to_its_end(partial(anyio.to_thread.run_sync, partial(self._finish, permit, outcome)))

    def _finish(self, permit: Permit, outcome: Outcome) -> str:
        """Twice if need be: without an outcome the record would say that nobody knows."""
        for _ in range(2):
            try:
                self._gate.finish(permit, outcome, self._wall_clock())
            except GuardError as error:
                trouble = str(error)
            else:
                return ""
        return f"{trouble}; what was begun has no outcome in the record"

    async def _attempted(self, request: Request, identity: Identity) -> Result:
        try:
            if request.verb is Verb.RUN_WORKFLOW:
                return await self._run(request)
            if request.verb in TOOL_VERBS:
                return await self._used(request)
            if request.verb not in (Verb.LIST, *CONTAINER_VERBS):
                raise OperationError(f"ops: nothing here carries out {request.verb}")
            if request.changes:
                return await self._changed(request)
            return await self._read(request, identity)
        except JettError as error:
            return Result(request, "failed", trouble=str(error), spoken_trouble=error.spoken)

    # ---- reads --------------------------------------------------------------------------------------------------

    async def _read(self, request: Request, identity: Identity) -> Result:
        engine, book = self._parts()
        if request.verb is Verb.LIST:
            names = visible(self._gate.policy, identity, book.live_names)
            known = tuple(seen for seen in map(book.seen, names) if seen is not None)
            if book.live_names is None:
                return _unseen(request, book.trouble)
            return Result(request, "done", known, missing=absent(self._gate.policy, identity, names))
        if request.verb is Verb.STATUS:
            seen = book.seen(request.target)
            return Result(request, "done", (seen,)) if seen else _unseen(request, book.trouble)
        if request.verb is Verb.STATS:
            return Result(request, "done", usage=await engine.stats(request.target))
        log = await engine.logs(request.target, request.lines or DEFAULT_LINES)
        return Result(request, "done", log=await anyio.to_thread.run_sync(redact, log))

    # ---- changes ------------------------------------------------------------------------------------------------

    async def _changed(self, request: Request) -> Result:
        engine, book = self._parts()
        async with self._locks.setdefault(request.target, anyio.Lock()):
            before = await engine.inspect(request.target)
            started_s = self._clock.now_s()
            trouble: OperationError | None = None
            try:  # a request that is broken off may leave a container stopped
                await to_its_end(partial(engine.change, _CHANGES[request.verb], request.target))
            except OperationError as error:
                if not error.unreachable:
                    return await self._not_done(request, error)
                trouble = error
            after = await self._settled(request.verb, request.target, before)
            took_s = self._clock.now_s() - started_s
        if after is None:
            return Result(request, "unknown", trouble=str(trouble) if trouble else book.trouble)
        reached = _is_so(request.verb, before, after)
        if trouble is None or reached:
            return Result(request, "done" if reached else "failed", (after,), took_s=took_s, trouble=_text(trouble))
        return Result(request, "failed", (after,), trouble=str(trouble), spoken_trouble=trouble.spoken)

    async def _not_done(self, request: Request, refusal: OperationError) -> Result:
        """The engine said no: whatever the container does now, it does by itself."""
        assert self._book is not None
        try:
            seen: tuple[Seen, ...] = (await self._book.look_at(request.target),)
        except OperationError:
            seen = ()
        return Result(request, "failed", seen, trouble=str(refusal), spoken_trouble=refusal.spoken)

    async def _settled(self, verb: Verb, name: str, before: Seen) -> Seen | None:
        """The container once it is as was asked, or as it is when the time is over; None when it cannot be seen."""
        assert self._book is not None
        seen: Seen | None = None
        steady_from_s, steady = self._clock.now_s(), None
        with anyio.move_on_after(self._settle_s):
            while True:
                try:
                    seen = await self._book.look_at(name)
                except OperationError:
                    seen = None
                if seen != steady:
                    steady_from_s, steady = self._clock.now_s(), seen
                if seen is not None and _is_so(verb, before, seen) and seen.health != "starting":
                    checked = verb is Verb.STOP or seen.health == "healthy"
                    if checked or self._clock.now_s() - steady_from_s >= STEADY_S:
                        return seen
                if seen is not None and verb is not Verb.STOP and seen.state in ("exited", "dead"):
                    return seen
                await anyio.sleep(_LOOK_EVERY_S)
        return seen

    async def _run(self, request: Request) -> Result:
        if self._workflows is None:
            raise NotSetUp("n8n: no address is set; set ops.n8n_url and ops.n8n_token_file")
        started_s = self._clock.now_s()
        try:
            await self._workflows.run(request)
        except OperationError as error:
            result = "unknown" if error.unreachable else "failed"
            return Result(request, result, trouble=str(error), spoken_trouble=error.spoken)  # type: ignore[arg-type]
        return Result(request, "done", took_s=self._clock.now_s() - started_s)

    async def _used(self, request: Request) -> Result:
        """A tool of an MCP server. A change that was sent is waited for, and its end is unknown if nobody told it."""
        if self._tools is None:
            raise NotSetUp("mcp: no server is set; set ops.mcp")
        started_s = self._clock.now_s()
        try:
            text = await self._tools.use(request, self._gate.policy)
        except OperationError as error:
            unseen = request.changes and error.unreachable and not isinstance(error, NotSent)
            return Result(
                request,
                "unknown" if unseen else "failed",
                trouble=str(error),
                spoken_trouble=error.spoken if error.spoken != OperationError.spoken else "",
            )
        return Result(request, "done", log=text, took_s=self._clock.now_s() - started_s)

    def _parts(self) -> tuple[DockerEngine, ContainerBook]:
        if self._engine is None or self._book is None:
            raise NotSetUp(NO_DOCKER)
        return self._engine, self._book


async def _next_within(pieces: AsyncGenerator[T, None], left_s: float) -> list[T]:
    """The next piece, or nothing at the end of them or of the time. No scope stays open while the piece is used."""
    with anyio.move_on_after(left_s):
        async for piece in pieces:
            return [piece]
    return []


def _logged(engine: DockerEngine, request: Request) -> AsyncGenerator[bytes, None]:
    return engine.follow(request.target, request.lines or DEFAULT_LINES)


def _used_of(engine: DockerEngine, request: Request) -> AsyncGenerator[Usage, None]:
    return engine.usages(request.target)


def _is_so(verb: Verb, before: Seen, after: Seen) -> bool:
    """Whether the engine shows what was asked for. A restart shows in a new time of start."""
    if verb is Verb.STOP:
        return after.state in ("exited", "created", "dead")
    if verb is Verb.RESTART and after.started_at == before.started_at:
        return False
    return after.running and after.health != "unhealthy"


def _unseen(request: Request, trouble: str) -> Result:
    return Result(request, "failed", trouble=trouble or "not there", spoken_trouble="I can't see the server right now.")


def _seen_text(seen: tuple[Seen, ...]) -> str:
    return ", ".join(f"{each.name} {each.state} {each.health}" for each in seen)[:200]


def _text(trouble: OperationError | None) -> str:
    return str(trouble) if trouble else ""
