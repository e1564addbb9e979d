"""Containers on the dashboard: how they are, what they log and take, and changes, each confirmed by a click.

Everything goes through the guard. What is listed is what `decide` says of this identity, container by container,
which is no operation; a log is one, and so is a log that is followed, from its first line to its last
(`container_usage` says how samples are taken). A change is always a question, and only where the owner turned
`server.actions` on.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from collections.abc import Set as AbstractSet
from contextlib import aclosing
from datetime import datetime
from functools import partial
from typing import Annotated, Any, get_args

import anyio.to_thread
from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from jett.core.errors import JettError
from jett.guard import MAX_LINES, Allow, Deny, Gate, Identity, Permit, Question, Refused, Request, Verb, decide, visible
from jett.server.confirmations import Confirmations, declined
from jett.server.container_port import ContainerPort, Logged
from jett.server.container_usage import UsageSampler
from jett.server.refusal import Refusal, wait_for
from jett.server.rest.event_stream import MEDIA_TYPE, EventStream, event
from jett.server.rest.failures import Person, failures, refusal_of
from jett.server.rest.shapes.containers import (
    Answer,
    ChangeAsked,
    Container,
    Containers,
    ContainerVerb,
    Log,
    Outcome,
    Permission,
    Questions,
)
from jett.server.visitor import Visitor

FOLLOWED_S = 610.0
"""A little more than the operation lasts: for a browser that takes nothing."""
MOST_FOLLOWED = 8
"""Logs followed at once, of all visitors."""
LATER = b"retry: 60000\n\n"
"""A browser comes back by itself when the stream has ended; each time is an operation, so not at once."""
FOLLOWED = "Events: `line` {line}, `dropped` {lines} where there were too many of them, `ended` {why}"
_VERBS: tuple[ContainerVerb, ...] = get_args(ContainerVerb)
Live = AbstractSet[str] | None
Name = Annotated[str, Path(max_length=128, description="As the policy names it.")]
Lines = Annotated[int, Query(ge=1, le=MAX_LINES, description="How many of the last.")]
Nonce = Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]


class ContainerRoutes:
    """What the routes share."""

    def __init__(
        self,
        gate: Gate,
        port: ContainerPort,
        confirmations: Confirmations,
        sampler: UsageSampler,
        *,
        actions: bool,
        now: Callable[[], datetime],
    ) -> None:
        self._gate = gate
        self._port = port
        self._confirmations = confirmations
        self._sampler = sampler
        self._actions = actions
        self._now = now
        self._followed = 0

    async def listed(self, identity: Identity) -> Containers:
        """Those whose status this identity may see, there or not."""
        live, policy = self._port.live_names(), self._gate.policy
        names = visible(policy, identity, set(policy.containers)) if live is not None else ()
        await self._port.look_closer([name for name in names if name in (live or ())])
        self._sampler.look(identity, [name for name in names if self._is_sampled(name, identity, live)])
        return Containers(
            known=live is not None,
            trouble=self._port.trouble(),
            place=policy.place,
            may_change=self._actions,
            containers=[self._container(name, identity, live) for name in names],
        )

    def _container(self, name: str, identity: Identity, live: Live) -> Container:
        seen, rule = self._port.seen(name), self._gate.policy.containers[name]
        permissions = [self._permission(verb, name, identity, live) for verb in _VERBS]
        may_sample = any(one.verb == "stats" and one.verdict == "allow" for one in permissions)
        return Container(
            name=name,
            state=seen.state if seen else "absent",
            health=seen.health if seen else "none",
            started_at=seen.started_at if seen else None,
            exit_code=seen.exit_code if seen and seen.state != "running" else None,
            lifeline=rule.status_only,
            permissions=permissions,
            usage=self._sampler.samples(name) if may_sample else [],
        )

    def _permission(self, verb: ContainerVerb, name: str, identity: Identity, live: Live) -> Permission:
        verdict = decide(self._gate.policy, Request(Verb(verb), name), identity, live)
        if isinstance(verdict, Deny):
            return Permission(verb=verb, verdict="deny", reason=verdict.reason)
        return Permission(verb=verb, verdict="allow" if isinstance(verdict, Allow) else "confirm")

    def _is_sampled(self, name: str, identity: Identity, live: Live) -> bool:
        seen = self._port.seen(name)
        allowed = decide(self._gate.policy, Request(Verb.STATS, name), identity, live) == Allow()
        return allowed and seen is not None and seen.state == "running"

    async def log(self, name: str, lines: int, identity: Identity) -> Log:
        """One operation. Raises Refusal."""
        done = await self._port.carry_out(await self._permitted(Verb.LOGS, name, identity, lines))
        if done.result != "done":
            raise Refusal(502, done.text, done.trouble or "look at the server")
        return Log(name=name, lines=done.log.splitlines())

    async def followed(self, name: str, lines: int, identity: Identity) -> EventStream:
        """One operation, as long as the response lasts. Raises Refusal."""
        if self._followed >= MOST_FOLLOWED:
            raise wait_for(429, f"{MOST_FOLLOWED} logs are followed already", "close one of them", 10)
        permit = await self._permitted(Verb.LOGS, name, identity, lines)
        return EventStream(self._events(permit), limit_s=FOLLOWED_S)

    async def _events(self, permit: Permit) -> AsyncGenerator[bytes, None]:
        why = "the log ended, or its time is over; ask again to go on"
        self._followed += 1
        try:
            yield LATER
            async with aclosing(self._port.follow(permit)) as log:
                async for found in log:
                    yield _told(found)
        except JettError as error:
            why = error.spoken
        finally:
            self._followed -= 1
        yield event("ended", {"why": why})

    async def _permitted(self, verb: Verb, name: str, identity: Identity, lines: int | None) -> Permit:
        match await self._asked(verb, name, identity, lines):
            case Permit() as permit:
                return permit
            case Refused() as refused:
                raise refusal_of(refused)
            case Question():
                raise AssertionError("a log changes nothing, so nothing is confirmed")

    async def _asked(
        self, verb: Verb, name: str, identity: Identity, lines: int | None = None
    ) -> Permit | Question | Refused:
        asked = {"verb": verb.value, "target": name, "lines": lines}
        ask = partial(self._gate.ask, asked, identity, self._port.live_names(), self._now())
        return await anyio.to_thread.run_sync(ask)

    async def change(self, verb: Verb, name: str, identity: Identity) -> ChangeAsked:
        """Ask; nothing is done before somebody confirms it. Raises Refusal."""
        self.require_actions()
        match await self._asked(verb, name, identity):
            case Question() as question:
                return self._confirmations.told(question)
            case Refused() as refused:
                raise refusal_of(refused)
            case Permit():
                raise AssertionError("a change is never permitted at once")

    async def answer(self, nonce: str, answer: Answer, identity: Identity) -> Outcome:
        """Carry it out, or leave it. Raises Refusal."""
        if answer.answer == "no":
            settled: Outcome | Refused = await self._confirmations.no(nonce, identity)
        else:
            self.require_actions()
            settled = await self._confirmations.yes(nonce, identity)
        if isinstance(settled, Outcome):
            return settled
        if settled.rule == "confirmation.no":
            return declined(settled)
        if settled.rule == "confirmation.identity":
            raise Refusal(403, settled.reason, "let the dashboard do it in the policy")
        raise Refusal(404, "that question no longer waits", "ask again; a question waits for 15 seconds")

    def require_actions(self) -> None:
        """Raises Refusal where the dashboard only shows."""
        if not self._actions:
            raise Refusal(
                403, "the dashboard changes nothing here", "set server.actions = true in the settings file, and restart"
            )


def router(shared: ContainerRoutes, confirmations: Confirmations) -> APIRouter:
    """Routes of containers and confirmations."""
    routes = APIRouter(prefix="/api", tags=["containers"])

    @routes.get("/containers", operation_id="getContainers", responses=failures())
    async def containers(visitor: Visitor) -> Containers:
        """The policy's containers, as last seen."""
        return await shared.listed(visitor)

    @routes.get("/containers/{name}/logs", operation_id="getContainerLog", responses=failures(404, 502))
    async def log(visitor: Visitor, name: Name, lines: Lines = 200) -> Log:
        """The last lines, redacted."""
        return await shared.log(name, lines, visitor)

    @routes.get(
        "/containers/{name}/logs/follow",
        operation_id="followContainerLog",
        response_class=Response,  # so that refusals are told as JSON in the document
        responses={
            **failures(404),
            200: {"content": {MEDIA_TYPE: {}}, "description": FOLLOWED},
        },
    )
    async def follow(visitor: Visitor, name: Name, lines: Lines = 200) -> EventStream:
        """The last lines and whatever comes, for ten minutes at most."""
        return await shared.followed(name, lines, visitor)

    for verb in (Verb.START, Verb.STOP, Verb.RESTART):
        routes.add_api_route(
            f"/containers/{{name}}/{verb.value}",
            _changing(shared, verb),
            methods=["POST"],
            status_code=202,
            operation_id=f"{verb.value}Container",
            summary=f"{verb.value.capitalize()} a container, once somebody confirms it",
            response_model=ChangeAsked,
            responses=failures(404),
        )

    @routes.get("/confirmations", operation_id="getConfirmations", responses=failures())
    async def waiting(_: Person) -> Questions:
        """Changes that wait for a yes, whoever asked."""
        return Questions(questions=confirmations.waiting())

    @routes.post("/confirmations/{nonce}", operation_id="answerConfirmation", responses=failures(404))
    async def answer(visitor: Person, nonce: Nonce, answered: Answer) -> Outcome:
        """Yes or no. The answer comes when the operation has ended, which may take a minute."""
        return await shared.answer(nonce, answered, visitor)

    return routes


def _told(found: Logged) -> bytes:
    """A line is an event; before them, how many were left out."""
    dropped = event("dropped", {"lines": found.dropped}) if found.dropped else b""
    return dropped + b"".join(event("line", {"line": line}) for line in found.lines)


def _changing(shared: ContainerRoutes, verb: Verb) -> Callable[..., Any]:
    async def change(visitor: Visitor, name: Name) -> ChangeAsked:
        return await shared.change(verb, name, visitor)

    return change
