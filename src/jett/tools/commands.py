"""Commands that are understood without the language model, done through the guard: the port Commands.

    plan       a sentence ─► Intent ─► what would be said          (pure, at every pause)
    carry_out  after the commit: gate ─► question, refusal, or permit ─► ops ─► what came of it

A question waits in the gate; the next sentence answers it. Between a yes and the act lies a breath in which "no, wait"
still stops it. Called by the conversation.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

import anyio
import anyio.to_thread

from jett.core.ports import Controls, Plan, WhoSpeaks
from jett.guard import Allow, Confirm, Deny, Gate, Identity, Permit, Policy, Question, Refused, Request, Verb, decide
from jett.guard.confirmation import Answer, question, understand
from jett.tools.clock_words import spoken_date, spoken_time
from jett.tools.decided import decided
from jett.tools.fast_path import FastPath
from jett.tools.intent import Action, Intent, WhichOne

GRACE_S = 1.0
"""After a yes, while Jett says what it does now: whoever goes on speaking is heard first."""
UNCHANGING = "identity.unchanging"
"""The rule of a refusal to whom nothing is changed for."""
_NO_POLICY = "I may not do anything on servers yet: there is no policy that lets me. Jett guard check says how."
_VOLUME_STEP = 15
_SHORT_ANSWER_WORDS = 4
"""A longer sentence that is neither yes nor no is about something else, and the question lapses."""
_GERUNDS = {
    Verb.START: "Starting {name}.",
    Verb.STOP: "Stopping {name}.",
    Verb.RESTART: "Restarting {name}.",
    Verb.RUN_WORKFLOW: "Running the {name} workflow.",
    Verb.CHANGE_TOOL: "Using the tool {name}.",
}


@dataclass(frozen=True, slots=True)
class Server:
    """What `app` lends of `ops`: the names that are live, a permit's way, and what a read would say now."""

    live_names: Callable[[], AbstractSet[str] | None]
    carry_out: Callable[[Permit], Awaitable[str]]
    """Does what was permitted; the spoken outcome. Raises GuardError, OperationError."""
    told: Callable[[Permit], Awaitable[str]]
    """The same of a read, for the language model: all of it instead of a sentence. Raises the same."""
    foreseen: Callable[[Request, Identity], str]
    """The answer to a read from what is known already; empty where it must be asked for."""


@dataclass(frozen=True, slots=True)
class _Reply:
    """A sentence that answers the pending question."""

    words: str


class _Unsure:
    """A sentence about the servers that was not understood."""


class _NoPolicy:
    """A command for a container, where no policy lists anything."""


