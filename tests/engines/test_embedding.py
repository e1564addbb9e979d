"""The int8 model against vectors that sentence-transformers 6.2 made with the original weights (float32)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from jett.core.errors import ModelError
from jett.engines.embedding.minilm import MiniLmTextEmbedding
from jett.models.store import Store

REFERENCE = Path(__file__).resolve().parents[1] / "data" / "embedding" / "minilm_reference.npy"
SENTENCES = (
    "That is a happy person",
    "That is a happy dog",
    "That is a very happy person",
    "Today is a sunny day",
    "My sister's birthday is the third of May.",
    "when is my sister's birthday",
    "restart n8n is on Mondays",
    "The Wi-Fi is called Heron.",
)

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def embedding(store: Store) -> MiniLmTextEmbedding:
    return MiniLmTextEmbedding(store.file("all-minilm-l6-v2"))


def test_each_vector_is_the_reference_to_a_thousandth(embedding: MiniLmTextEmbedding) -> None:
    """By the angle between them; so no similarity is off by more than a hundredth."""
    reference = np.load(REFERENCE)
    vectors = embedding.embed(SENTENCES)
    assert vectors.shape == reference.shape == (len(SENTENCES), embedding.dimensions)
    assert (vectors * reference).sum(axis=1).min() > 0.999
    assert np.abs(vectors @ vectors.T - reference @ reference.T).max() < 0.01


def test_every_row_has_length_one_and_no_row_depends_on_its_neighbours(embedding: MiniLmTextEmbedding) -> None:
    """Short and long together; the empty text too."""
    texts = ["", "a", "one two three " * 200, "The Wi-Fi is called Heron."]
    together = embedding.embed(texts)
    assert np.linalg.norm(together, axis=1) == pytest.approx(1, abs=1e-5)
    for row, text in zip(together, texts, strict=True):
        assert np.array_equal(row, embedding.embed([text])[0])


def test_nothing_gives_no_rows(embedding: MiniLmTextEmbedding) -> None:
    assert embedding.embed([]).shape == (0, 384)


def test_a_model_without_its_tokenizer_says_how_to_get_it(store: Store, tmp_path: Path) -> None:
    (tmp_path / "model.onnx").symlink_to(store.file("all-minilm-l6-v2"))
    with pytest.raises(ModelError, match=r"no tokenizer at .* run: jett models pull"):
        MiniLmTextEmbedding(tmp_path / "model.onnx")
