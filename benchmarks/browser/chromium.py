"""A real Chromium with a recording in place of its microphone, on a `jett serve`. For tests and benchmarks."""

from __future__ import annotations

import shutil
import wave
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page, Playwright

from benchmarks.house import House
from jett.audio.resample import resample
from jett.core.audio import SAMPLE_RATE_HZ, Samples, silence

PLACES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required",
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
)  # fmt: skip
MICROPHONE_HZ = 44_100
MISSING = "no Chromium was found; on Debian: apt-get install chromium"


def chromium() -> str:
    """Where it is; empty where there is none."""
    return next((place for name in PLACES if (place := shutil.which(name))), "")


class Browsers:
    """Starts Chromium with one recording in place of its microphone."""

    def __init__(self, playwright: Playwright, place: str, folder: Path) -> None:
        self._playwright, self._place = playwright, place
        self._folder = folder
        self._open: list[Browser] = []

    def start(self, *said: Samples) -> Browser:
        """`said` at 16 kHz is heard once, from when a page first listens; then silence."""
        flags = [*FLAGS]
        if said:
            flags.append(f"--use-file-for-fake-audio-capture={self._recording(said)}%noloop")
        browser = self._playwright.chromium.launch(executable_path=self._place, args=flags)
        self._open.append(browser)
        return browser

    def close(self) -> None:
        for browser in self._open:
            browser.close()

    def _recording(self, said: tuple[Samples, ...]) -> Path:
        sound = resample(np.concatenate([*said, silence(60 * SAMPLE_RATE_HZ)]), SAMPLE_RATE_HZ, MICROPHONE_HZ)
        path = self._folder / f"microphone-{len(self._open)}.wav"
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(MICROPHONE_HZ)
            file.writeframes(sound.astype("<i2").tobytes())
        return path


def enter(page: Page, house: House, path: str = "/") -> None:
    """With a link of its own, as the owner would."""
    page.goto(house.link())
    page.wait_for_url(house.url + "/")
    if path != "/":
        page.goto(house.url + path)


def begin(page: Page) -> None:
    """Let the page listen, and wait until it does."""
    page.get_by_role("button", name="Talk to Jett").click()
    page.wait_for_function("() => window.__jett?.state !== 'away' && window.__jett?.state !== 'connecting'")
