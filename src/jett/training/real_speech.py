"""Real people and real noise that ship with Jett, as embeddings: what a head must not wake to, wherever it is trained.

Half an hour of LibriSpeech, Speech Commands, AMI, Common Voice and others (real_speech.md names them and their
licences), each recording twice. The other speakers of the same sets are left out, so that heads can be measured on
them. Made by tools/wake_speech.py.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from importlib.resources import files
from zlib import crc32

import numpy as np

from jett.core.errors import ModelError
from jett.training.layers import Array

_FILE = "real_speech.npz"
JUDGED = 5
"""Every fifth recording is not trained on but judged by."""


def is_for_training(pack: str, speaker: str) -> bool:
    """Whether a speaker of a pack is in the half that is trained on."""
    return crc32((pack + speaker).encode()) % 2 == 0


def written(rows: Sequence[Array], texts: Sequence[str]) -> bytes:
    """Sequences of embeddings in one byte a number; `texts`: what is said in each, where it is one name or word."""
    joined = np.concatenate(rows)
    scale = (np.abs(joined).max(axis=0) / 127).astype(np.float32)
    file = io.BytesIO()
    np.savez_compressed(
        file,
        rows=np.rint(joined / scale).astype(np.int8),
        scale=scale,
        lengths=np.array([len(each) for each in rows]),
        texts=np.array(texts),
    )
    return file.getvalue()


def real_speech(phrase: str) -> list[Array]:
    """Sequences of embeddings, each (frames, 96), two in a row of one recording; without those that say `phrase`.

    Raises ModelError where the file is damaged.
    """
    try:
        with np.load(io.BytesIO((files("jett.training") / _FILE).read_bytes())) as held:
            rows = held["rows"].astype(np.float32) * held["scale"]
            ends = np.cumsum(held["lengths"])
            texts = [str(text) for text in held["texts"]]
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"training: {_FILE} is damaged ({type(error).__name__}); install Jett again") from error
    sequences = zip(np.split(rows, ends[:-1]), texts, strict=True)
    return [each for each, text in sequences if not text or f" {text} " not in f" {phrase} "]
