"""`POST /v1/announcements`, over real connections to a real server with the real guard behind it."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from jett.guard import Verb, verify
from jett.server.announcements import MOST_A_MINUTE, MOST_REFUSED, PATH
from jett.server.entrance import MAX_BODY_BYTES, MOST_FAILURES
from jett.session.announcements import MOST_WAITING
from tests.server.support import POLICY, TEXT, Place, place

pytestmark = pytest.mark.anyio

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def at(tmp_path: Path) -> AsyncGenerator[Place, None]:
    async with place(tmp_path) as made:
        yield made


def assert_refused(answer: httpx.Response, status: int, *not_told: str) -> dict[str, Any]:
    """In the one shape there is, and nothing of what was sent is repeated."""
    assert answer.status_code == status, answer.text
    error: dict[str, Any] = answer.json()["error"]
    assert set(error) == {"what", "fix"}
    assert all(error.values())
    assert TEXT not in answer.text
    assert "jett_" not in answer.text.replace("jett_…", "")
    assert not [word for word in not_told if word in answer.text]
    assert "access-control-allow-origin" not in answer.headers
    assert "server" not in answer.headers
    return error


# ---- what is taken ------------------------------------------------------------------------------------------------


async def test_it_is_said_with_its_sender_in_front_and_the_record_shows_who_had_what_said(at: Place) -> None:
    answer = await at.post(at.token())
    assert answer.status_code == 202
    assert answer.json() == {"operation": answer.json()["operation"], "state": "speaking"}
    assert at.room.say_next().text == f"Announcement from n8n: {TEXT}"
    records = await at.until_finished()
    assert [record.kind for record in records] == ["request", "intent", "outcome"]
    assert {(record.identity, record.verb, record.operation) for record in records} == {
        ("token/n8n", "announce", answer.json()["operation"])
    }
    assert TEXT in records[0].detail
    assert (records[-1].verdict, records[-1].detail) == ("done", "heard to its end")
    assert verify(at.audit).intact


OUTCOMES = [
    ({"interrupted": True}, "done", "interrupted after it began"),
    ({"begun": False}, "failed", "not said: it was broken off before it began"),
    ({"error": "tts: out of order; mend it"}, "failed", "tts: out of order; mend it"),
]


@pytest.mark.parametrize(("how", "verdict", "detail"), OUTCOMES)
async def test_the_outcome_is_what_could_be_heard(at: Place, how: dict[str, Any], verdict: str, detail: str) -> None:
    await at.post(at.token())
    at.room.say_next(**how)
    last = (await at.until_finished())[-1]
    assert (last.verdict, last.detail) == (verdict, detail)


async def test_while_somebody_speaks_it_is_queued_and_said_in_its_order(at: Place) -> None:
    at.room.quiet = False
    secret = at.token()
    answers = [await at.post(secret, text) for text in ("One.", "Two.")]
    assert [answer.json()["state"] for answer in answers] == ["queued", "queued"]
    assert [at.room.say_next().text[-4:] for _ in range(2)] == ["One.", "Two."]


async def test_a_full_queue_refuses_the_new_and_asks_the_guard_nothing(tmp_path: Path) -> None:
    async with place(tmp_path) as at:
        at.room.quiet = False
        while not at.room.announcements.full:
            at.room.announcements.put("Announcement from somebody: …")
        answer = await at.post(at.token())
        assert_refused(answer, 503)
        assert int(answer.headers["Retry-After"]) > 0
        assert len(at.room.announcements) == MOST_WAITING
        assert at.records() == []


async def test_what_waited_too_long_is_dropped_and_recorded_as_such(tmp_path: Path) -> None:
    async with place(tmp_path, deadline_s=0.0) as at:
        at.room.quiet = False
        await at.post(at.token())
        last = (await at.until_finished())[-1]
        assert (last.verdict, last.detail) == ("failed", "not said: it was never quiet in time")
        assert len(at.room.announcements) == 0


async def test_when_the_conversation_ends_what_waits_is_recorded_as_not_said(tmp_path: Path) -> None:
    async with place(tmp_path) as at:
        at.room.quiet = False
        await at.post(at.token())
    last = at.records()[-1]
    assert (last.verdict, last.detail) == ("failed", "not said: it was broken off before it began")


async def test_after_the_end_of_the_conversation_nothing_is_taken(at: Place) -> None:
    at.room.announcements.close()
    assert_refused(await at.post(at.token()), 503)


async def test_a_secret_in_the_text_is_neither_said_nor_recorded(at: Place) -> None:
    await at.post(at.token(), "The password is hunter2secret, password=hunter2secret")
    assert "hunter2secret" not in at.room.say_next().text.split("password=")[1]
    assert "password=hunter2secret" not in str(at.records())


# ---- who is let in ------------------------------------------------------------------------------------------------


async def test_only_a_token_made_for_it_is_let_in(at: Place) -> None:
    """Its scope, the policy's line for tokens and for that token must all list `announce`."""
    assert_refused(await at.post(at.token("reader", Verb.STATUS)), 403)
    assert_refused(await at.post(at.token("phone")), 403)
    assert [record.rule for record in at.records()] == ["identity.scope", "identity.token"]


