"""`POST /v1/announcements`: a program, such as a workflow of n8n, has Jett say something to whoever is in the room.

    request ─ entrance ─► gate.ask ─► redeem ─► queue (at most 5) ─► said when it is quiet ─► finish

The words are somebody else's: redacted, said with the token's name in front, and never understood, answered or shown to
the language model; a question that waits for its answer keeps them waiting. The record has who had what said, and
whether it was heard. Mounted by `app`, beside one conversation.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Protocol

import anyio
import anyio.to_thread
from anyio.abc import TaskGroup
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from jett.core.errors import GuardError
from jett.guard import Gate, Identity, Outcome, Permit, Question, Refused, Verb, redact
from jett.server.entrance import Entrance
from jett.server.refusal import Refusal, refused, wait_for
from jett.server.window import Window
from jett.session.announcements import Announcement, Announcements

PATH = "/v1/announcements"
DEADLINE_S = 600.0
"""What could not be said within ten minutes is old news."""
MOST_A_MINUTE = 5
"""Half of what the guard lets anybody read in a minute: the owner can always ask how things are.
Of all tokens together, and only what is taken counts: a wrong token takes no other's turn."""
MOST_REFUSED = 10
"""Requests of one token that are refused in a minute; each may be a line of the record."""
_LET_GO_S = 2.0


class Room(Protocol):
    """The conversation, as far as announcements go."""

    announcements: Announcements

    @property
    def would_announce(self) -> bool:
        """Whether one that came now would be said at once."""


