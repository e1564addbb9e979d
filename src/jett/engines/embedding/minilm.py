"""all-MiniLM-L6-v2 (Apache-2.0, sentence-transformers) in int8 on ONNX Runtime: a sentence as 384 numbers.

As its model card has it: lower-case word pieces, six layers of BERT, the mean over all pieces, length 1. One text at a
time, since what is remembered is said one sentence at a time. Called by `memory`, through the port.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from jett.core.errors import EmbeddingError, ModelError
from jett.core.ports import Vectors
from jett.engines.onnx import ONNX_ERRORS, session

_MOST_TOKENS = 256
"""The window that the model was trained with; the rest of a longer text is not seen."""


class MiniLmTextEmbedding:
    """Port TextEmbedding."""

    name = "all-minilm-l6-v2"
    dimensions = 384

    def __init__(self, model_path: Path, *, threads: int = 1) -> None:
        """`tokenizer.json` lies beside the model. Raises ModelError."""
        self._session = session(model_path, threads=threads)
        self._tokenizer = _tokenizer(model_path.with_name("tokenizer.json"))

    def embed(self, texts: Sequence[str]) -> Vectors:
        rows = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            row[:] = self._embedded(text)
        return rows

    def _embedded(self, text: str) -> NDArray[np.float32]:
        ids = np.array([self._tokenizer.encode(text).ids], dtype=np.int64)  # (1, tokens)
        inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        try:
            (hidden,) = self._session.run(None, inputs)  # (1, tokens, 384)
        except ONNX_ERRORS as error:
            raise EmbeddingError(
                f"memory: the embedding model failed ({type(error).__name__}); run: jett models verify"
            ) from error
        mean: NDArray[np.float32] = hidden[0].mean(axis=0)
        return mean / max(float(np.linalg.norm(mean)), 1e-9)


def _tokenizer(path: Path) -> Tokenizer:
    if not path.is_file():
        raise ModelError(f"engines: no tokenizer at '{path}'; run: jett models pull")
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.enable_truncation(_MOST_TOKENS)
    return tokenizer
