"""The wake word's card in a real browser: a word is chosen, its sensitivity changed, and a call moves the meter."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from jett.audio.files import read_audio
from jett.models.store import Store
from tests.browser.conftest import Browsers, enter
from tests.browser.house import House
from tests.system.recordings import seconds

pytestmark = [pytest.mark.stage, pytest.mark.models]

CALL = Path(__file__).parents[1] / "data" / "wake" / "hey_jarvis_3.flac"
PATIENCE_MS = 60_000


def test_a_word_and_its_sensitivity_are_saved_and_a_call_moves_the_meter(
    house: House, browsers: Browsers, store: Store
) -> None:
    for model in ("wake-features", "wake-hey-jarvis"):
        store.path(model)
    house.start()
    page = browsers.start(seconds(3), read_audio(CALL)).new_page()
    enter(page, house, "/settings/?tab=microphone")
    card = page.get_by_role("region", name="Wake word")
    expect(card.get_by_role("button", name="Try the wake word")).to_be_disabled()
    card.get_by_label("hey jarvis").check()
    slider = card.get_by_label("wake.sensitivity")
    slider.fill("0.6")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text(re.compile("Saved"))).to_be_visible()
    written = (house.folder / "jett.toml").read_text("utf-8")
    assert 'words = ["hey_jarvis"]' in written
    assert "sensitivity = 0.6" in written
    card.get_by_role("button", name="Try the wake word").click()
    meter = card.get_by_role("meter", name="Score of hey_jarvis")
    expect(card.get_by_text("of 0.35")).to_be_visible(timeout=PATIENCE_MS)
    expect(card.get_by_text("It would have woken 1 time")).to_be_visible(timeout=PATIENCE_MS)
    assert meter.locator("line.stroke-good").count() == 1
    slider.fill("0.3")
    expect(card.get_by_text("of 0.77")).to_be_visible()
    card.get_by_role("button", name="Stop").click()
    expect(card.get_by_role("button", name="Try the wake word")).to_be_enabled()


@pytest.mark.parametrize(
    ("state", "says", "button", "path"),
    [
        ("asleep", "Asleep: say “hey jarvis”, or press Wake", "Wake", "/api/wake"),
        ("called", "Was that my name?", "Sleep", "/api/sleep"),
        ("idle", "Waiting to be spoken to", "Sleep", "/api/sleep"),
    ],
)
def test_the_room_says_what_wakes_it_and_a_button_does(
    house: House, browsers: Browsers, state: str, says: str, button: str, path: str
) -> None:
    """Here is no sound card, so the answer of the status is made one of a Jett with a room, and the deed is refused."""
    house.start()
    page = browsers.start().new_page()

    def with_room(route: Route) -> None:
        status: dict[str, Any] = route.fetch().json()
        room = {"local_loop": "running", "local_state": state, "can_sleep": True, "called": ["hey jarvis"]}
        route.fulfill(json={**status, **room})

    page.route("**/api/status", with_room)
    enter(page, house, "/history/")
    expect(page.get_by_text(says)).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("link", name="Talk").click()
    in_the_room = page.get_by_role("region", name="In the room")
    expect(in_the_room.get_by_role("status")).to_have_text(f"In the room{says}")
    expect(page.get_by_text("Ready when you are")).to_be_visible()  # the conversation through the browser is another
    with page.expect_request(lambda asked: asked.method == "POST" and asked.url == house.url + path):
        page.get_by_role("button", name=button, exact=True).click()
    expect(page.get_by_text("Jett holds no conversation through this machine's microphone")).to_be_visible()
