"""Secrets in what comes in pieces: clauses of a reply, words of a stream, events of a conversation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jett.core.events import ClauseSpoken, LevelMeasured, PartialHeard, StateChanged, Troubled, TurnReport
from jett.guard import redact
from jett.session.redacted import CONTEXT_CHARS, Pieces, flowing, redacted_event

SECRET = "ghp_A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"


def told(*clauses: str) -> list[str]:
    pieces = Pieces(redact, between=" ")
    return [pieces.next(clause) for clause in clauses]


def test_clauses_without_a_secret_are_told_as_they_are() -> None:
    """Each as it came."""
    assert told("Paris is the capital,", "and it has two million people.") == [
        "Paris is the capital,",
        "and it has two million people.",
    ]


def test_a_name_in_one_clause_and_its_secret_in_the_next_is_found() -> None:
    """A voice pauses after a colon."""
    said = told("Of course:", "password:", "hunter2,", "and that is all.")
    assert (said[0], said[1], said[3]) == ("Of course:", "password:", "and that is all.")
    assert said[2].startswith("[redacted]")


def test_a_name_on_one_line_and_its_secret_on_the_next_is_found_in_what_is_said() -> None:
    """And what holds no secret keeps its lines."""
    assert "hunter2" not in flowing("The password:\nhunter2 it is.", redact)
    assert flowing("One\ntwo\tthree", redact) == "One\ntwo\tthree"
    words = Pieces(redact)
    shown = [words.next(piece).strip() for piece in ("password:\n", "hunter2\n", "Done.\n")]
    assert shown == ["password:", "[redacted]", "Done."]


def test_a_key_in_a_clause_is_found() -> None:
    """By its form alone."""
    assert told(f"It is {SECRET}.") == ["It is [redacted]."]


def test_a_private_key_over_many_lines_is_told_once() -> None:
    """What goes on with it is silent."""
    said = told(
        "Here:", "-----BEGIN PRIVATE KEY-----", "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", "BKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"
    )
    assert "".join(said).count("[redacted]") == 1
    assert "MIIE" not in "".join(said)
    assert said[-1] == ""


def test_what_lies_far_back_is_forgotten() -> None:
    """So that a long reply costs no more than a short one."""
    pieces = Pieces(redact, between=" ")
    for _ in range(200):
        assert pieces.next("one more clause,") == "one more clause,"
    assert len(pieces._before) <= CONTEXT_CHARS


@given(st.lists(st.text("abc ,.:\n", max_size=20), max_size=8))
def test_harmless_pieces_come_out_whole(parts: list[str]) -> None:
    """However they were cut."""
    pieces = Pieces(str)
    assert "".join(pieces.next(part) for part in parts) == "".join(parts)


EVENTS = [
    PartialHeard(1, f"my token is {SECRET}"),
    ClauseSpoken(1, SECRET),
    TurnReport(1, 0, SECRET, f"it is {SECRET}", SECRET, interrupted=False, error=f"llm: {SECRET}"),
    Troubled(f"docker: token={SECRET}", "I can't."),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_no_event_carries_a_secret(event: PartialHeard | ClauseSpoken | TurnReport | Troubled) -> None:
    """Whatever its field."""
    assert SECRET not in repr(redacted_event(event, redact))


def test_events_without_words_pass_as_they_are() -> None:
    """They come thirty times a second."""
    level, state = LevelMeasured(-40.0, 0.1), StateChanged("idle")
    assert redacted_event(level, redact) is level
    assert redacted_event(state, redact) is state
