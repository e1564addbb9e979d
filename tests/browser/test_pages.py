"""The other pages in a real browser, on real data: containers, history, settings, and a server that is lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import ConsoleMessage, Page, Request, expect

from jett.history import Archive
from jett.history.sqlite import FILE, SqliteDatabase
from tests.browser.conftest import Browsers, enter
from tests.browser.house import House
from tests.history.support import say
from tests.system.docker_engine import TestEngine

pytestmark = [pytest.mark.stage, pytest.mark.models]

PATIENCE_MS = 60_000
SERVES = "trap 'exit 0' TERM; while :; do sleep 0.1; done"
PAGES = (
    "/",
    "/dashboard/",
    "/containers/",
    "/history/",
    "/history/?tab=audit",
    "/history/?tab=memory",
    "/settings/",
    "/settings/?tab=microphone",
    "/settings/?tab=all",
    "/settings/?tab=policy",
    "/settings/?tab=privacy",
)
AXE = Path(__file__).parents[2] / "dashboard" / "node_modules" / "axe-core" / "axe.min.js"
SIZES = {"desktop": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}


@pytest.mark.root
def test_a_real_container_is_restarted_after_a_yes_and_the_record_shows_it(
    house: House, browsers: Browsers, engine: TestEngine
) -> None:
    engine.run("n8n", SERVES)
    engine.run("postgres", SERVES)
    before = engine.state("n8n", ".State.StartedAt")
    house.start_with(engine.address)
    page = browsers.start().new_page()
    enter(page, house, "/containers/")
    expect(page.get_by_role("button", name="Restart postgres")).to_be_disabled()
    page.get_by_role("button", name="Restart n8n").click()
    asked = page.get_by_role("dialog")
    expect(asked).to_contain_text("Restart n8n on the VPS?")
    asked.get_by_role("button", name="No").click()
    expect(asked).to_be_hidden()
    assert engine.state("n8n", ".State.StartedAt") == before
    page.get_by_role("button", name="Restart n8n").click()
    page.get_by_role("dialog").get_by_role("button", name="Yes, do it").click()
    expect(page.get_by_text(re.compile("n8n is back up")).first).to_be_visible(timeout=PATIENCE_MS)
    assert engine.state("n8n", ".State.StartedAt") != before
    page.goto(house.url + "/history/?tab=audit")
    expect(page.get_by_text("click").first).to_be_visible()
    expect(page.get_by_text("dashboard/owner").first).to_be_visible()
    verified = house.jett("audit", "verify")
    assert verified.returncode == 0, verified.stdout


@pytest.mark.root
def test_a_log_is_followed_and_a_secret_in_it_is_not_shown(
    house: House, browsers: Browsers, engine: TestEngine
) -> None:
    engine.run("n8n", "echo started; echo password=hunter2hunter2; sleep 2; echo later; sleep 600")
    house.start_with(engine.address)
    page = browsers.start().new_page()
    enter(page, house, "/containers/")
    page.get_by_role("button", name=re.compile("[Ll]og")).first.click()
    expect(page.get_by_text("later")).to_be_visible(timeout=PATIENCE_MS)
    assert "hunter2" not in page.content()


def test_a_turn_is_found_in_the_history_with_its_waterfall(house: House, browsers: Browsers) -> None:
    house.start()
    page = browsers.start().new_page()
    enter(page, house)
    page.get_by_label("Message to Jett").fill("What is the capital of France?")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("log", name="What was said")).to_contain_text("Paris", timeout=PATIENCE_MS)
    page.wait_for_function(
        "() => window.__jett.state === 'listening' || window.__jett.state === 'away'", timeout=PATIENCE_MS
    )
    page.goto(house.url + "/history/")
    page.get_by_role("searchbox").fill("capital")
    page.get_by_text(re.compile("capital of France")).first.click()
    turn = page.get_by_role("region", name="Turn 1")
    for part in ("llm", "tts", "playing"):
        expect(turn.get_by_text(part, exact=True).first).to_be_visible()


def test_a_long_conversation_is_read_page_after_page_to_its_end(house: House, browsers: Browsers) -> None:
    archive = Archive(SqliteDatabase(house.folder / "history" / FILE))
    say(archive, *[(f"Question {at}?", f"Answer {at}.") for at in range(1, 121)])
    archive.close()
    house.start()
    page = browsers.start().new_page()
    enter(page, house, "/history/")
    page.get_by_text("Question 1?").first.click()
    for _ in range(2):
        page.get_by_role("button", name="Show more").click()
    expect(page.get_by_text("Question 120?")).to_be_visible()
    expect(page.locator("ol > li").filter(has_text="Question")).to_have_count(120)
    expect(page.get_by_role("button", name="Show more")).to_have_count(0)


def test_a_setting_is_changed_and_holds_after_a_restart(house: House, browsers: Browsers) -> None:
    house.start()
    page = browsers.start().new_page()
    enter(page, house, "/settings/?tab=all")
    field = page.get_by_label("turn.continuation_s", exact=True)
    field.fill("1.5")
    page.get_by_role("button", name=re.compile("Save")).click()
    expect(page.get_by_text("Saved, and it counts now")).to_be_visible()
    assert "continuation_s = 1.5" in (house.folder / "jett.toml").read_text("utf-8")
    house.stop()
    house.start()
    page.goto(house.url + "/settings/?tab=all")
    expect(page.get_by_label("turn.continuation_s", exact=True)).to_have_value("1.5")


def test_on_a_phone_nothing_of_the_settings_is_cut_off_or_covered(house: House, browsers: Browsers) -> None:
    house.start()
    page = browsers.start().new_page(viewport=SIZES["phone"])  # type: ignore[arg-type]
    enter(page, house, "/settings/")
    for tab in page.get_by_role("tab").all():
        expect(tab).to_be_in_viewport(ratio=0.9)
    voices = page.get_by_role("region", name="Voice")
    right = voices.evaluate("panel => panel.getBoundingClientRect().right")
    cards = voices.get_by_role("listitem")
    cards.first.wait_for()
    assert all(card.evaluate("card => card.getBoundingClientRect().right") < right for card in cards.all())
    page.goto(house.url + "/settings/?tab=all")
    field = page.get_by_label("turn.continuation_s", exact=True)
    field.evaluate("field => field.scrollIntoView({block: 'end'})")
    field.fill("1.5")
    bar = page.get_by_role("button", name="Save").bounding_box()
    changed = field.bounding_box()
    assert bar is not None
    assert changed is not None
    assert changed["y"] + changed["height"] < bar["y"]


def test_a_server_that_is_lost_is_told_and_the_page_comes_back_with_it(house: House, browsers: Browsers) -> None:
    house.start()
    page = browsers.start().new_page()
    enter(page, house, "/dashboard/")
    expect(page.get_by_text("silero-vad")).to_be_visible()
    house.kill()
    lost = page.get_by_role("status").filter(has_text=re.compile("lost|reach|connect", re.IGNORECASE))
    expect(lost.first).to_be_visible(timeout=PATIENCE_MS)
    house.start()
    expect(lost).to_have_count(0, timeout=PATIENCE_MS)
    expect(page.get_by_text("silero-vad")).to_be_visible()


def test_a_browser_that_is_signed_out_is_told_at_once_and_let_in_again(house: House, browsers: Browsers) -> None:
    """Nothing is clicked: the live event says so."""
    house.start()
    page = browsers.start().new_page()
    enter(page, house, "/settings/")
    expect(page.get_by_role("tab").first).to_be_visible()
    assert house.jett("link", "--sign-out-all").returncode == 0
    expect(page.get_by_text("This browser has not been let in")).to_be_visible(timeout=PATIENCE_MS)
    enter(page, house, "/settings/")
    expect(page.get_by_role("tab").first).to_be_visible()


def test_a_link_that_was_used_says_what_to_do(house: House, browsers: Browsers) -> None:
    house.start()
    link = house.link()
    page = browsers.start().new_page()
    errors, _ = watched(page, house)
    page.goto(link)
    page.wait_for_url(house.url + "/")
    errors.clear()
    page.goto(link)
    expect(page.get_by_role("heading")).to_contain_text("used already")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(6, 16, 18)"
    assert not [error for error in errors if "403" not in error]
    page.get_by_role("link", name="Open Jett").click()
    page.wait_for_url(house.url + "/")


def test_without_a_link_there_is_nothing_to_see(house: House, browsers: Browsers) -> None:
    house.start()
    page = browsers.start().new_page()
    page.goto(house.url + "/history/")
    expect(page.get_by_text(re.compile("link")).first).to_be_visible()
    assert page.get_by_role("searchbox").count() == 0


@pytest.mark.parametrize("size", SIZES)
def test_no_page_breaks_a_rule_asks_elsewhere_or_logs_an_error(house: House, browsers: Browsers, size: str) -> None:
    """axe's rules (WCAG 2.2 A and AA among them), on each page with what it shows at first."""
    if not AXE.exists():
        pytest.skip("axe-core is missing; run: cd dashboard && npm ci")
    house.start()
    page = browsers.start().new_page(viewport=SIZES[size], bypass_csp=True)  # type: ignore[arg-type]
    errors, elsewhere = watched(page, house)
    enter(page, house)
    broken: list[str] = []
    for path in PAGES:
        page.goto(house.url + path)
        page.get_by_role("main").wait_for()
        expect(page.get_by_text(re.compile("is being read"))).to_have_count(0)
        page.evaluate(AXE.read_text("utf-8"))
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        broken += [f"{path}: {rule['id']} {rule['nodes'][0]['target']}" for rule in found["violations"]]
    assert (broken, errors, elsewhere) == ([], [], [])


def watched(page: Page, house: House) -> tuple[list[str], list[str]]:
    errors: list[str] = []
    elsewhere: list[str] = []

    def log(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(message.text)

    def ask(request: Request) -> None:
        if not request.url.startswith((house.url, "data:", house.url.replace("http", "ws"))):
            elsewhere.append(request.url)

    page.on("console", log)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", ask)
    return errors, elsewhere
