"""The memory from the user's settings: what is opened when, and that a conversation goes on without it."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest
from filelock import FileLock

from jett.app.memory import kept_open, memories_of
from jett.core.errors import ConfigError
from jett.memory import Memories
from jett.settings import Settings

pytestmark = [pytest.mark.anyio, pytest.mark.models]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def of(folder: Path, **overrides: object) -> Memories | None:
    named = {name.replace("__", "."): value for name, value in overrides.items()}
    return memories_of(Settings.load(env={}, overrides={"memory.dir": folder, **named}))


async def test_nothing_is_loaded_where_nothing_was_remembered(tmp_path: Path) -> None:
    """A start costs nothing, and makes no folder."""
    memories = of(tmp_path)
    assert memories is not None
    async with kept_open(memories, pytest.fail):
        await anyio.wait_all_tasks_blocked()
        assert memories.at_hand("anything") is None
    assert not (tmp_path / "memory").exists()


async def test_what_was_remembered_before_is_loaded_in_the_background_and_let_go_at_the_end(tmp_path: Path) -> None:
    first = of(tmp_path)
    assert first is not None
    async with kept_open(first, pytest.fail):
        await anyio.to_thread.run_sync(first.remember, "the bins go out on Tuesday", "voice")
    second = of(tmp_path)
    assert second is not None
    async with kept_open(second, pytest.fail):
        await anyio.wait_all_tasks_blocked()
        await anyio.to_thread.run_sync(second.load)  # waits for the one in the background
        found = second.at_hand("the bins")
        assert found is not None
        assert [one.text for one in found] == ["the bins go out on Tuesday"]
    with FileLock(tmp_path / "memory" / "jett.lock", timeout=0):
        """It was let go."""


async def test_a_folder_that_another_jett_has_is_told_and_stops_nothing(tmp_path: Path) -> None:
    told: list[str] = []
    was_told = anyio.Event()

    def tell(text: str) -> None:
        told.append(text)
        was_told.set()

    await anyio.Path(tmp_path / "memory").mkdir()
    memories = of(tmp_path)
    with FileLock(tmp_path / "memory" / "jett.lock"):
        async with kept_open(memories, tell):
            with anyio.fail_after(60):
                await was_told.wait()
    assert len(told) == 1
    assert "in use by another Jett" in told[0]
    assert told[0].endswith("Jett goes on, and cannot remember now")


async def test_off_means_off(tmp_path: Path) -> None:
    assert of(tmp_path, memory__keep=False) is None
    async with kept_open(None, pytest.fail):
        assert memories_of(Settings.load(env={}, overrides={"memory.keep": False})) is None


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """As every file with a secret is."""
    key = tmp_path / "key"
    key.write_text("of-ours\n")
    key.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        of(tmp_path, memory__url="http://127.0.0.1:6333", memory__api_key_file=key)
    key.chmod(0o600)
    assert of(tmp_path, memory__url="http://127.0.0.1:6333", memory__api_key_file=key) is not None
