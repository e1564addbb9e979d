"""Links and sessions: used once, ended when they should, kept as hashes, and safe to use from several processes."""

from __future__ import annotations

import json
import multiprocessing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jett.core.errors import SessionError
from jett.server.browser_sessions import LINK_GOOD_FOR, MOST_LINKS, MOST_SESSIONS, BrowserSessions

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def sessions(tmp_path: Path) -> BrowserSessions:
    return BrowserSessions(tmp_path / "state" / "browsers.json", session_days=30)


def entered(sessions: BrowserSessions, at: datetime = START) -> str:
    secret = sessions.enter(sessions.link(at), at)
    assert secret is not None
    return secret


def test_a_link_is_used_once_and_becomes_a_session(sessions: BrowserSessions, tmp_path: Path) -> None:
    code = sessions.link(START)
    secret = sessions.enter(code, START)
    assert secret is not None
    assert sessions.enter(code, START) is None
    session = sessions.who(secret, START)
    assert session is not None
    assert session.ends_ms == round((START + timedelta(days=30)).timestamp() * 1000)
    kept = (tmp_path / "state" / "browsers.json").read_text("utf-8")
    assert not [word for word in (code, secret, session.csrf) if word in kept]
    assert (tmp_path / "state" / "browsers.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("late", "good"), [(timedelta(), True), (LINK_GOOD_FOR, False)])
def test_a_link_ends_after_ten_minutes(sessions: BrowserSessions, late: timedelta, good: bool) -> None:
    code = sessions.link(START)
    assert (sessions.enter(code, START + late) is not None) is good


@pytest.mark.parametrize(("days", "good"), [(29.99, True), (30, False), (31, False)])
def test_a_session_ends_after_its_days(sessions: BrowserSessions, days: float, good: bool) -> None:
    secret = entered(sessions)
    assert (sessions.who(secret, START + timedelta(days=days)) is not None) is good


def test_leaving_ends_one_and_signing_out_ends_all_and_voids_the_links(sessions: BrowserSessions) -> None:
    one, other, code = entered(sessions), entered(sessions), sessions.link(START)
    sessions.leave(one, START)
    assert sessions.who(one, START) is None
    assert sessions.who(other, START) is not None
    assert sessions.leave_all(START) == 1
    assert sessions.who(other, START) is None
    assert sessions.enter(code, START) is None


def test_the_oldest_make_room(sessions: BrowserSessions) -> None:
    codes = [sessions.link(START) for _ in range(MOST_LINKS + 1)]
    assert sessions.enter(codes[0], START) is None
    secrets = [entered(sessions) for _ in range(MOST_SESSIONS + 1)]
    assert sessions.who(secrets[0], START) is None
    assert sessions.who(secrets[1], START) is not None


@given(guess=st.text(max_size=60))
def test_whatever_is_guessed_is_nobodys(tmp_path_factory: pytest.TempPathFactory, guess: str) -> None:
    sessions = BrowserSessions(tmp_path_factory.mktemp("s") / "browsers.json", session_days=1)
    secret, code = entered(sessions), sessions.link(START)
    if guess not in (secret, code):
        assert sessions.who(guess, START) is None
        assert sessions.enter(guess, START) is None


def test_the_csrf_differs_between_sessions_and_is_not_the_secret(sessions: BrowserSessions) -> None:
    one, other = entered(sessions), entered(sessions)
    shown = [session.csrf for secret in (one, other) if (session := sessions.who(secret, START))]
    assert len({*shown, one, other}) == 4
    again = sessions.who(one, START)
    assert again is not None
    assert again.csrf == shown[0]


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "5", "{}", '{"links": {}}', '{"links": {}, "sessions": {"a": "b"}}', '{"links":1,"sessions":2}'],
)
def test_a_damaged_file_lets_nobody_in(sessions: BrowserSessions, tmp_path: Path, content: str) -> None:
    secret = entered(sessions)
    (tmp_path / "state" / "browsers.json").write_text(content, "utf-8")
    with pytest.raises(SessionError, match=r"is damaged; move it away"):
        sessions.who(secret, START)


def test_a_file_that_others_may_read_is_refused(sessions: BrowserSessions, tmp_path: Path) -> None:
    secret = entered(sessions)
    (tmp_path / "state" / "browsers.json").chmod(0o640)
    with pytest.raises(SessionError, match=r"others may read or write .*; run chmod 600"):
        sessions.who(secret, START)


def test_a_file_out_of_reach_is_told(tmp_path: Path) -> None:
    (tmp_path / "browsers.json").mkdir(mode=0o700)
    with pytest.raises(SessionError, match=r"cannot be read \(Is a directory\)"):
        BrowserSessions(tmp_path / "browsers.json", session_days=1).who("x", START)
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(SessionError, match="cannot be locked"):
        BrowserSessions(tmp_path / "file" / "browsers.json", session_days=1).link(START)


def _make_links(path: Path, count: int) -> None:
    sessions = BrowserSessions(path, session_days=1)
    for _ in range(count):
        entered(sessions)


def test_two_processes_lose_nothing_of_each_others(tmp_path: Path) -> None:
    path = tmp_path / "browsers.json"
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=_make_links, args=(path, 10)) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join(60)
        assert each.exitcode == 0
    assert len(json.loads(path.read_text("utf-8"))["sessions"]) == 20