class Announcer:
    """Has permitted words said in one room, and records what became of them, in tasks of the group it is given."""

    def __init__(
        self,
        gate: Gate,
        room: Room,
        tasks: TaskGroup,
        *,
        now: Callable[[], datetime],
        now_s: Callable[[], float],
        trouble: Callable[[str], None],
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._gate = gate
        self._room = room
        self._tasks = tasks
        self._now = now
        self._trouble = trouble
        self._deadline_s = deadline_s
        self._taken = Window(MOST_A_MINUTE, 60.0, now_s)
        self._refused = defaultdict[str, Window](lambda: Window(MOST_REFUSED, 60.0, now_s))
        self._one_at_a_time = anyio.Lock()

    async def announce(self, text: str, identity: Identity) -> dict[str, str]:
        """Have it said; the answer tells the operation, and whether it is said at once. Raises Refusal, GuardError."""
        async with self._one_at_a_time:
            self.check_refusals(identity)
            self._check_room(identity)
            with anyio.CancelScope(shield=True):
                permit = await self._permitted(text, identity)
                request = await anyio.to_thread.run_sync(self._gate.redeem, permit, self._now())
                at_once = self._room.would_announce
                said = f"Announcement from {identity.name}: {redact(str(dict(request.arguments)['text']))}"
                announcement = self._room.announcements.put(said)
                if announcement is None:
                    await self._record(permit, Outcome("failed", "the conversation ended"))
                    raise _full()
                self._taken.count()
                self._tasks.start_soon(self._see_through, permit, announcement)
        return {"operation": permit.operation, "state": "speaking" if at_once else "queued"}

    def check_refusals(self, identity: Identity) -> None:
        """Raises Refusal for a token of which too much was refused of late."""
        refusals = self._refused[identity.name]
        if refusals.has_room():
            return
        if refusals.first_over:
            self._trouble(f"announcements: more than {MOST_REFUSED} a minute of {identity.name} are refused")
        raise wait_for(
            429, f"{MOST_REFUSED} requests of this token were refused in a minute", "mend what sends them first", 60
        )

    def refused(self, identity: Identity, refusal: Refusal) -> Refusal:
        """The refusal, counted against its token alone."""
        self._refused[identity.name].count()
        return refusal

    def _check_room(self, identity: Identity) -> None:
        if self._room.announcements.full:
            raise _full()
        if self._taken.has_room():
            return
        if self._taken.first_over:
            self._trouble(f"announcements: more than {MOST_A_MINUTE} a minute, the newest from {identity.name}")
        raise wait_for(
            429, f"at most {MOST_A_MINUTE} announcements are taken in a minute", "put what there is to say into one", 60
        )

    async def _permitted(self, text: str, identity: Identity) -> Permit:
        asked = {"verb": Verb.ANNOUNCE.value, "arguments": {"text": text}}
        decided = await anyio.to_thread.run_sync(partial(self._gate.ask, asked, identity, None, self._now()))
        match decided:
            case Permit():
                return decided
            case Question():
                raise AssertionError("an announcement changes nothing, so nothing is confirmed")
            case Refused(rule, reason):
                raise self.refused(identity, _refusal(rule, reason))

    async def _see_through(self, permit: Permit, announcement: Announcement) -> None:
        late = False
        try:
            with anyio.move_on_after(self._deadline_s):
                await announcement.settled.wait()
            late = not announcement.settled.is_set()
            self._room.announcements.withdraw(announcement)
            await announcement.ended.wait()
        finally:
            with anyio.CancelScope(shield=True):
                with anyio.move_on_after(_LET_GO_S):
                    await announcement.ended.wait()
                await self._record(permit, _outcome(announcement, late=late))

    async def _record(self, permit: Permit, outcome: Outcome) -> None:
        """Twice if need be: without an outcome the record would say that nobody knows, and so it does then."""
        finish = partial(self._gate.finish, permit, outcome, self._now())
        try:
            await anyio.to_thread.run_sync(finish)
        except GuardError:
            try:
                await anyio.to_thread.run_sync(finish)
            except GuardError as error:
                self._trouble(str(error))


def _outcome(announcement: Announcement, *, late: bool) -> Outcome:
    """`done` is what somebody could hear, be it its beginning only."""
    if not announcement.ended.is_set():
        return Outcome("unknown", "nobody waited for its end")
    if late:
        return Outcome("failed", "not said: it was never quiet in time")
    if not announcement.begun or announcement.error:
        return Outcome("failed", redact(announcement.error) or "not said: it was broken off before it began")
    return Outcome("done", "interrupted after it began" if announcement.interrupted else "heard to its end")


def _full() -> Refusal:
    return wait_for(503, "too many announcements wait already", "try again later", 30)


def _refusal(rule: str, reason: str) -> Refusal:
    if rule.startswith("rate."):
        return wait_for(429, reason, "send fewer; the policy's limits count for all", 60)
    if rule.startswith("request."):
        return Refusal(400, "the text is not fit to be said", "send 1 to 500 printable characters in one line")
    return Refusal(403, reason, "list announce for tokens in the policy, and make the token with `--verb announce`")


def _text(fields: dict[str, object]) -> str:
    text = fields.get("text")
    if set(fields) != {"text"} or not isinstance(text, str):
        raise Refusal(400, "the body has another form", 'send {"text": "…"} and nothing else')
    return text


def application(entrance: Entrance, room: Callable[[], Announcer], trouble: Callable[[str], None]) -> Starlette:
    """The server of announcements alone. `room` is whoever has them said now; it raises Refusal while nobody does."""

    async def post(request: Request) -> Response:
        identity = await entrance.identity(request)
        announcer = room()
        announcer.check_refusals(identity)
        try:
            text = _text(await entrance.fields(request))
        except Refusal as refusal:
            raise announcer.refused(identity, refusal) from None
        return JSONResponse(await announcer.announce(text, identity), status_code=202)

    async def unguarded(request: Request, error: Exception) -> Response:
        assert isinstance(error, GuardError)
        trouble(str(error))
        return await refused(request, wait_for(503, error.spoken, "look at Jett's terminal", 60))

    async def unrouted(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        fix = f"send a POST to {PATH}"
        return await refused(request, Refusal(error.status_code, "there is nothing of that kind", fix, error.headers))

    async def crashed(request: Request, error: Exception) -> Response:
        """The boundary of a request: a fault costs one announcement, and its text stays out of what is told."""
        trouble(f"announcements: Jett made a mistake ({type(error).__name__}); see: jett doctor")
        return await refused(request, Refusal(500, "Jett made a mistake", "look at Jett's terminal"))

    app = Starlette(
        routes=[Route(PATH, post, methods=["POST"])],
        exception_handlers={Refusal: refused, GuardError: unguarded, HTTPException: unrouted, Exception: crashed},
    )
    app.router.redirect_slashes = False
    return app
