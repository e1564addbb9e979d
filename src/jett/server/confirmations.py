"""The questions that wait for a person, whoever asked them: told as they come and go, answered by a click, carried out.

    ask ─► Question ─► `question` ─► click yes ─► Permit ─► `operation` began … ended ─► Outcome
                                  ├► click no ─► declined
                                  └► answered elsewhere, or nobody ─► `question_ended`, found by looking

A change goes on when the browser that asked for it leaves: its task is of a group that outlives the request. What
was answered by voice, or at a terminal in this process, is learned from the gate and from the record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Literal

import anyio
import anyio.to_thread
from anyio.abc import TaskGroup

from jett.core.errors import GuardError
from jett.guard import Gate, Identity, Permit, Question, Refused, page
from jett.server.container_port import ContainerPort, Done
from jett.server.rest.shapes.containers import ChangeAsked, Outcome

Publish = Callable[[str, Mapping[str, object]], None]
Ended = Literal["yes", "no", "expired"]

LOOK_EVERY_S = 0.5
_ANSWERS: Mapping[str, Ended] = {
    **dict.fromkeys(("yes", "click"), "yes"),
    **dict.fromkeys(("no", "unclear", "decline"), "no"),
}
_LOOKED_THROUGH = 50
"""Records, newest first, among which the end of a question is looked for."""


class Confirmations:
    """One gate's questions. Run `keep` in a task group; `tasks` is where operations run."""

    def __init__(
        self, gate: Gate, port: ContainerPort, tasks: TaskGroup, publish: Publish, *, now: Callable[[], datetime]
    ) -> None:
        self._gate = gate
        self._port = port
        self._tasks = tasks
        self._publish = publish
        self._now = now
        self._known: dict[str, Question] = {}

    def waiting(self) -> list[ChangeAsked]:
        """Those that a click could answer now."""
        return [asked(one) for one in self._gate.pending(self._now())]

    def told(self, question: Question) -> ChangeAsked:
        """A question that was asked just now, which everybody is told of."""
        shape = asked(question)
        if question.nonce and question.nonce not in self._known:
            self._known[question.nonce] = question
            self._publish("question", shape.model_dump(mode="json"))
        return shape

    async def yes(self, nonce: str, identity: Identity) -> Outcome | Refused:
        """A click that confirms, and what came of it. Raises GuardError."""
        ended = anyio.Event()
        outcomes: list[Outcome] = []
        with anyio.CancelScope(shield=True):  # a permit that was given is used
            decided = await anyio.to_thread.run_sync(self._gate.click, nonce, identity, self._now())
            if isinstance(decided, Refused):
                return decided
            self._end(nonce, "yes")
            self._tasks.start_soon(self._carry_out, decided, outcomes, ended)
        await ended.wait()
        return outcomes[0]

    async def no(self, nonce: str, identity: Identity) -> Refused:
        """A click that declines. Raises GuardError."""
        refused = await anyio.to_thread.run_sync(self._gate.decline, nonce, identity, self._now())
        if refused.rule == "confirmation.no":
            self._end(nonce, "no")
        return refused

    async def keep(self) -> None:
        """Tell of what is asked and answered elsewhere, until cancelled."""
        while True:
            await self.look()
            await anyio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Compare what waits with what was told."""
        waiting = {one.nonce: one for one in self._gate.pending(self._now())}
        for nonce, question in waiting.items():
            if nonce not in self._known:
                self.told(question)
        for nonce in [nonce for nonce in self._known if nonce not in waiting]:
            answer = await anyio.to_thread.run_sync(self._answer_to, self._known[nonce].operation)
            self._end(nonce, answer)

    def _end(self, nonce: str, answer: Ended) -> None:
        """Told once, whoever finds it out first."""
        if self._known.pop(nonce, None) is not None:
            self._publish("question_ended", {"nonce": nonce, "answer": answer})

    def _answer_to(self, operation: str) -> Ended:
        """By the record; a question whose time is over may not be in it yet."""
        try:
            records = page(self._gate.audit, _LOOKED_THROUGH)
        except GuardError:
            return "expired"
        verdicts = (one.verdict for one in records if one.operation == operation and one.kind == "confirmation")
        return _ANSWERS.get(next(verdicts, ""), "expired")

    async def _carry_out(self, permit: Permit, outcomes: list[Outcome], ended: anyio.Event) -> None:
        """Never raises what Jett raises on purpose: this group is everybody's."""
        outcome = Outcome(operation=permit.operation, result="unknown", text="Nobody waited for its end.")
        self._tell(permit, "began")
        try:
            outcome = _outcome(permit, await self._port.carry_out(permit))
        except GuardError as error:
            outcome = Outcome(operation=permit.operation, result="refused", text=error.spoken, rule="permit")
        finally:
            outcomes.append(outcome)
            self._tell(permit, "ended", outcome)
            ended.set()

    def _tell(self, permit: Permit, phase: str, outcome: Outcome | None = None) -> None:
        told = {
            "operation": permit.operation,
            "verb": permit.request.verb.value,
            "target": permit.request.target,
            "phase": phase,
            "result": outcome.result if outcome else "",
            "text": outcome.text if outcome else "",
        }
        self._publish("operation", told)


def asked(question: Question) -> ChangeAsked:
    """A question as the dashboard is told of it."""
    return ChangeAsked(
        nonce=question.nonce,
        text=question.text,
        operation=question.operation,
        verb=question.request.verb.value,
        target=question.request.target,
        asked_by=question.asked_by,
        ends_at=datetime.fromtimestamp(question.until_ms / 1000, UTC),
    )


def _outcome(permit: Permit, done: Done) -> Outcome:
    return Outcome(operation=permit.operation, result=done.result, text=done.text, took_ms=round(done.took_s * 1000))


def declined(refused: Refused) -> Outcome:
    """A no, as an outcome."""
    return Outcome(operation=refused.operation, result="refused", text=refused.reason, rule=refused.rule)