class GuardedCommands:
    """One conversation's commands, asked by one identity."""

    def __init__(
        self,
        fast_path: FastPath | Callable[[Policy], FastPath],
        gate: Gate,
        server: Server,
        identity: Identity,
        *,
        conversation: str = "",
        wall_clock: Callable[[], datetime] = lambda: datetime.now().astimezone(),
        grace_s: float = GRACE_S,
        model_looks: bool = True,
        unchanging: str = "",
        who: WhoSpeaks | None = None,
    ) -> None:
        """`fast_path`: one for all policies, or what makes the one of a policy, asked again when another is in force.

        `conversation`: which of the identity's, so that only it answers what was asked in it; its own name for it.

        `model_looks`: the language model has tools; without them it would invent how a server is.
        `unchanging`: for who may change nothing, whatever the policy says: the sentence that says so.
        `who`: whose voice it is, where that is looked at.
        """
        self._made_of = fast_path if not isinstance(fast_path, FastPath) else lambda _: fast_path
        self._policy, self._made = gate.policy, self._made_of(gate.policy)
        self._gate = gate
        self._server = server
        self._identity = identity
        self._conversation = conversation
        self._wall_clock = wall_clock
        self._grace_s = grace_s
        self._model_looks = model_looks
        self._unchanging = unchanging
        self._who = who

    def plan(self, text: str) -> Plan | None:
        """Port Commands. An answer to a question first, then a command; anything else is the language model's."""
        understood = self._fast_path.understand(text)
        if understood is None and self._answers_question(text):
            return Plan("", _Reply(text))
        if understood is not None:
            return Plan(self._preview(understood), understood)
        policy = self._gate.policy
        if not (policy.containers or policy.workflows or policy.tools) and self._fast_path.clearly_for_servers(text):
            return Plan(_NO_POLICY, _NoPolicy())
        if not self._model_looks and self._fast_path.about_servers(text):
            return Plan(_unsure(self._gate.policy), _Unsure())
        return None

    async def carry_out(self, plan: Plan, controls: Controls) -> AsyncGenerator[str, None]:
        """Port Commands."""
        match plan.key:
            case _Reply(words):
                async for sentence in self._answered(words, controls):
                    yield sentence
            case _NoPolicy():
                yield _NO_POLICY
            case _Unsure():
                yield _unsure(self._gate.policy)
            case WhichOne(_, names):
                yield _which(names)
            case Intent() as intent if intent.action in _LOCAL:
                yield _LOCAL[intent.action](intent, controls, self._wall_clock())
            case Intent() as intent:
                async for sentence in self._asked(_request(intent), controls):
                    yield sentence

    def awaits_answer(self) -> bool:
        """Port Commands."""
        return self._gate.awaits(self._identity, self._wall_clock(), conversation=self._conversation)

    async def stopped(self) -> None:
        """Port Commands: "stop" and "never mind" are a no."""
        if self.awaits_answer():
            await anyio.to_thread.run_sync(self._answer("no", self._identity))

    async def heard(self) -> None:
        """Port Commands."""
        if self.awaits_answer():
            now = self._wall_clock()
            await anyio.to_thread.run_sync(
                partial(self._gate.heard, self._identity, now, conversation=self._conversation)
            )

    def _answer(self, words: str, identity: Identity) -> Callable[[], Permit | Question | Refused]:
        return partial(self._gate.answer, words, identity, self._wall_clock(), conversation=self._conversation)

    @property
    def _fast_path(self) -> FastPath:
        """What the policy in force names; made in some milliseconds, once after an edit."""
        if self._gate.policy is not self._policy:
            self._policy = self._gate.policy
            self._made = self._made_of(self._policy)
        return self._made

    # ---- without effect -----------------------------------------------------------------------------------------

    def _answers_question(self, text: str) -> bool:
        if not self.awaits_answer():
            return understand(text) is not Answer.UNCLEAR and self._lapsed()
        return understand(text) is not Answer.UNCLEAR or len(text.split()) <= _SHORT_ANSWER_WORDS

    def _lapsed(self) -> bool:
        """Whether a question ran out just now: an answer that is late is not the language model's to make up."""
        return self._gate.lapsed(self._identity, self._wall_clock(), conversation=self._conversation)

    def _preview(self, understood: Intent | WhichOne) -> str:
        """What will be said unless something changes; no record is made, so nothing is told that needs one."""
        if isinstance(understood, WhichOne):
            return _which(understood.names)
        if understood.action in (Action.TIME, Action.DATE):
            return _tell_time(understood, self._wall_clock())
        if understood.action in _LOCAL:
            return ""
        request = _request(understood)
        if request.changes and self._unchanging:
            return self._unchanging
        identity = self._identity if self._who is None else replace(self._identity, speaker=self._who.so_far)
        match decide(self._gate.policy, request, identity, self._server.live_names()):
            case Deny(_, reason):
                return reason
            case Confirm():
                return question(request, self._gate.policy.place)
            case Allow():
                return self._server.foreseen(request, self._identity)

    # ---- after the commit ---------------------------------------------------------------------------------------

    async def _asked(self, request: Request, controls: Controls) -> AsyncGenerator[str, None]:
        if request.changes and self._unchanging:
            yield await self._unchanged(request, controls)
            return
        live = self._server.live_names()
        identity = await speaking(self._identity, self._who)
        ask = partial(self._gate.ask, request, identity, live, self._wall_clock(), aloud=True)
        answer = await anyio.to_thread.run_sync(partial(ask, conversation=self._conversation))
        controls.decided(decided(answer, self._wall_clock(), request))
        async for sentence in self._decided(answer, confirmed=False):
            yield sentence

    async def _unchanged(self, request: Request, controls: Controls) -> str:
        """Refused before the gate, whose policy does not know of it; the attempt is in the record all the same."""
        detail = f"{UNCHANGING}: {request.verb} {request.target} was not asked"
        await anyio.to_thread.run_sync(self._gate.refuse, UNCHANGING, detail, self._identity, self._wall_clock())
        refused = Refused(UNCHANGING, self._unchanging, "")
        controls.decided(decided(refused, self._wall_clock(), request))
        return self._unchanging

    async def _answered(self, words: str, controls: Controls) -> AsyncGenerator[str, None]:
        identity = await speaking(self._identity, self._who)
        answer = await anyio.to_thread.run_sync(self._answer("no" if self._unchanging else words, identity))
        controls.decided(decided(answer, self._wall_clock(), confirmed=True))
        async for sentence in self._decided(answer, confirmed=True):
            yield sentence

    async def _decided(self, decided: Permit | Question | Refused, *, confirmed: bool) -> AsyncGenerator[str, None]:
        match decided:
            case Refused(_, reason):
                yield reason
            case Question(text):
                yield f"Please say yes or no. {text}" if confirmed else text
            case Permit():
                if confirmed:
                    yield _GERUNDS[decided.request.verb].format(name=_spoken_name(decided.request))
                    await anyio.sleep(self._grace_s)
                yield await self._server.carry_out(decided)


