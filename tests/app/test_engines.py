"""What the composition root makes of settings; nothing is loaded."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from jett import app
from jett.core.errors import LanguageModelError
from jett.core.ports import Message
from jett.models.store import Store
from jett.settings import Settings
from tests.engines.llm.peer import HANG, playing


@pytest.mark.parametrize("backend", ["openai", "ollama"])
def test_warming_up_a_server_that_hangs_is_given_up_after_the_timeout_of_the_settings(
    backend: str, tmp_path: Path
) -> None:
    async def warm_up() -> None:
        async with playing(HANG) as peer:
            overrides = {"llm.backend": backend, "llm.url": peer.url, "llm.timeout_s": 0.2}
            llm = app.load_llm(Settings.load(env={}, overrides=overrides), Store(tmp_path))
            with anyio.fail_after(30):
                await llm.prefill([Message("user", "Hello")])

    with pytest.raises(LanguageModelError, match=r"within 0\.2 s"):
        anyio.run(warm_up)
