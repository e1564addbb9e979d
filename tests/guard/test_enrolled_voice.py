"""Changes that are kept to enrolled voices: who may ask, and whose yes counts. The confirmation stays either way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from jett.core.errors import RequestError
from jett.guard import AuditLog, Gate, Identity, Permit, Question, Refused, Request, Verb, parse_policy, tail
from jett.guard.policy import may_only_read
from tests.guard.support import DESK, LIVE, OWNER, POLICY_TEXT, START, at, gate

TEXT = POLICY_TEXT.replace("[identities.voice]", "[identities.voice]\nchanges_need_enrolled_voice = true")
ANNA, STRANGER, TOO_SHORT = replace(OWNER, speaker="anna"), replace(OWNER, speaker=""), OWNER
RESTART, STATUS = Request(Verb.RESTART, "n8n"), Request(Verb.STATUS, "n8n")


@pytest.fixture
def door(tmp_path: Path) -> Gate:
    return gate(tmp_path, TEXT)


@pytest.mark.parametrize("who", [STRANGER, TOO_SHORT], ids=["a stranger", "too short to tell"])
def test_who_is_not_known_may_only_read(door: Gate, who: Identity) -> None:
    """And nothing waits for a yes."""
    refused = door.ask(RESTART, who, LIVE, START)
    assert isinstance(refused, Refused)
    assert (refused.rule, refused.reason) == ("identity.voice", "I do not know your voice, so I may only read.")
    assert isinstance(door.ask(STATUS, who, LIVE, START), Permit)
    assert not door.awaits(ANNA, at(1))


def test_an_enrolled_voice_is_still_asked(door: Gate) -> None:
    """It is one lock of two."""
    assert isinstance(door.ask(RESTART, ANNA, LIVE, START), Question)


@pytest.mark.parametrize(
    ("text", "who", "only_reads"),
    [
        (TEXT, STRANGER, True),
        (TEXT, TOO_SHORT, True),
        (TEXT, ANNA, False),
        (TEXT, DESK, False),
        (POLICY_TEXT, STRANGER, False),
    ],
)
def test_what_is_no_server_asks_the_same_rule(tmp_path: Path, text: str, who: Identity, only_reads: bool) -> None:
    """The memory; also of an identity that the policy does not know."""
    policy = gate(tmp_path, text).policy
    assert bool(may_only_read(policy, who)) is only_reads
    assert may_only_read(replace(policy, identities={}), who) == ""


YES: list[tuple[str, Identity, bool]] = [
    ("the same voice", ANNA, True),
    ("another that is enrolled", replace(OWNER, speaker="bob"), True),
    ("a yes too short to tell is the asker's", TOO_SHORT, True),
    ("a stranger's", STRANGER, False),
]


@pytest.mark.parametrize(("name", "who", "counts"), YES, ids=[row[0] for row in YES])
def test_whose_yes_counts(door: Gate, tmp_path: Path, name: str, who: Identity, counts: bool) -> None:
    """A stranger's ends the question, so that no second yes finds it."""
    door.ask(RESTART, ANNA, LIVE, START)
    answer = door.answer("Yes.", who, at(5))
    if counts:
        assert isinstance(answer, Permit)
        return
    assert isinstance(answer, Refused)
    assert answer.rule == "identity.voice"
    assert not door.awaits(ANNA, at(6))
    newest = tail(AuditLog(tmp_path), 1)[0]
    assert (newest.kind, newest.verdict, newest.rule) == ("confirmation", "deny", "identity.voice")


def test_a_strangers_no_counts(door: Gate) -> None:
    """Whoever hears the question may stop it."""
    door.ask(RESTART, ANNA, LIVE, START)
    answer = door.answer("No.", STRANGER, at(5))
    assert isinstance(answer, Refused)
    assert answer.rule == "confirmation.no"


def test_a_short_yes_raises_nothing(door: Gate) -> None:
    """What a stranger asked for was refused, so there is nothing that it could answer."""
    door.ask(RESTART, STRANGER, LIVE, START)
    answer = door.answer("Yes.", TOO_SHORT, at(2))
    assert isinstance(answer, Refused)
    assert answer.rule == "confirmation.none"


def test_other_doors_and_other_policies_do_not_look_at_voices(tmp_path: Path) -> None:
    """Without the key everybody may ask, and a click is no voice."""
    plain = gate(tmp_path / "plain")
    assert isinstance(plain.ask(RESTART, STRANGER, LIVE, START), Question)
    assert isinstance(plain.answer("Yes.", STRANGER, at(2)), Permit)
    strict = gate(tmp_path / "strict", TEXT)
    assert isinstance(strict.ask(RESTART, DESK, LIVE, START), Question)


def test_only_a_voice_has_a_speaker() -> None:
    """And it is no part of who asks, for questions, records and limits."""
    assert ANNA.key == STRANGER.key == "voice/owner"
    with pytest.raises(RequestError, match="only a voice has a speaker"):
        replace(DESK, speaker="anna")
    assert parse_policy(TEXT).identities
