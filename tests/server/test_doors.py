"""Who comes in and who does not, over real connections: a row for each way in that was thought of."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import websockets

from jett.server.body import PLAIN
from jett.server.budget import STRANGER, VISITOR
from jett.server.doors import MOST_FAILURES
from jett.server.rest.here import MOST_LOGINS
from tests.server.support_web import Site, site

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def at(tmp_path: Path) -> AsyncGenerator[Site, None]:
    async with site(tmp_path) as made:
        yield made


def refusal(answer: httpx.Response, status: int) -> dict[str, str]:
    assert answer.status_code == status, answer.text
    error: dict[str, str] = answer.json()["error"]
    assert "access-control-allow-origin" not in answer.headers
    assert "planted" not in answer.text
    return error


# ---- who is let in --------------------------------------------------------------------------------------------------


async def test_a_link_lets_one_browser_in_and_only_once(at: Site) -> None:
    code = at.sessions.link(datetime.now(UTC))
    answer = await at.http.get("/login", params={"code": code})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert code not in cookie
    assert (await at.http.get("/api/who")).json() == {"who": "dashboard/owner"}
    at.http.cookies.clear()
    again = await at.http.get("/login", params={"code": code})
    assert again.status_code == 403
    assert "set-cookie" not in again.headers


async def test_a_stale_link_gives_a_browser_a_page_and_others_text(at: Site) -> None:
    """Which says what to do, runs no script, and takes its one style by its digest."""
    page = await at.http.get("/login", params={"code": "a" * 43}, headers={"Accept": "text/html,*/*;q=0.8"})
    assert (page.status_code, page.headers["content-type"]) == (403, "text/html; charset=utf-8")
    assert page.headers["vary"] == "Accept"
    assert "<code>jett link</code>" in page.text
    assert "<script" not in page.text
    style = re.search("<style>(.*?)</style>", page.text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = page.headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", f"style-src 'sha256-{digest}'", "frame-ancestors 'none'"} <= set(policy)
    assert not any("script" in each or "unsafe" in each for each in policy)
    text = await at.http.get("/login", params={"code": "a" * 43})
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    assert "`jett link`" in text.text


async def test_too_many_links_are_told_as_that(at: Site) -> None:
    """A good one among them was not used, and lets a browser in a minute later."""
    code = at.sessions.link(datetime.now(UTC))
    for _ in range(MOST_LOGINS):
        await at.http.get("/login", params={"code": "a" * 43})
    flooded = await at.http.get("/login", params={"code": code}, headers={"Accept": "text/html"})
    assert (flooded.status_code, flooded.headers["retry-after"]) == (429, "60")
    assert "used already" not in flooded.text
    at.seconds[0] += 61
    assert (await at.http.get("/login", params={"code": code})).status_code == 303


async def test_a_browser_that_left_is_nobody(at: Site) -> None:
    browser = await at.browser()
    assert (await at.http.delete("/api/session", headers=browser)).status_code == 204
    refusal(await at.http.get("/api/who", headers=browser), 401)


async def test_a_token_made_to_talk_talks_and_sees_no_page_of_the_owners(at: Site) -> None:
    phone, sensor = at.token("phone"), at.token("sensor", talk=False)
    assert (await at.http.get("/v1/who", headers=phone)).json() == {"who": "token/phone"}
    assert (await at.http.get("/metrics", headers=sensor)).json() == {"who": "token/sensor"}
    assert "made to talk" in refusal(await at.http.get("/v1/who", headers=sensor), 403)["message"]
    for headers in (phone, sensor):
        assert "owner's browser" in refusal(await at.http.get("/api/who", headers=headers), 403)["what"]


async def test_a_revoked_token_is_nobodys_at_once(at: Site) -> None:
    phone = at.token()
    at.tokens.revoke("phone", datetime.now(UTC))
    refusal(await at.http.get("/v1/who", headers=phone), 401)


@pytest.mark.parametrize("path", ["/", "/dashboard/", "/dashboard", "/index.html", "/_next/static/a.js", "/healthz"])
async def test_pages_are_for_everybody_and_hold_nothing_of_the_owners(at: Site, path: str) -> None:
    assert (await at.http.get(path)).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/api/who", "/v1/who", "/metrics", "/metrics/", "/api/live", "/api/session", "/api/openapi.json", "/nothing",
        "//api/who", "/API/who", "/api/../api/who", "/%61pi/who", "/dashboard/../api/who", "/api/who/", "/v1", "/docs",
        "/openapi.json", "/login/", "/healthz/", "/.env", "/_next/static/../../api/who",
    ],
)  # fmt: skip
async def test_without_a_cookie_or_a_token_there_is_nothing_else(at: Site, path: str) -> None:
    request = httpx.Request("GET", f"{at.origin}{path}")
    request.url = httpx.URL(f"{at.origin}/", path=path) if "%" not in path and ".." not in path else request.url
    refusal(await at.http.send(request), 401)


# ---- who is not -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:8480"},
        {"Host": "127.0.0.1"},
        {"Host": "127.0.0.1:1"},
        {"Host": "127.0.0.1.nip.io"},
        {"Host": ""},
    ],
)
async def test_another_name_for_this_address_gets_nothing(at: Site, changed: dict[str, str]) -> None:
    """DNS rebinding: the browser believes that evil.example is here, and says so."""
    browser = await at.browser()
    for path in ("/", "/api/who", "/login"):
        assert (await at.http.get(path, headers={**browser, **changed})).status_code == 400


PAGES_FROM_ELSEWHERE = {
    "another site": {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"},
    "another port of this machine": {"Origin": "http://127.0.0.1:3000", "Sec-Fetch-Site": "same-site"},
    "another port, an old browser": {"Origin": "http://127.0.0.1:3000", "Sec-Fetch-Site": ""},
    "the other name of this machine": {"Origin": "http://localhost:1", "Sec-Fetch-Site": "cross-site"},
    "a file or a sandboxed frame": {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    "with TLS": {"Origin": "https://HERE", "Sec-Fetch-Site": "same-site"},
    "a prefix of ours": {"Origin": "http://HERE.evil.example", "Sec-Fetch-Site": "cross-site"},
    "two origins": {"Origin": "http://HERE http://evil.example", "Sec-Fetch-Site": "cross-site"},
}


@pytest.mark.parametrize("which", PAGES_FROM_ELSEWHERE)
@pytest.mark.parametrize("kind", ["cookie", "token"])
async def test_a_page_from_elsewhere_gets_nothing_whatever_it_shows(at: Site, which: str, kind: str) -> None:
    changed = {name: value.replace("HERE", at.address.netloc) for name, value in PAGES_FROM_ELSEWHERE[which].items()}
    path = "/api/who" if kind == "cookie" else "/v1/who"
    headers = {**(await at.browser() if kind == "cookie" else at.token()), **changed}
    refusal(await at.http.get(path, headers=headers), 403)
    posted = await at.http.post(path.replace("who", "remember"), json={"text": "x"}, headers=headers)
    refusal(posted, 403)
    with pytest.raises(websockets.InvalidStatus) as refused:
        await websockets.connect(f"ws://{at.address.netloc}/v1/echo", additional_headers=headers, proxy=None)
    assert refused.value.response.status_code == 403


async def test_an_image_tag_on_another_port_gets_nothing(at: Site) -> None:
    """Without an Origin; only Sec-Fetch-Site tells it, for the cookie goes to every port."""
    browser = {**(await at.browser()), "Sec-Fetch-Site": "same-site"}
    del browser["Origin"]
    refusal(await at.http.get("/api/who", headers=browser), 403)


@pytest.mark.parametrize(
    "without", [["Origin"], ["X-Jett-CSRF"], ["Origin", "X-Jett-CSRF"]], ids=lambda names: " and ".join(names)
)
async def test_a_cookie_alone_changes_nothing(at: Site, without: list[str]) -> None:
    browser = await at.browser()
    for name in without:
        del browser[name]
    refusal(await at.http.post("/api/remember", json={"text": "x"}, headers=browser), 403)
    refusal(await at.http.delete("/api/session", headers=browser), 403)


async def test_another_sessions_csrf_is_refused(at: Site) -> None:
    one, other = await at.browser(), await at.browser()
    mixed = {**one, "X-Jett-CSRF": other["X-Jett-CSRF"]}
    refusal(await at.http.post("/api/remember", json={"text": "x"}, headers=mixed), 403)
    assert (await at.http.post("/api/remember", json={"text": "x"}, headers=one)).status_code == 200


BAD_CREDENTIALS = [
    {"Authorization": "Bearer jett_" + "A" * 43},
    {"Authorization": "Bearer jett_"},
    {"Authorization": "Basic b3duZXI6b3duZXI="},
    {"Authorization": ""},
    {"Cookie": "jett_session=" + "A" * 43},
    {"Cookie": "jett_session="},
    {"Cookie": "jett_session=" + "A" * 4000},
    {"Cookie": "__Host-jett_session=" + "A" * 43},
]


@pytest.mark.parametrize("headers", BAD_CREDENTIALS, ids=lambda headers: str(headers)[:40])
async def test_what_is_no_credential_of_ours_is_nobodys(at: Site, headers: dict[str, str]) -> None:
    for path in ("/api/who", "/v1/who", "/metrics"):
        refusal(await at.http.get(path, headers=headers), 401)
    with pytest.raises(websockets.InvalidStatus) as refused:
        await websockets.connect(f"ws://{at.address.netloc}/v1/echo", additional_headers=headers, proxy=None)
    assert refused.value.response.status_code == 401


async def test_a_bad_token_is_not_mended_by_a_good_cookie(at: Site) -> None:
    browser = await at.browser()
    refusal(await at.http.get("/api/who", headers={**browser, "Authorization": "Bearer jett_" + "A" * 43}), 401)


async def test_guesses_are_slowed_and_told_and_the_owner_still_comes_in(at: Site) -> None:
    bad, good = {"Authorization": "Bearer jett_" + "A" * 43}, at.token()
    for _ in range(MOST_FAILURES):
        refusal(await at.http.get("/v1/who", headers=bad), 401)
    for _ in range(3):
        assert refusal(await at.http.get("/v1/who", headers=bad), 429)
    assert [text for text in at.troubles if "without a good token" in text] == at.troubles[:1]
    assert len(at.troubles) == 1
    assert (await at.http.get("/v1/who", headers=good)).status_code == 200


async def test_who_shows_nothing_guesses_nothing(at: Site) -> None:
    """A page whose session has ended asks again and again."""
    for _ in range(MOST_FAILURES * 2):
        refusal(await at.http.get("/api/session"), 401)
    assert at.troubles == []


async def test_a_damaged_file_lets_nobody_in_and_is_told(at: Site, tmp_path: Path) -> None:
    browser = await at.browser()
    (tmp_path / "browsers.json").write_text("{", "utf-8")
    refusal(await at.http.get("/api/who", headers=browser), 503)
    assert "is damaged" in at.troubles[0]


# ---- WebSockets -----------------------------------------------------------------------------------------------------


async def test_a_websocket_takes_a_cookie_a_header_or_a_subprotocol(at: Site) -> None:
    address = f"ws://{at.address.netloc}/v1/echo"
    browser, phone = await at.browser(), at.token()
    async with websockets.connect(address, additional_headers=browser, proxy=None) as socket:
        assert await socket.recv() == '{"who":"dashboard/owner"}'
    async with websockets.connect(address, additional_headers=phone, proxy=None) as socket:
        assert await socket.recv() == '{"who":"token/phone"}'
    key = "openai-insecure-api-key." + phone["Authorization"].split()[1]
    offered = [websockets.Subprotocol("realtime"), websockets.Subprotocol(key)]
    async with websockets.connect(address, subprotocols=offered, proxy=None) as socket:
        assert socket.subprotocol == "realtime"
        assert await socket.recv() == '{"who":"token/phone"}'


@pytest.mark.parametrize("path", ["/", "/login", "/api/who", "/nothing"])
async def test_there_is_no_websocket_elsewhere(at: Site, path: str) -> None:
    with pytest.raises(websockets.InvalidStatus):
        await websockets.connect(f"ws://{at.address.netloc}{path}", additional_headers=at.token(), proxy=None)


async def test_a_cookie_without_an_origin_opens_no_websocket(at: Site) -> None:
    browser = await at.browser()
    del browser["Origin"]
    with pytest.raises(websockets.InvalidStatus) as refused:
        await websockets.connect(f"ws://{at.address.netloc}/v1/echo", additional_headers=browser, proxy=None)
    assert refused.value.response.status_code == 403


# ---- how much -------------------------------------------------------------------------------------------------------


async def test_a_body_may_be_so_long_and_no_longer(at: Site) -> None:
    phone = at.token()
    for content in (b"x" * (PLAIN.most_bytes + 1), pieces(PLAIN.most_bytes + 1)):
        answer = await at.http.post("/v1/remember", content=content, headers=phone)
        assert "longer than 1048576 bytes" in refusal(answer, 413)["message"]
    sound = await at.http.post("/v1/audio/transcriptions", content=pieces(3 * PLAIN.most_bytes), headers=phone)
    assert sound.json() == {"bytes": 3 * PLAIN.most_bytes}


async def pieces(n_bytes: int) -> AsyncGenerator[bytes, None]:
    """Sent in chunks, with no length said before."""
    for _ in range(n_bytes // 65_536):
        yield b"x" * 65_536
    yield b"x" * (n_bytes % 65_536)


async def test_a_caller_has_a_budget_that_comes_back_and_another_has_its_own(at: Site) -> None:
    phone, desk = at.token("phone"), at.token("desk")
    answers = [(await at.http.get("/v1/who", headers=phone)).status_code for _ in range(VISITOR.burst + 2)]
    assert answers == [200] * VISITOR.burst + [429] * 2
    assert (await at.http.get("/v1/who", headers=desk)).status_code == 200
    at.seconds[0] += 1
    answers = [(await at.http.get("/v1/who", headers=phone)).status_code for _ in range(int(VISITOR.per_s) + 1)]
    assert answers == [200] * int(VISITOR.per_s) + [429]


async def test_a_stranger_has_a_smaller_one(at: Site) -> None:
    answers = [(await at.http.get("/healthz")).status_code for _ in range(STRANGER.burst + 1)]
    assert answers == [200] * STRANGER.burst + [429]


# ---- what is said ---------------------------------------------------------------------------------------------------


async def test_each_answer_has_the_headers_that_keep_a_browser_in_bounds(at: Site) -> None:
    browser = await at.browser()
    for path in ("/", "/api/who", "/nothing", "/healthz", "/login"):
        headers = (await at.http.get(path, headers=browser)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert "server" not in headers
    assert (await at.http.get("/api/who", headers=browser)).headers["cache-control"] == "no-store"


async def test_only_the_pages_own_inline_scripts_may_run(at: Site) -> None:
    policy = (await at.http.get("/")).headers["content-security-policy"]
    inline = base64.b64encode(hashlib.sha256(b"inline()").digest()).decode()
    assert f"script-src 'self' 'sha256-{inline}';" in policy


async def test_a_crash_costs_one_answer_and_tells_nothing_of_itself(at: Site) -> None:
    browser, phone = await at.browser(), at.token()
    assert "Jett made a mistake" in refusal(await at.http.get("/api/crash", headers=browser), 500)["what"]
    told = refusal(await at.http.get("/v1/crash", headers=phone), 500)
    assert told["type"] == "server_error"
    assert at.troubles == ["server: Jett made a mistake (RuntimeError); see: jett doctor"] * 2


async def test_what_is_wrong_with_a_request_is_told_without_repeating_it(at: Site) -> None:
    browser = await at.browser()
    answer = await at.http.post("/api/remember", json={"text": 5, "planted": "planted"}, headers=browser)
    assert answer.status_code == 422
    assert "body.text" in answer.json()["error"]["what"]


@pytest.mark.parametrize(
    ("method", "path", "status", "allowed"),
    [
        ("GET", "/api/remember", 405, "POST"),
        ("HEAD", "/api/remember", 405, "POST"),
        ("GET", "/v1/audio/transcriptions", 405, "POST"),
        ("PUT", "/api/remember", 405, "POST"),
        ("DELETE", "/api/session", 204, None),
        ("PATCH", "/api/session", 405, "GET, DELETE"),
        ("POST", "/dashboard", 405, "GET, HEAD"),
        ("GET", "/api/nothing", 404, None),
    ],
)
async def test_what_is_not_done_with_a_path_is_told_with_what_is(
    at: Site, method: str, path: str, status: int, allowed: str | None
) -> None:
    """Also to GET, which the pages take wherever no route does."""
    answer = await at.http.request(method, path, headers=await at.browser())
    assert (answer.status_code, answer.headers.get("allow")) == (status, allowed)


async def test_a_link_is_good_for_ten_minutes(at: Site) -> None:
    code = at.sessions.link(datetime.now(UTC) - timedelta(minutes=10, seconds=1))
    assert (await at.http.get("/login", params={"code": code})).status_code == 403


async def test_pages_are_packed_named_and_kept_by_the_browser(at: Site) -> None:
    asset = await at.http.get("/_next/static/a.js")
    assert "immutable" in asset.headers["cache-control"]
    assert asset.headers["content-encoding"] == "gzip"
    assert asset.headers["content-type"] == "text/javascript; charset=utf-8"
    page = await at.http.get("/")
    assert page.headers["cache-control"] == "no-cache"
    again = await at.http.get("/", headers={"If-None-Match": page.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    plain = await at.http.get("/_next/static/a.js", headers={"Accept-Encoding": "identity"})
    assert plain.content == asset.content
    assert "content-encoding" not in plain.headers


# ---- live -----------------------------------------------------------------------------------------------------------


async def test_live_events_come_as_they_happen_and_what_was_missed_comes_first(at: Site) -> None:
    browser = await at.browser()
    at.live.publish("turn", {"text": "before"})
    async with at.http.stream("GET", "/api/live", headers=browser) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.aiter_lines()
        seen = await until(lines, "event: hello")
        assert not [line for line in seen if "before" in line]
        at.live.publish("turn", {"text": "now ☃"})
        seen = await until(lines, 'data: {"text":"now ☃"}')
        last_id = next(line for line in seen if line.startswith("id: ")).removeprefix("id: ")
    at.live.publish("turn", {"text": "missed"})
    async with at.http.stream("GET", "/api/live", headers={**browser, "Last-Event-ID": last_id}) as answer:
        seen = await until(answer.aiter_lines(), 'data: {"text":"missed"}')
        assert not [line for line in seen if "now" in line]


async def until(lines: object, wanted: str) -> list[str]:
    seen: list[str] = []
    async for line in lines:  # type: ignore[attr-defined]
        seen.append(line)
        if line == wanted:
            return seen
    raise AssertionError(f"it ended: {seen}")