async def test_without_a_line_in_the_policy_nobody_is_let_in(tmp_path: Path) -> None:
    async with place(tmp_path, policy=POLICY.replace('"announce", ', "")) as at:
        assert_refused(await at.post(at.token()), 403)
        assert [record.rule for record in at.records()] == ["identity.policy"]


async def test_a_revoked_token_is_nobodys(at: Place) -> None:
    secret = at.token()
    at.tokens.revoke("n8n", datetime.now(UTC))
    answer = await at.post(secret)
    assert_refused(answer, 401)
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert at.records() == []


AUTHORIZATIONS = {
    "none": [],
    "empty": [""],
    "another scheme": ["Basic jett_abcdefghijklmnopqrstuvwxyz"],
    "no token": ["Bearer"],
    "not one of Jett's": ["Bearer sk-abcdefghijklmnopqrstuvwxyz0123456789"],
    "a wrong one": ["Bearer jett_" + "A" * 43],
    "a very long one": ["Bearer jett_" + "A" * 4000],
    "two": ["Bearer jett_" + "A" * 43, "Bearer jett_" + "B" * 43],
}


@pytest.mark.parametrize("given", AUTHORIZATIONS.values(), ids=AUTHORIZATIONS)
async def test_without_a_good_token_there_is_a_401(at: Place, given: list[str]) -> None:
    headers = [("Authorization", value) for value in given]
    assert_refused(await at.http.post(PATH, json={"text": TEXT}, headers=headers), 401)
    assert len(at.room.announcements) == 0


async def test_a_good_token_beside_another_is_not_taken(at: Place) -> None:
    headers = [("Authorization", f"Bearer {at.token()}"), ("Authorization", "Bearer jett_" + "B" * 43)]
    assert_refused(await at.http.post(PATH, json={"text": TEXT}, headers=headers), 401)


async def test_failed_attempts_are_limited_told_once_and_lock_nobody_else_out(at: Place) -> None:
    """Bad tokens, however many, do not keep the good one from its announcement."""
    wrong = "jett_" + "A" * 43
    for _ in range(MOST_FAILURES):
        assert_refused(await at.post(wrong), 401)
    for _ in range(3):
        answer = await at.post(wrong)
        assert_refused(answer, 429)
        assert answer.headers["Retry-After"] == "60"
    (told,) = at.troubles
    assert "127.0.0.1" in told
    assert wrong not in told
    assert (await at.post(at.token())).status_code == 202
    at.seconds[0] = 61.0
    assert_refused(await at.post(wrong), 401)


