"""A real Chromium on the built pages of a real `jett serve`, with real engines and a microphone fed from a file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.browser.chromium import MISSING, Browsers, enter
from benchmarks.browser.chromium import chromium as chromium_place
from playwright.sync_api import Playwright, sync_playwright

from jett.audio.files import read_audio
from jett.core.audio import Samples
from jett.models.store import Store
from tests.browser.house import House
from tests.cli.conftest import PROFILE_CPU
from tests.system.conftest import _engine, engine

__all__ = ["Browsers", "_engine", "engine", "enter"]


@pytest.fixture(scope="module")
def chromium() -> Iterator[tuple[Playwright, str]]:
    """Playwright, and where Chromium is; skipped where there is none.

    Of a module, since Playwright runs an event loop in this thread as long as it lasts, and other tests want their own.
    """
    found = chromium_place()
    if not found and os.environ.get("CI") != "true":
        pytest.skip(MISSING)
    assert found, MISSING
    with sync_playwright() as playwright:
        yield playwright, found


@pytest.fixture
def browsers(chromium: tuple[Playwright, str], tmp_path: Path) -> Iterator[Browsers]:
    """Closed at the end."""
    made = Browsers(*chromium, tmp_path)
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
