"""Lists, searches and openings: the same in both databases."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jett.core.errors import HistoryError
from jett.history import Archive
from jett.history.database import Database
from jett.history.kept import KeptConversation, KeptTurn
from jett.history.words import parsed, words_of
from jett.history.writing import write_turns
from tests.history.support import report, say

WORDS = ("n8n", "backup", "nightly", "Café", "restart", "good", "morning", "10", "über", "is")
SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)


def filled(database: Database, n_turns: int, seed: int = 1) -> list[KeptTurn]:
    """Turns of random words, oldest first."""
    chance = random.Random(seed)
    made = [
        KeptTurn(
            100 + at,
            at - at % 7,
            at % 7 + 1,
            at,
            " ".join(chance.choices(WORDS, k=4)),
            " ".join(chance.choices(WORDS, k=3)) + ".",
            "",
            interrupted=False,
        )
        for at in range(n_turns)
    ]
    of = [KeptConversation(id, "local", "voice/owner", id) for id in sorted({turn.conversation_id for turn in made})]
    write_turns(database, made, of)
    return made


def all_pages(archive: Archive, query: str, most: int) -> list[int]:
    ids, before = [], None
    while True:
        page = archive.turns(query, before, most)
        assert len(page.rows) <= most
        ids += [row.id for row in page.rows]
        if (before := page.next) is None:
            return ids


def matches(typed: str, turn: KeptTurn) -> bool:
    """What the databases must find, without one."""
    texts = [words_of(turn.transcript), words_of(turn.reply)]
    return all(any(term.matches_at(words, at) for words in texts for at in range(len(words))) for term in parsed(typed))


@pytest.mark.parametrize("most", [1, 7, 200])
def test_pages_hold_every_turn_once_newest_first(archive: Archive, most: int) -> None:
    made = filled(archive.database, 60)
    assert all_pages(archive, "", most) == [turn.id for turn in reversed(made)]


def test_a_turn_that_comes_meanwhile_shifts_nothing(archive: Archive) -> None:
    made = filled(archive.database, 20)
    first = archive.turns("", None, 5)
    say(archive, ("One more.", "Yes."))
    rest = archive.turns("", first.next, 50)
    assert [row.id for row in (*first.rows, *rest.rows)] == [turn.id for turn in reversed(made)]
    assert rest.next is None


_TYPED = st.lists(
    st.sampled_from([*WORDS, "resta*", "ca*", '"good morning"', '"nightly back"*', '"is is"', "1*"]),
    min_size=1,
    max_size=3,
).map(" ".join)


@pytest.fixture
def three_hundred(archive: Archive) -> tuple[Archive, list[KeptTurn]]:
    return archive, filled(archive.database, 300)


@given(typed=_TYPED, most=st.sampled_from([3, 50, 200]))
@SHARED
def test_a_search_finds_what_holds_all_of_it(
    three_hundred: tuple[Archive, list[KeptTurn]], typed: str, most: int
) -> None:
    archive, made = three_hundred
    assert all_pages(archive, typed, most) == [turn.id for turn in reversed(made) if matches(typed, turn)]


@given(typed=st.text(max_size=60) | st.text(alphabet="\"'*()-:^\\&|!<>{}+~ aN\0", max_size=40))
@SHARED
def test_nothing_that_is_typed_is_an_error(three_hundred: tuple[Archive, list[KeptTurn]], typed: str) -> None:
    archive, made = three_hundred
    rows = archive.turns(typed, None, 10).rows
    if typed.strip() and not parsed(typed):
        assert rows == []
    by_id = {turn.id: turn for turn in made}
    assert all(matches(typed, by_id[row.id]) for row in rows)


def test_a_search_shows_where_it_found(archive: Archive) -> None:
    say(archive, ("Is the nightly backup done?", "It is."), ("And n8n?", "The backup of n8n is done."))
    assert [row.excerpt for row in archive.turns("backup").rows] == [
        "The ‹backup› of n8n is done.",
        "Is the nightly ‹backup› done?",
    ]


def test_a_conversation_has_its_turns_oldest_first(archive: Archive) -> None:
    ids = say(archive, ("One.", "1"), ("Two.", "2"), ("Three.", "3"))
    say(archive, ("Elsewhere.", ""))
    second, first = archive.conversations().rows
    assert (first.turns, first.first_words, first.source, first.identity) == (3, "One.", "local", "voice/owner")
    assert first.ended_ms is not None
    assert (second.turns, second.first_words) == (1, "Elsewhere.")
    assert archive.conversation(first.id) == first
    page = archive.turns_of(first.id, None, 2)
    assert [turn.id for turn in page.rows] == ids[:2]
    assert [turn.id for turn in archive.turns_of(first.id, page.next).rows] == ids[2:]


def test_what_is_not_there_is_none(archive: Archive) -> None:
    assert archive.turn(1) is None
    assert archive.conversation(1) is None
    assert archive.turns().rows == []
    assert archive.turns_of(1).rows == []
    assert archive.conversations().rows == []
    assert archive.latency().turns == []


def test_a_place_that_was_never_given_out_is_told(archive: Archive) -> None:
    with pytest.raises(HistoryError, match="give `before` as a page's `next` had it"):
        archive.turns("", "nowhere")


def test_the_newest_turns_and_their_percentiles(archive: Archive) -> None:
    """As numpy has them."""
    recording = archive.recorder.begin("browser", "dashboard/owner")
    for at, ttfa_ms in enumerate([900.0, None, 300.0, 100.0, 200.0]):
        stages = {} if ttfa_ms is None else {"first_audio": ttfa_ms}
        recording.observe(report(at, ttfa_ms=ttfa_ms, stages_ms=stages))
    assert archive.recorder.written(30)
    latency = archive.latency(4)
    assert [turn.ttfa_ms for turn in latency.turns] == [None, 300.0, 100.0, 200.0]
    spread = latency.percentiles["ttfa"]
    assert (spread.count, spread.p50_ms, spread.p95_ms) == (3, 200.0, 290.0)
    assert latency.percentiles["first_audio"] == spread
