"""The real `jett` as a process of its own, on the user's real models and with settings of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import psutil
import pytest
from benchmarks.process import HANG_LIMIT_S, Jett

from jett.models.store import Store

__all__ = ["HANG_LIMIT_S", "Jett"]

QUESTION = Path(__file__).parents[2] / "examples" / "question.wav"
UNDERSTOOD = 0.6
"""Share of the words of a synthetic reply that the smallest Whisper must hear. The voice varies from run to run, and of
six words one or two are taken for others ("Paris is" for "terraces")."""
PROFILE_CPU = (
    "whisper-tiny.en",
    "silero-vad",
    "smart-turn-v3.2",
    "piper-en-us-joe",
    "qwen2.5-coder-0.5b-instruct-q4_k_m",
    "all-minilm-l6-v2",
)


@pytest.fixture
def bare(tmp_path: Path) -> Jett:
    """Jett without a single model."""
    return Jett(tmp_path, tmp_path / "no-models")


@pytest.fixture
def jett(tmp_path: Path, store: Store) -> Jett:
    """Jett with the models of the profile cpu."""
    for model_id in PROFILE_CPU:
        store.path(model_id)
    return Jett(tmp_path, store.root)


def children_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """What it has started so far."""
    children: list[psutil.Process] = psutil.Process(process.pid).children(recursive=True)
    return children
