"""A Qdrant server by URL: the client's requests over real HTTP, answered by a stand-in (`qdrant_server`)."""

from __future__ import annotations

from pathlib import Path

import pytest

from jett.core.errors import MemoryUnavailable
from jett.core.ports import TextEmbedding
from tests.memory.qdrant_server import qdrant_server
from tests.memory.support import BINS, BIRTHDAY, KEY, opened

pytestmark = pytest.mark.models


def test_a_server_remembers_for_several_at_once(embedding: TextEmbedding, tmp_path: Path) -> None:
    """And no folder is made. The key is sent, proxies of the environment are not asked."""
    with (
        pytest.MonkeyPatch.context() as patch,
        qdrant_server() as (url, engine),
        opened(embedding, tmp_path / "memory", url, "key-of-ours") as one,
        opened(embedding, tmp_path / "memory", url, "key-of-ours") as other,
    ):
        patch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        patch.setenv("ALL_PROXY", "http://127.0.0.1:9")
        kept = [one.remember(text, "voice") for text in (BIRTHDAY, KEY, BINS)]
        assert other.recall("my sister")[0].text == BIRTHDAY
        assert [memory.text for memory in other.newest(2).memories] == [BINS, KEY]
        assert other.forget(kept[0].id)
        assert one.recall("my sister") == []
        assert one.forget_all() == 2
        assert other.count() == 0
        assert engine.keys == {"key-of-ours"}
    assert not (tmp_path / "memory").exists()


def test_a_server_that_fails_is_named_without_what_was_sent(embedding: TextEmbedding, tmp_path: Path) -> None:
    """And is asked again when it is well again."""
    with qdrant_server() as (url, engine), opened(embedding, tmp_path / "memory", url) as memories:
        memories.remember(KEY, "voice")
        engine.failing = True
        with pytest.raises(MemoryUnavailable, match=r"127\.0\.0\.1.*is memory\.url right") as failed:
            memories.remember(BIRTHDAY, "voice")
        assert "sister" not in str(failed.value)
        engine.failing = False
        assert memories.count() == 1


def test_a_server_that_is_not_there_is_named(embedding: TextEmbedding, tmp_path: Path) -> None:
    with (
        opened(embedding, tmp_path / "memory", "http://127.0.0.1:9") as memories,
        pytest.raises(MemoryUnavailable, match=r"http://127\.0\.0\.1:9 failed"),
    ):
        memories.remember(KEY, "voice")
