"""The real embedding model, loaded once."""

from __future__ import annotations

import pytest

from jett.core.ports import TextEmbedding
from jett.engines.embedding.minilm import MiniLmTextEmbedding
from jett.models.store import Store


@pytest.fixture(scope="session")
def embedding(store: Store) -> TextEmbedding:
    return MiniLmTextEmbedding(store.file("all-minilm-l6-v2"))
