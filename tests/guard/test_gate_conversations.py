"""Anybody, anything, in any order, through two doors to one log: whatever is carried out was allowed, and said yes to.

What may be is written down here a second time, by hand, from the policy of `support`: not by the gate.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from jett.core.errors import PermitError
from jett.guard import AuditLog, Gate, Identity, Outcome, Permit, Question, Refused, Request, parse_policy, tail, verify
from tests.guard.support import CASES, DESK, LIVE, OWNER, PHONE, POLICY_TEXT, SHELL, START

people = st.sampled_from([OWNER, OWNER, DESK, PHONE, SHELL])
READS = {
    OWNER: {"list", "status n8n", "logs n8n", "stats n8n", "status postgres", "logs postgres", "status socket-proxy"},
    DESK: {"list", "status n8n", "status postgres"},
    PHONE: {"list", "status n8n"},
    SHELL: set[str](),
}
READS[OWNER] |= {"read_tool home.get_state"}
CHANGES = {
    OWNER: {"start n8n", "stop n8n", "restart n8n", "run_workflow backup", "run_workflow ping"},
    DESK: {"restart n8n"},
    PHONE: {"restart n8n"},
    SHELL: set[str](),
}
CHANGES[OWNER] |= {"change_tool home.setLight"}
ARGUMENTS: dict[str, dict[str, object]] = {
    "backup": {"database": "n8n"},
    "home.get_state": {"room": "attic"},
    "home.setLight": {"isOn": True},
}

doors = st.sampled_from([0, 1])
rooms = st.sampled_from(["", "", "attic"])
sensible = st.sampled_from(
    [(who, what) for who in (OWNER, DESK, PHONE) for what in sorted(READS[who] | CHANGES[who])]
    + [(PHONE, "restart n8n")] * 4
    + [(SHELL, "status n8n"), (DESK, "stop n8n")]
)
verbs = st.sampled_from(
    [
        *("list", "status", "logs", "stats", "start", "stop", "restart", "run_workflow", "read_tool", "change_tool"),
        *("exec", "rm", "kill", "Restart", "restart ", "ｒｅｓｔａｒｔ", ""),
    ]
)
targets = st.sampled_from(
    [
        *("", "n8n", "postgres", "qdrant", "socket-proxy", "portainer", "backup", "ping"),
        *("home.get_state", "home.setLight", "home.SetLight"),
        *("N8N", "n8n ", "n8n/../postgres", "ｎ8n", "n\u200b8n", "\u0440ostgres", "n" * 200),
    ]
)
arguments = st.sampled_from([None, {}, {"database": "rm -rf"}, {"room": {"deep": [1]}}, {"isOn": 1}, {"force": True}])


@st.composite
def sources(draw: st.DrawFn) -> Mapping[str, object] | str:
    """A request as a program or a model might send it: good, near, nested, doubled."""
    target = draw(targets)
    given = draw(arguments)
    fields: dict[str, Any] = {"verb": draw(verbs), "target": target}
    fields["arguments"] = ARGUMENTS.get(target, {}) if given is None else given
    if draw(st.booleans()):
        return fields
    text = json.dumps(fields)
    twist = draw(st.sampled_from(["", "double", "nest", "long"]))
    if twist == "double":
        return text[:-1] + ', "target": "n8n"}'
    return {"nest": f'{{"request": {text}}}', "long": text + " " * 5000}.get(twist, text)


@dataclass
class Asked:
    """What a person is being asked, and since when."""

    what: str
    since: datetime
    operation: str
    heard: bool
    unclear: int = 0


@dataclass
class Door:
    """One gate, and what this test knows of it."""

    gate: Gate
    pending: dict[tuple[str, str], Asked] = field(default_factory=dict)
    nonces: dict[str, tuple[str, str]] = field(default_factory=dict)
    permits: list[tuple[Permit, str, datetime]] = field(default_factory=list)
    used: set[int] = field(default_factory=set)

    def settle(self, operation: str) -> None:
        """Its question is answered."""
        self.pending = {key: asked for key, asked in self.pending.items() if asked.operation != operation}


def named(request: Request) -> str:
    return f"{request.verb} {request.target}".strip()


class Conversations(RuleBasedStateMachine):
    """Two gates on one log. `done` are the operations carried out: when, who, what."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        logs = [AuditLog(Path(self.folder.name) / "log") for _ in range(2)]
        self.doors = [Door(Gate(parse_policy(POLICY_TEXT), log)) for log in logs]
        self.now = START
        self.allowed: list[tuple[datetime, str, bool]] = []
        self.intents = 0

    def teardown(self) -> None:
        log = AuditLog(Path(self.folder.name) / "log")
        if any(log.folder.glob("*")):
            assert verify(log).intact
            assert sum(record.kind == "intent" for record in tail(log, 10_000)) == self.intents
        self.folder.cleanup()

    @rule(door=doors, who=people, room=rooms, source=sources())
    def ask_anything(self, door: int, who: Identity, room: str, source: Mapping[str, object] | str) -> None:
        """Whatever may reach the gate."""
        self._ask(door, who, room, source)

    @rule(door=doors, asked=sensible, room=rooms, times=st.sampled_from([1, 1, 1, 11]), aloud=st.booleans())
    def ask_well(self, door: int, asked: tuple[Identity, str], room: str, times: int, aloud: bool) -> None:
        """What somebody may do, though perhaps not this one; once, or in a flood."""
        who, what = asked
        verb, _, target = what.partition(" ")
        for _ in range(times):
            source = {"verb": verb, "target": target, "arguments": ARGUMENTS.get(target, {})}
            self._ask(door, who, room, source, aloud=aloud)

    def _ask(
        self, door: int, who: Identity, room: str, source: Mapping[str, object] | str, *, aloud: bool = False
    ) -> None:
        """A permit at once is only ever for a read that this person may do; a change is a question."""
        at = self.doors[door]
        answer = at.gate.ask(source, who, LIVE, self.now, conversation=room, aloud=aloud)
        if isinstance(answer, Refused):
            return
        what = named(answer.request)
        assert what in (READS if isinstance(answer, Permit) else CHANGES)[who]
        assert dict(answer.request.arguments) == ARGUMENTS.get(answer.request.target, {})
        self.allowed.append((self.now, who.key, isinstance(answer, Question)))
        if isinstance(answer, Permit):
            at.permits.append((answer, what, self.now))
            return
        at.pending[who.key, room] = Asked(what, self.now, answer.operation, heard=not aloud)
        assert bool(answer.nonce) is (who is not PHONE)
        for waiting in at.gate.pending(self.now):
            at.nonces[waiting.nonce] = (named(waiting.request), waiting.operation)

    @rule(
        door=doors,
        who=people,
        room=rooms,
        words=st.sampled_from(
            ["yes", "yes", "Yes, please.", "yes?", "no", "hm", "yes but no", "restart it, yes", "ÿes"]
        ),
    )
    def say(self, door: int, who: Identity, room: str, words: str) -> None:
        """Whoever it is, asked or not."""
        self._answer(door, who, room, words)

    @rule(door=doors, who=people, room=rooms)
    def hear(self, door: int, who: Identity, room: str) -> None:
        """What was asked there has been read back, within the minute that it waits for that."""
        at = self.doors[door]
        at.gate.heard(who, self.now, conversation=room)
        asked = at.pending.get((who.key, room))
        if asked is not None and not asked.heard and timedelta() <= self.now - asked.since < timedelta(minutes=1):
            asked.heard, asked.since = True, self.now

    @rule(pick=st.integers(0, 3))
    def agree(self, pick: int) -> None:
        """One who was asked says yes, and it is carried out."""
        asked = [(n, key) for n, door in enumerate(self.doors) for key in door.pending]
        if asked:
            door, (key, room) = asked[pick % len(asked)]
            self._answer(door, next(who for who in READS if who.key == key), room, "yes")
            self.redeem(door, door, -1)

    def _answer(self, door: int, who: Identity, room: str, words: str) -> None:
        """A permit follows a plain yes to one's own question, heard there, in time, and is for what was asked."""
        at = self.doors[door]
        asked = at.pending.get((who.key, room))
        answer = at.gate.answer(words, who, self.now, conversation=room)
        if isinstance(answer, Question):
            assert asked is not None
            asked.unclear += 1
            assert asked.unclear == 1
            return
        if who is not PHONE:  # its words are no answer, and end nothing
            at.pending.pop((who.key, room), None)
        if isinstance(answer, Permit):
            assert asked is not None
            assert who is not PHONE
            assert words in ("yes", "Yes, please.")
            assert asked.heard
            assert timedelta() <= self.now - asked.since < timedelta(seconds=15)
            assert named(answer.request) == asked.what
            at.permits.append((answer, asked.what, self.now))

    @rule(door=doors, who=people, pick=st.integers(0, 3), spoil=st.sampled_from([False, False, True]))
    def click(self, door: int, who: Identity, pick: int, spoil: bool) -> None:
        """A permit follows the right nonce, by somebody who may confirm that."""
        at = self.doors[door]
        known = [*self.doors[0].nonces, *self.doors[1].nonces, ""]
        nonce = known[pick % len(known)] + ("x" if spoil else "")
        answer = at.gate.click(nonce, who, self.now)
        if isinstance(answer, Permit):
            what, operation = at.nonces.pop(nonce)
            assert (named(answer.request), answer.operation) == (what, operation)
            assert who is not PHONE
            assert what in CHANGES[who]
            at.permits.append((answer, what, self.now))
            at.settle(operation)

    @rule(door=doors, who=people, pick=st.integers(0, 3), spoil=st.sampled_from([False, False, True]))
    def decline(self, door: int, who: Identity, pick: int, spoil: bool) -> None:
        """A no by a click ends the question with that nonce, and only for somebody who may say yes to it."""
        at = self.doors[door]
        known = [*self.doors[0].nonces, *self.doors[1].nonces, ""]
        nonce = known[pick % len(known)] + ("x" if spoil else "")
        waiting = {each.nonce: each for each in at.gate.pending(self.now)}
        answer = at.gate.decline(nonce, who, self.now)
        left = {each.nonce for each in at.gate.pending(self.now)}
        if answer.rule != "confirmation.no":
            assert left == set(waiting)
            return
        assert who is not PHONE
        assert named(waiting[nonce].request) in CHANGES[who]
        assert left == set(waiting) - {nonce}
        del at.nonces[nonce]
        at.settle(waiting[nonce].operation)

    @rule(door=doors, of=doors, pick=st.integers(-2, 2))
    def redeem_any(self, door: int, of: int, pick: int) -> None:
        """At this gate, a permit of either."""
        self.redeem(door, of, pick)

    def redeem(self, door: int, of: int, pick: int) -> None:
        """Once, in time, at the gate that gave it, and what was permitted."""
        permits = self.doors[of].permits
        if not permits:
            return
        number = pick % len(permits)
        permit, what, since = permits[number]
        try:
            request = self.doors[door].gate.redeem(permit, self.now)
        except PermitError:
            return
        assert door == of
        assert number not in self.doors[of].used
        assert timedelta() <= self.now - since < timedelta(seconds=15)
        assert named(request) == what
        self.doors[of].used.add(number)
        self.intents += 1
        self.doors[door].gate.finish(permit, Outcome("done"), self.now)

    @rule(seconds=st.sampled_from([0.1, 1, 5, 14, 20, 61]))
    def wait(self, seconds: float) -> None:
        """Time goes by."""
        self.now += timedelta(seconds=seconds)

    @invariant()
    def no_minute_holds_too_much(self) -> None:
        """Ten of each, all people and both doors together."""
        last = [each for each in self.allowed if each[0] > self.now - timedelta(seconds=60)]
        for changes in (False, True):
            assert sum(each[2] is changes for each in last) <= 10


TestConversations = Conversations.TestCase
TestConversations.settings = settings(
    max_examples=max(30, int(CASES * 0.01)),
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
