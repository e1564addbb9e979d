"""Fixtures for every room: the user's real model store."""

from __future__ import annotations

import os
from pathlib import Path

import onnxruntime
import pytest

from jett.core.errors import ModelError
from jett.models.store import Store

os.umask(0o022)  # a policy that a test writes is one that others may not change
onnxruntime.set_seed(4)  # a voice draws its prosody: the same one in each run, so that a test is not failed by a whim


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever uses the sound card is marked `live`, before marks choose."""
    for item in items:
        if "card" in getattr(item, "fixturenames", ()):
            item.add_marker("live")


class RealStore(Store):
    """The user's own store, which fetches a model when a test first asks for it.

    A model that cannot be had skips the test, or fails it where CI is true.
    """

    def path(self, model_id: str) -> Path:
        if not self.has(model_id):
            try:
                self.pull(model_id)
            except ModelError as failure:
                (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(str(failure))
        return super().path(model_id)


@pytest.fixture(scope="session")
def store() -> Store:
    """Real models: `store.path("silero-vad")`, `store.file("silero-vad")`."""
    return RealStore()
