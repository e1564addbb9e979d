"""The Talk page in a real browser: a question is heard, understood and answered, and what sounds is what was sent."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest
from benchmarks.browser.chromium import begin
from playwright.sync_api import Page, expect

from jett.app import load_stt
from jett.audio.resample import resample
from jett.cli.words import agreement
from jett.core.audio import SAMPLE_RATE_HZ, Samples
from jett.models.store import Store
from jett.settings import Settings
from tests.browser.conftest import Browsers, enter
from tests.browser.house import House
from tests.system.recordings import clip, seconds

pytestmark = [pytest.mark.stage, pytest.mark.models]

SAID = "what is the capital of france"
PATIENCE_MS = 60_000
LONG_ANSWER = "Tell me a long story about a ship."


def measured(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate("({...window.__jett, recording: null})")
    return found


def rendered(page: Page) -> tuple[Samples, int]:
    """What went to the output, and its rate."""
    recording = page.evaluate("window.__jett.recording()")
    return np.frombuffer(base64.b64decode(recording["pcm16"]), "<i2").astype(np.int16), recording["hz"]


def test_a_question_is_answered_aloud_and_what_sounds_is_what_was_sent(
    house: House, browsers: Browsers, question: Samples, store: Store
) -> None:
    house.start()
    page = browsers.start(seconds(2), question).new_page()
    enter(page, house, "/?measure=1")
    begin(page)
    log = page.get_by_role("log", name="What was said")
    expect(log).to_contain_text("first sound after", timeout=PATIENCE_MS)
    said, *_ = log.locator("li p").all_inner_texts()
    assert agreement(SAID, said.removeprefix("You:")) >= 0.8
    (item,) = measured(page)["received"].values()
    sound, rate_hz = rendered(page)
    heard = load_stt(Settings(), store).transcribe(resample(sound, rate_hz, SAMPLE_RATE_HZ)).text
    shown = log.locator("li").inner_text()
    assert "paris" in heard.lower()
    assert "paris" in shown.lower()
    loud = np.flatnonzero(np.abs(sound.astype(int)) > 200)
    sent_s = item["bytes"] / 2 / 24_000
    assert abs((loud[-1] - loud[0]) / rate_hz - sent_s) < 0.5, "nothing is lost or said twice"


def test_typing_needs_no_microphone_and_is_answered_aloud(house: House, browsers: Browsers) -> None:
    house.start()
    page = browsers.start().new_page()
    enter(page, house)
    page.get_by_label("Message to Jett").fill("What is the capital of France?")
    page.get_by_role("button", name="Send").click()
    log = page.get_by_role("log", name="What was said")
    expect(log).to_contain_text("Paris", timeout=PATIENCE_MS)
    page.wait_for_function("() => window.__jett.rendered.length > 0")
    expect(page.get_by_text("The microphone is off")).to_be_visible(timeout=PATIENCE_MS)
    expect(log.locator("li")).to_have_count(1)


def test_speaking_over_a_reply_silences_it_and_marks_what_was_not_heard(house: House, browsers: Browsers) -> None:
    """A story is asked for in writing; once it sounds, the microphone is opened and brings words into the middle."""
    house.start(JETT_LLM__MAX_TOKENS="400")
    page = browsers.start(seconds(0.5), clip("confused_complaint"), seconds(1), clip("drip_coffee")).new_page()
    enter(page, house)
    page.get_by_label("Message to Jett").fill(LONG_ANSWER)
    page.get_by_role("button", name="Send").click()
    page.wait_for_function("() => window.__jett.rendered.length > 0", timeout=PATIENCE_MS)
    page.get_by_role("button", name="Talk to Jett").click()
    page.wait_for_function("() => window.__jett.flushes.length > 0", timeout=PATIENCE_MS)
    flush = measured(page)["flushes"][0]
    assert flush["dropped_ms"] >= 0
    expect(page.get_by_text("interrupted").first).to_be_visible(timeout=PATIENCE_MS)


def test_space_mutes_and_escape_leaves(house: House, browsers: Browsers) -> None:
    house.start()
    page = browsers.start().new_page()
    enter(page, house)
    begin(page)
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Muted")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Talk to Jett")).to_be_visible()


def test_escape_closes_the_debug_drawer_before_it_leaves(house: House, browsers: Browsers) -> None:
    house.start()
    page = browsers.start().new_page()
    enter(page, house)
    begin(page)
    bug = page.get_by_role("button", name="Debug drawer")
    drawer = page.get_by_role("region", name="Debug")
    leave = page.get_by_role("button", name="Leave the conversation")
    for inside in (bug, page.get_by_label("Only events whose name has")):
        bug.click()
        inside.focus()
        page.keyboard.press("Escape")
        expect(drawer).to_be_hidden()
        expect(bug).to_be_focused()
        expect(leave).to_be_visible()
    page.keyboard.press("Escape")
    expect(leave).to_be_hidden()