async def speaking(identity: Identity, who: WhoSpeaks | None) -> Identity:
    """`identity` with whose voice it was, where that is looked at."""
    return identity if who is None else replace(identity, speaker=await who.name())


def _request(intent: Intent) -> Request:
    return Request(Verb(intent.action.value), intent.target, lines=intent.lines)


def _spoken_name(request: Request) -> str:
    """`home.set_light` as "set light of home"; any other name is spoken as it is."""
    if request.verb is not Verb.CHANGE_TOOL:
        return request.target
    server, _, tool = request.target.partition(".")
    return f"{tool.replace('_', ' ')} of {server}"


def _unsure(policy: Policy) -> str:
    if not policy.containers:
        return "I can't see any servers."
    return f"I'm not sure what you mean. Ask me, for instance: is {min(policy.containers)} healthy?"


def _which(names: tuple[str, ...]) -> str:
    *others, last = names
    return f"Which one, {', '.join(others)} or {last}?"


def _tell_time(intent: Intent, now: datetime) -> str:
    return spoken_time(now) if intent.action is Action.TIME else spoken_date(now)


def _set_volume(intent: Intent, controls: Controls) -> str:
    steps = {Action.VOLUME_UP: _VOLUME_STEP, Action.VOLUME_DOWN: -_VOLUME_STEP}
    wanted = controls.volume_percent + steps[intent.action] if intent.percent is None else intent.percent
    controls.set_volume(wanted)
    return f"Volume {controls.volume_percent} percent."


_LOCAL: dict[Action, Callable[[Intent, Controls, datetime], str]] = {
    Action.TIME: lambda intent, _, now: _tell_time(intent, now),
    Action.DATE: lambda intent, _, now: _tell_time(intent, now),
    Action.REPEAT: lambda _, controls, __: controls.last_reply() or "I haven't said anything yet.",
    Action.VOLUME_SET: lambda intent, controls, _: _set_volume(intent, controls),
    Action.VOLUME_UP: lambda intent, controls, _: _set_volume(intent, controls),
    Action.VOLUME_DOWN: lambda intent, controls, _: _set_volume(intent, controls),
}