async def test_a_flood_of_announcements_is_limited_and_leaves_the_owner_reads(at: Place) -> None:
    """Five a minute, of all tokens together; the guard would let ten reads a minute be done, the owner's among them."""
    secret, other = at.token(), at.token("other")
    for _ in range(MOST_A_MINUTE):
        assert (await at.post(secret)).status_code == 202
        at.room.say_next()
    answer = await at.post(other)
    assert_refused(answer, 429)
    assert answer.headers["Retry-After"] == "60"
    assert len(at.troubles) == 1
    at.seconds[0] = 61.0
    assert (await at.post(other)).status_code == 202


WRONG = [
    ("reader", TEXT, 403),
    ("n8n", "two\nlines", 400),
    ("n8n", 5, 400),
    ("n8n", "a" * MAX_BODY_BYTES, 413),
]


@pytest.mark.parametrize(("name", "text", "status"), WRONG)
async def test_what_is_refused_takes_no_other_tokens_turn(at: Place, name: str, text: object, status: int) -> None:
    """It counts against its own token, told once, and no further line of the record is written for it."""
    secret, good = at.token(name, Verb.STATUS if name == "reader" else Verb.ANNOUNCE), at.token("other")
    for _ in range(MOST_REFUSED):
        assert_refused(await at.post(secret, text), status)
    written = len(at.records())
    for _ in range(3):
        answer = await at.post(secret, text)
        assert_refused(answer, 429)
        assert answer.headers["Retry-After"] == "60"
    assert len(at.records()) == written
    assert len(at.troubles) == 1
    assert name in at.troubles[0]
    for _ in range(MOST_A_MINUTE):
        answer = await at.post(good)
        assert answer.status_code == 202, (answer.text, at.troubles)
        at.room.say_next()
    at.seconds[0] = 61.0
    assert_refused(await at.post(secret, text), status)


async def test_the_guards_own_limit_is_told_as_one(tmp_path: Path) -> None:
    async with place(tmp_path, policy=POLICY + "[limits]\nper_identity = 1\n") as at:
        secret = at.token()
        assert (await at.post(secret)).status_code == 202
        at.room.say_next()
        answer = await at.post(secret)
        assert_refused(answer, 429)
        assert answer.headers["Retry-After"] == "60"
        assert "rate.identity" in [record.rule for record in at.records()]


# ---- browsers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "", "http://127.0.0.1:8765"])
async def test_a_web_page_is_refused_whatever_its_origin(at: Place, origin: str) -> None:
    assert_refused(await at.post(at.token(), headers={"Origin": origin}), 403, "evil")
    assert len(at.room.announcements) == 0


async def test_a_preflight_is_answered_with_no_permission(at: Place) -> None:
    headers = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    assert_refused(await at.http.options(PATH, headers=headers), 405)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "[::1]:{port}"])
async def test_a_name_that_was_made_to_point_here_is_refused(at: Place, host: str) -> None:
    named = host.format(port=at.address.port)
    assert_refused(await at.post(at.token(), headers={"Host": named}), 400, "evil")


async def test_localhost_is_this_machine(at: Place) -> None:
    assert (await at.post(at.token(), headers={"Host": f"localhost:{at.address.port}"})).status_code == 202


# ---- what is sent -------------------------------------------------------------------------------------------------

BODIES: dict[str, tuple[bytes, int]] = {
    "nothing": (b"", 400),
    "no JSON": (b"text", 400),
    "a list": (b'["text"]', 400),
    "no text": (b"{}", 400),
    "another field": (b'{"text": "a", "voice": "b"}', 400),
    "only another field": (b'{"message": "a"}', 400),
    "the field twice": (b'{"text": "a", "text": "b"}', 400),
    "a number": (b'{"text": 5}', 400),
    "null": (b'{"text": null}', 400),
    "an object": (b'{"text": {"text": "a"}}', 400),
    "empty text": (b'{"text": ""}', 400),
    "blank text": (b'{"text": "   "}', 400),
    "two lines": (b'{"text": "a\\nb"}', 400),
    "a control character": (b'{"text": "a\\u0007b"}', 400),
    "half a surrogate": (b'{"text": "a\\ud800b"}', 400),
    "text turned round": (b'{"text": "a\\u202eb"}', 400),
    "501 characters": (json.dumps({"text": "a" * 501}).encode(), 400),
    "not UTF-8": (b'{"text": "\xff"}', 400),
    "deep": (b"[" * 4000, 400),
    "not a number": (b'{"text": NaN}', 400),
    "one byte too many": (b'{"text": "' + b"a" * (MAX_BODY_BYTES - 11) + b'"}', 413),
}


