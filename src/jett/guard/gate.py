"""The one door to the servers: request, verdict, confirmation, permit, outcome, each in the audit log before it counts.

    ask ──► Refused                                 (what the policy or the rate limit forbids)
        ├─► Permit ──► redeem ──► … ──► finish      (reading: at once)
        └─► Question ─ answer or click ─► Permit    (changing: a person says yes)
                     └ answer or decline ─► Refused

`redeem` writes the intent before the operation may start, `finish` what came of it. A record that cannot be written
raises AuditError, and then there is no permit. Verdict, rate limit and record are one step under the log's lock, so
that two processes cannot exceed the limit together. Of a flood of refusals the first are recorded each, the others
counted (`refusals`); what is let through is always recorded. A policy file that was edited is in force before the next
verdict (`policy_watch`). Blocking: call it in a thread. Called by `ops`' callers and `ops`.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from jett.core.errors import AuditError, PermitError, RequestError
from jett.guard.audit import AuditLog, Writer
from jett.guard.audit_record import Entry, Kind, Record, at_of, ms_of, time_text
from jett.guard.confirmation import Answer, Confirmation, Pending, question
from jett.guard.identity import CONFIRMING, Identity
from jett.guard.permit import Permit, PermitRegister
from jett.guard.policy import UNKNOWN_VOICE, Allow, Confirm, Deny, Policy, decide
from jett.guard.policy_watch import PolicyWatch
from jett.guard.rate_limit import RateLimit
from jett.guard.redaction import redact
from jett.guard.refusals import MORE, Refusals
from jett.guard.request import CHANGING, Request, parse_request

LAPSED_MS = 120_000
"""So long after a question ran out, a yes or a no is still known to be meant for it."""
_NOTHING = "There is nothing to confirm."
_TOO_LATE = "That question has run out. Please ask again."
_TOO_MANY = "That is too much for one minute. Please wait a little."
Key = tuple[str, str]
"""Whose question it is: the identity's key, and which of their conversations. What is said in one is no answer to what
was read back in another: two browsers are one owner, and two rooms."""
Conversing = Callable[[Key, Confirmation], bool]
"""Whether that conversation is the one that answers now."""


@dataclass(frozen=True, slots=True)
class Question:
    """A person must say yes first. `text` is read back; `nonce` is for a click, empty for who may not confirm.

    `asked_by` is an identity's key; after `until_ms` (since 1970) there is no question any more.
    """

    text: str
    nonce: str
    operation: str
    request: Request
    asked_by: str
    until_ms: int


@dataclass(frozen=True, slots=True)
class Refused:
    """It will not be done. `rule` is stable; `reason` is short and fit to be spoken.

    `operation` is empty where the refusal has no record of its own: it is one of a flood, and counted.
    """

    rule: str
    reason: str
    operation: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an operation. `unknown`: it was begun, and nobody could see how it ended."""

    result: Literal["done", "failed", "unknown"]
    detail: str = ""


def _nobody(_key: Key, _conversation: Confirmation) -> bool:
    return False


def _of(key: Key) -> Conversing:
    return lambda each, _: each == key


def _with(nonce: str) -> Conversing:
    return lambda _, conversation: conversation.matches(nonce)


