"""Live events: what a watcher gets, what one that comes back gets, and what becomes of a slow one."""

from __future__ import annotations

import json

import anyio
import pytest

from jett.core.events import ClauseSpoken, LevelMeasured, PartialHeard, StateChanged, Troubled, TurnReport
from jett.server.live import MOST_KEPT, MOST_WAITING, Live
from jett.server.live_events import LiveEvents


def missed(live: Live, last_id: str) -> list[tuple[str, str]]:
    with live.watching(last_id) as (events, _):
        return [(event.name, event.data) for event in events]


def test_who_is_new_gets_a_greeting_with_an_id_to_come_back_with() -> None:
    live = Live(run="r")
    live.publish("turn", {"n": 1})
    with live.watching() as (events, _):
        assert [(event.name, event.id) for event in events] == [("hello", "r-1")]
    live.publish("turn", {"n": 2})
    assert missed(live, "r-1") == [("turn", '{"n":2}')]
    assert missed(live, "r-2") == []


@pytest.mark.parametrize("last_id", ["other-1", "r-99", "r-", "r--1", "r-1x", "-", "☃", "r-" + "9" * 30])
def test_an_id_of_another_run_or_of_nobody_means_to_begin_anew(last_id: str) -> None:
    live = Live(run="r")
    live.publish("turn", {"n": 1})
    assert missed(live, last_id) == [("reset", "{}")]


def test_who_was_away_for_too_long_begins_anew() -> None:
    live = Live(run="r")
    for n in range(MOST_KEPT + 1):
        live.publish("turn", {"n": n})
    assert missed(live, "r-0") == [("reset", "{}")]
    assert len(missed(live, "r-1")) == MOST_KEPT


def test_words_that_were_deleted_are_told_to_nobody_who_comes_back() -> None:
    """Who has seen them all goes on; who has not begins anew, and reads what is left."""
    live = Live(run="r")
    live.publish("turn", {"transcript": "secret"})
    live.forget()
    assert missed(live, "r-0") == [("reset", "{}")]
    assert missed(live, "r-1") == []
    live.publish("turn", {"n": 2})
    assert missed(live, "r-0") == [("reset", "{}")]
    assert missed(live, "r-1") == [("turn", '{"n":2}')]


def test_a_level_is_not_kept_and_takes_nobodys_place() -> None:
    live = Live(run="r")
    with live.watching() as (_, coming):
        for _ in range(MOST_WAITING + 5):
            live.publish("level", {"dbfs": -30}, keep=False)
        assert live.watchers == 1
        assert coming.receive_nowait().id == ""
    assert missed(live, "r-0") == []


def test_a_watcher_that_takes_nothing_is_let_go_and_the_others_are_not() -> None:
    live = Live(run="r")
    with live.watching() as (_, slow), live.watching() as (_, quick):
        for n in range(MOST_WAITING + 1):
            live.publish("turn", {"n": n})
            assert json.loads(quick.receive_nowait().data) == {"n": n}
        assert live.watchers == 1
        for n in range(MOST_WAITING):
            assert json.loads(slow.receive_nowait().data) == {"n": n}
        with pytest.raises(anyio.EndOfStream):
            slow.receive_nowait()
    assert live.watchers == 0


def test_an_eye_follows_eight_levels_a_second_of_however_much_sound_each_is() -> None:
    live = Live(run="r")
    observe = LiveEvents(live, "local", levels=True)
    with live.watching() as (_, coming):
        for _ in range(6):
            observe(LevelMeasured(-31.26, 0.0, 0.08))
        assert [coming.receive_nowait().name for _ in range(3)] == ["level"] * 3
        with pytest.raises(anyio.WouldBlock):
            coming.receive_nowait()


def test_a_conversation_is_told_as_it_goes() -> None:
    live = Live(run="r")
    observe = LiveEvents(live, "local", levels=True)
    with live.watching() as (_, coming):
        for _ in range(4):
            observe(LevelMeasured(-31.26, 0.987))
        observe(StateChanged("hearing"))
        observe(PartialHeard(1, "what"))
        observe(ClauseSpoken(1, "Paris."))
        observe(TurnReport(1, 0, "what", "Paris.", "Paris.", interrupted=False, ttfa_ms=500.0, id=101))
        observe(Troubled("llm: gone"))
        told = [(event.name, json.loads(event.data)) for event in (coming.receive_nowait() for _ in range(6))]
    assert told[:4] == [
        ("level", {"session": "local", "dbfs": -31.3, "speech": 0.99}),
        ("state", {"session": "local", "state": "hearing"}),
        ("partial", {"session": "local", "turn": 1, "text": "what"}),
        ("clause", {"session": "local", "turn": 1, "text": "Paris."}),
    ]
    assert (told[4][0], told[4][1]["id"], told[4][1]["ttfa_ms"]) == ("turn", 101, 500.0)
    assert told[5] == ("trouble", {"session": "local", "message": "llm: gone"})