@pytest.mark.parametrize(("body", "status"), BODIES.values(), ids=BODIES)
async def test_a_body_of_another_form_is_refused(at: Place, body: bytes, status: int) -> None:
    headers = {"Authorization": f"Bearer {at.token()}", **JSON}
    assert_refused(await at.http.post(PATH, content=body, headers=headers), status)
    assert len(at.room.announcements) == 0


async def test_five_hundred_characters_of_any_script_are_taken(at: Place) -> None:
    assert (await at.post(at.token(), "ü" * 500)).status_code == 202


async def test_a_body_in_pieces_is_limited_too(at: Place) -> None:
    """Chunked, so that nobody said how long it would be."""

    async def pieces() -> AsyncGenerator[bytes, None]:
        for _ in range(100):
            yield b" " * 100

    headers = {"Authorization": f"Bearer {at.token()}", **JSON}
    assert_refused(await at.http.post(PATH, content=pieces(), headers=headers), 413)


CONTENT_TYPES = ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1", "", "json"]


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
async def test_another_content_type_is_refused(at: Place, content_type: str) -> None:
    headers = {"Content-Type": content_type}
    assert_refused(await at.post(at.token(), headers=headers), 415)


async def test_a_charset_and_a_packed_body(at: Place) -> None:
    secret = at.token()
    assert (await at.post(secret, headers={"Content-Type": "Application/JSON;charset=UTF-8"})).status_code == 202
    assert_refused(await at.post(secret, headers={"Content-Encoding": "gzip"}), 415)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", PATH, 405), ("PUT", PATH, 405), ("POST", f"{PATH}/", 404), ("POST", "/", 404), ("GET", "/docs", 404)],
)
async def test_nothing_else_is_there(at: Place, method: str, path: str, status: int) -> None:
    headers = {"Authorization": f"Bearer {at.token()}"}
    assert_refused(await at.http.request(method, path, headers=headers), status)


async def test_a_request_that_is_none_harms_nobody(at: Place) -> None:
    assert (await at.raw(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 50)).startswith(b"HTTP/1.1 400")
    answer = await at.raw(f"POST {PATH} HTTP/1.0\r\nContent-Length: 2\r\n\r\n{{}}".encode())
    assert b" 400 " in answer.splitlines()[0]
    assert (await at.post(at.token())).status_code == 202


# ---- when something is wrong --------------------------------------------------------------------------------------


async def test_without_a_record_nothing_is_said(at: Place, tmp_path: Path) -> None:
    secret = at.token()
    (tmp_path / "audit").mkdir(exist_ok=True)
    for file in (tmp_path / "audit").iterdir():
        file.unlink()
    (tmp_path / "audit").rmdir()
    (tmp_path / "audit").write_text("a file where the folder was")
    answer = await at.post(secret)
    assert_refused(answer, 503)
    assert answer.headers["Retry-After"]
    assert len(at.room.announcements) == 0
    assert at.troubles


async def test_damaged_tokens_let_nobody_in(at: Place, tmp_path: Path) -> None:
    secret = at.token()
    (tmp_path / "tokens.json").write_text("{")
    assert_refused(await at.post(secret), 503)
    assert "tokens.json" in at.troubles[0]


async def test_it_ends_with_its_task_and_frees_its_port(tmp_path: Path) -> None:
    """Also while somebody holds a connection open."""
    async with place(tmp_path) as at:
        idle = await anyio.connect_tcp(at.address.host, at.address.port)
        assert (await at.post(at.token())).status_code == 202
    with pytest.raises(OSError, match=r"fail|refused"):
        await anyio.connect_tcp(at.address.host, at.address.port)
    await idle.aclose()