class Gate:
    """One policy, one audit log. Several gates, also in other processes, may share the log's folder."""

    def __init__(
        self,
        policy: Policy,
        audit: AuditLog,
        *,
        watch: PolicyWatch | None = None,
        random_text: Callable[[], str] = lambda: secrets.token_urlsafe(16),
    ) -> None:
        """`watch` is of the file that `policy` was read from; without one it stays as it is.

        `random_text` makes nonces and operation ids: at least 128 bits nobody can guess.
        """
        self._watch = watch
        self._policy = policy
        self._audit = audit
        self._random_text = random_text
        self._limit = RateLimit()
        self._refusals = Refusals()
        self._conversations: dict[Key, Confirmation] = {}
        self._lapsed: dict[Key, int] = {}
        self._permits = PermitRegister()

    @property
    def policy(self) -> Policy:
        """The policy in force."""
        return self._policy

    @property
    def audit(self) -> AuditLog:
        """The log, to be read."""
        return self._audit

    def replace_policy(self, policy: Policy, now: datetime) -> None:
        """Puts another policy in force; questions and permits of the old one are void. Raises AuditError."""
        with self._writing(now) as writer:
            self._replace_policy(writer, policy, now)

    def ask(
        self,
        asked: Request | str | Mapping[str, object],
        identity: Identity,
        live_names: AbstractSet[str] | None,
        now: datetime,
        *,
        conversation: str = "",
        aloud: bool = False,
    ) -> Permit | Question | Refused:
        """The way of a request, given as such, as JSON text, or as a tool's arguments. `live_names` as in `decide`.

        A question replaces the one still pending of the same identity in the same `conversation`. `aloud`: it is going
        to be spoken, and the time for its answer begins with `heard`. Raises AuditError.
        """
        operation = self._random_text()
        about = Entry(Kind.REQUEST, operation, identity.key)
        with self._writing(now) as writer:
            try:
                request = asked if isinstance(asked, Request) else parse_request(asked)
            except RequestError as error:
                about = replace(about, rule=error.rule, detail=str(error))
                return Refused(error.rule, error.spoken, self._refuse(writer, about, now))
            about = replace(about, verb=request.verb, target=request.target, detail=_details(request))
            verdict = decide(self._policy, request, identity, live_names)
            if not isinstance(verdict, Deny):
                verdict = self._too_many(request, identity, now) or verdict
            if isinstance(verdict, Deny):
                kept_as = self._refuse(writer, replace(about, rule=verdict.rule), now)
                return Refused(verdict.rule, verdict.reason, kept_as)
            self._notice(writer.append(replace(about, verdict=type(verdict).__name__.lower()), now))
            if isinstance(verdict, Allow):
                return self._permits.grant(operation, request, identity, ms_of(now))
            pending = Pending(request, identity, operation, self._random_text(), ms_of(now), heard=not aloud)
            key = (identity.key, conversation)
            self._lapsed.pop(key, None)
            replaced = self._conversations.setdefault(key, Confirmation()).ask(pending)
            if replaced:
                writer.append(_about(replaced, replaced.identity, "replaced"), now)
            return self._question(pending, _nonce_for(pending))

    def heard(self, identity: Identity, now: datetime, *, conversation: str = "") -> None:
        """What this identity was asked aloud there has been spoken to its end. Raises AuditError."""
        key = (identity.key, conversation)
        with self._writing(now, _of(key)):
            if asked := self._conversations.get(key):
                asked.heard(ms_of(now))

    def answer(
        self, words: str, identity: Identity, now: datetime, *, conversation: str = ""
    ) -> Permit | Question | Refused:
        """What an identity said to its own question there. The question again, if the words were unclear.

        Raises AuditError.
        """
        key = (identity.key, conversation)
        with self._writing(now, _of(key)) as writer:
            asked = self._conversations.get(key, Confirmation())
            pending = asked.pending
            if pending is None or identity.kind not in CONFIRMING:
                too_late = self.lapsed(identity, now, conversation=conversation)
                return self._nothing_to_confirm(writer, identity, now, _TOO_LATE if too_late else _NOTHING)
            meant = asked.answer(words)
            writer.append(_about(pending, identity, meant), now)
            if meant is Answer.YES:
                if unknown := self._unknown_voice(pending, identity):
                    writer.append(_about(pending, identity, "deny", unknown.rule), now)
                    return unknown
                return self._permits.grant(pending.operation, pending.request, pending.identity, ms_of(now))
            if meant is Answer.UNCLEAR and asked.pending:
                return self._question(pending, _nonce_for(pending))
            return Refused(f"confirmation.{meant}", "All right, I won't.", pending.operation)

    def _unknown_voice(self, pending: Pending, identity: Identity) -> Refused | None:
        """Whether the yes came from another voice than may ask. One too short to tell is taken for the asker's."""
        if identity.speaker is None:
            return None
        verdict = decide(self._policy, pending.request, identity, {pending.request.target})
        if isinstance(verdict, Deny) and verdict.rule == UNKNOWN_VOICE:
            return Refused(verdict.rule, verdict.reason, pending.operation)
        return None

    def click(self, nonce: str, identity: Identity, now: datetime) -> Permit | Refused:
        """A click on the question with that nonce, whoever asked it; who clicks must be allowed to ask it too.

        Raises AuditError.
        """
        with self._writing(now, _with(nonce)) as writer:
            clicked = self._clicked(writer, nonce, identity, "click", now)
            if isinstance(clicked, Refused):
                return clicked
            return self._permits.grant(clicked.operation, clicked.request, clicked.identity, ms_of(now))

    def decline(self, nonce: str, identity: Identity, now: datetime) -> Refused:
        """A click that says no to the question with that nonce, by whoever might say yes to it. Raises AuditError."""
        with self._writing(now, _with(nonce)) as writer:
            clicked = self._clicked(writer, nonce, identity, "decline", now)
            if isinstance(clicked, Refused):
                return clicked
            return Refused("confirmation.no", "All right, I won't.", clicked.operation)

    def _clicked(self, writer: Writer, nonce: str, identity: Identity, meant: str, now: datetime) -> Pending | Refused:
        """The question that a click settled; it is gone, and the record says how."""
        conversation = next((each for each in self._conversations.values() if each.matches(nonce)), None)
        pending = conversation.pending if conversation else None
        if conversation is None or pending is None or identity.kind not in CONFIRMING:
            return self._nothing_to_confirm(writer, identity, now)
        verdict = decide(self._policy, pending.request, identity, {pending.request.target})
        if not isinstance(verdict, Confirm):
            about = _about(pending, identity, "deny", "confirmation.identity")
            return Refused(about.rule, "You may not confirm that.", self._refuse(writer, about, now))
        conversation.drop()
        writer.append(_about(pending, identity, meant), now)
        return pending

    def note(self, detail: str, identity: Identity, now: datetime) -> None:
        """Something that belongs into the record and is no operation: settings that were changed. Raises AuditError."""
        with self._writing(now) as writer:
            writer.append(Entry(Kind.NOTE, identity=identity.key, detail=detail), now)

    def refuse(self, rule: str, detail: str, identity: Identity, now: datetime) -> None:
        """Something was refused before it was a request; recorded, or counted, as any refusal. Raises AuditError."""
        with self._writing(now) as writer:
            self._refuse(writer, Entry(Kind.NOTE, identity=identity.key, rule=rule, detail=detail), now)

    def settle(self, now: datetime) -> None:
        """Puts an edited policy in force, and writes the counts of refusals that are due.

        To be called now and then, so that neither waits for the next request. Takes no lock if nothing is due.
        Raises AuditError; then it is due still.
        """
        edited = self._watch is not None and self._watch.edited()
        if edited or self._refusals.due(ms_of(now)):
            with self._writing(now):
                pass  # whatever is due is done whenever the log is written to

    def close(self, now: datetime) -> None:
        """The end: questions that still wait are written down as expired, refusals are counted to the last one, and
        permits that were not used are void.

        Nothing is written where nothing waits. Raises AuditError.
        """
        self._permits.revoke_unused()
        asked = any(each.pending for each in list(self._conversations.values()))
        if not asked and not self._refusals.due(ms_of(now), running=True):
            return
        with self._writing(now) as writer:
            self._write_counts(writer, now, running=True)
            for waiting in filter(None, [each.drop() for each in self._conversations.values()]):
                writer.append(_about(waiting, waiting.identity, "expired"), now)
            self._conversations.clear()

    def pending(self, now: datetime) -> list[Question]:
        """The questions that a click could answer now. For people who may confirm, never for tokens."""
        waiting = (each.pending for each in list(self._conversations.values()))
        return [self._question(each, each.nonce) for each in waiting if each and each.live(ms_of(now))]

    def awaits(self, identity: Identity, now: datetime, *, conversation: str = "") -> bool:
        """Whether a question of this identity's waits for its answer there."""
        asked = self._conversations.get((identity.key, conversation))
        return bool(asked and asked.pending and asked.pending.live(ms_of(now)))

    def lapsed(self, identity: Identity, now: datetime, *, conversation: str = "") -> bool:
        """Whether the newest question there ran out, a short while ago and without an answer."""
        key, now_ms = (identity.key, conversation), ms_of(now)
        asked = self._conversations.get(key)
        if asked and asked.pending:
            return asked.pending.over(now_ms) and now_ms < asked.pending.until_ms + LAPSED_MS
        return key in self._lapsed and now_ms < self._lapsed[key] + LAPSED_MS

    def redeem(self, permit: Permit, now: datetime) -> Request:
        """Writes the intent, and returns the request to carry out: this one and no other, now and once.

        Raises PermitError if the permit is not good, AuditError if the intent cannot be written: then do nothing.
        """
        with self._writing(now, expire_permits=False) as writer:
            try:
                granted = self._permits.redeem(permit, ms_of(now))
            except PermitError as error:
                self._refuse(writer, Entry(Kind.NOTE, rule="permit", detail=str(error)), now)
                raise
            about = Entry(Kind.INTENT, granted.operation, granted.identity.key)
            try:
                writer.append(replace(about, verb=granted.request.verb, target=granted.request.target), now)
            except (AuditError, OSError):
                self._permits.finish(granted)
                raise
            return granted.request

    def finish(self, permit: Permit, outcome: Outcome, now: datetime) -> None:
        """Writes what came of a redeemed permit, once. Raises PermitError, AuditError; after the latter, try again."""
        with self._writing(now) as writer:
            granted = self._permits.redeemed(permit)
            about = Entry(Kind.OUTCOME, granted.operation, granted.identity.key, verdict=outcome.result)
            about = replace(about, verb=granted.request.verb, target=granted.request.target, detail=outcome.detail)
            writer.append(about, now)
            self._permits.finish(granted)

    @contextmanager
    def _writing(
        self, now: datetime, answering: Conversing = _nobody, *, expire_permits: bool = True
    ) -> Iterator[Writer]:
        """The log's lock, with what other processes did counted and what is out of date gone.

        `now` was read before the lock was had, so that another call may have been here with a later one. Only the
        conversation that is `answering` is held to `now` strictly, as a clock that was set back must end its question.
        """
        with self._audit.writing() as writer:
            for record in writer.seen:
                self._notice(record)
                if record.verdict == "deny" and record.rule != MORE:
                    self._refusals.saw(record.identity, record.at_ms)
            self._write_counts(writer, now)
            self._follow_file(writer, now)
            if expire_permits:
                self._permits.expire(ms_of(now))
            now_ms = ms_of(now)
            self._lapsed = {key: at_ms for key, at_ms in self._lapsed.items() if now_ms < at_ms + LAPSED_MS}
            for key, conversation in list(self._conversations.items()):
                if expired := conversation.expire(now_ms, answering=answering(key, conversation)):
                    writer.append(_about(expired, expired.identity, "expired"), now)
                    self._lapsed[key] = expired.until_ms
                if conversation.pending is None:
                    del self._conversations[key]
            yield writer

    def _follow_file(self, writer: Writer, now: datetime) -> None:
        found = self._watch.newer(ms_of(now)) if self._watch is not None else None
        if self._watch is None or found is None:
            return
        if found.policy != self._policy:
            self._replace_policy(writer, found.policy, now)
        self._watch.take(found)

    def _replace_policy(self, writer: Writer, policy: Policy, now: datetime) -> None:
        """Who was asked under the old one is told that the question has run out."""
        writer.append(Entry(Kind.NOTE, detail="another policy is in force"), now)
        self._policy = policy
        self._permits.revoke_unused()
        conversations, self._conversations = self._conversations, {}
        for key, conversation in conversations.items():
            if void := conversation.drop():
                self._lapsed[key] = ms_of(now)
                writer.append(_about(void, void.identity, "expired", "policy.replaced"), now)

    def _notice(self, record: Record) -> None:
        if record.kind == Kind.REQUEST and record.verdict in ("allow", "confirm"):
            self._limit.record(record.identity, record.verb in CHANGING, record.at_ms)
        else:
            self._limit.observe(record.at_ms)

    def _refuse(self, writer: Writer, about: Entry, now: datetime) -> str:
        """Records a refusal, or counts it; the operation under which it is in the log, if it is."""
        if not self._refusals.admits(redact(about.identity), ms_of(now)):
            return ""
        writer.append(replace(about, verdict="deny"), now)
        return about.operation

    def _write_counts(self, writer: Writer, now: datetime, *, running: bool = False) -> None:
        for each in self._refusals.owed(ms_of(now), running=running):
            detail = f"refused {each.more} more in the minute from {time_text(at_of(each.from_ms))}"
            writer.append(Entry(Kind.NOTE, identity=each.identity, verdict="deny", rule=MORE, detail=detail), now)
            self._refusals.settled(each)

    def _too_many(self, request: Request, identity: Identity, now: datetime) -> Deny | None:
        rule = self._limit.refusal(self._policy.limits, redact(identity.key), request.changes, ms_of(now))
        return Deny(rule, _TOO_MANY) if rule else None

    def _nothing_to_confirm(self, writer: Writer, identity: Identity, now: datetime, reason: str = _NOTHING) -> Refused:
        operation = self._random_text()
        rule = "confirmation.none" if identity.kind in CONFIRMING else "confirmation.token"
        about = Entry(Kind.CONFIRMATION, operation, identity.key, rule=rule)
        return Refused(rule, reason, self._refuse(writer, about, now))

    def _question(self, pending: Pending, nonce: str) -> Question:
        text = question(pending.request, self._policy.place)
        asked_by = pending.identity.key
        return Question(text, nonce, pending.operation, pending.request, asked_by, pending.until_ms)


def _about(pending: Pending, identity: Identity, verdict: str, rule: str = "") -> Entry:
    request = pending.request
    return Entry(Kind.CONFIRMATION, pending.operation, identity.key, request.verb, request.target, verdict, rule)


def _nonce_for(pending: Pending) -> str:
    """The nonce, for who asked: a program is not told it."""
    return pending.nonce if pending.identity.kind in CONFIRMING else ""


def _details(request: Request) -> str:
    if request.lines is not None:
        return f"lines {request.lines}"
    return json.dumps(dict(request.arguments)) if request.arguments else ""
