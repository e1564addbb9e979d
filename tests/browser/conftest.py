"""A real Chromium on the built pages of a real `jett serve`, with real engines and a microphone fed from a file."""

from __future__ import annotations

import os
import shutil
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from jett.audio.files import read_audio
from jett.audio.resample import resample
from jett.core.audio import SAMPLE_RATE_HZ, Samples, silence
from jett.models.store import Store
from tests.browser.house import House
from tests.cli.conftest import PROFILE_CPU
from tests.system.conftest import _engine, engine

__all__ = ["_engine", "engine"]

_PLACES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required",
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
)  # fmt: skip
MICROPHONE_HZ = 44_100


@pytest.fixture(scope="module")
def chromium() -> Iterator[tuple[Playwright, str]]:
    """Playwright, and where Chromium is; skipped where there is none.

    Of a module, since Playwright runs an event loop in this thread as long as it lasts, and other tests want their own.
    """
    found = next((place for name in _PLACES if (place := shutil.which(name))), "")
    missing = "no Chromium was found; on Debian: apt-get install chromium"
    if not found and os.environ.get("CI") != "true":
        pytest.skip(missing)
    assert found, missing
    with sync_playwright() as playwright:
        yield playwright, found


class Browsers:
    """Starts Chromium with one recording in place of its microphone."""

    def __init__(self, chromium: tuple[Playwright, str], folder: Path) -> None:
        self._playwright, self._place = chromium
        self._folder = folder
        self._open: list[Browser] = []

    def start(self, *said: Samples) -> Browser:
        """`said` at 16 kHz is heard once, from when a page first listens; then silence."""
        flags = [*_FLAGS]
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


@pytest.fixture
def browsers(chromium: tuple[Playwright, str], tmp_path: Path) -> Iterator[Browsers]:
    """Closed at the end."""
    made = Browsers(chromium, tmp_path)
    yield made
    made.close()


@pytest.fixture
def house(tmp_path: Path, store: Store) -> Iterator[House]:
    """`jett serve`, not started yet."""
    for model_id in PROFILE_CPU:
        store.path(model_id)
    made = House(tmp_path / "house", store.root)
    yield made
    made.stop()


@pytest.fixture
def question() -> Samples:
    """ "What is the capital of France?"."""
    return read_audio(Path(__file__).parents[2] / "examples" / "question.wav")


def enter(page: Page, house: House, path: str = "/") -> None:
    """With a link of its own, as the owner would."""
    page.goto(house.link())
    page.wait_for_url(house.url + "/")
    if path != "/":
        page.goto(house.url + path)
