"""The real `jett` as a process of its own, on the user's real models and with settings of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from jett.models.store import Store

HANG_LIMIT_S = 90.0
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


class Jett:
    """Runs `python -m jett` in `folder`."""

    def __init__(self, folder: Path, models: Path) -> None:
        settings = folder / "jett.toml"
        settings.touch()
        self.folder = folder
        self.env = {
            **os.environ,
            "JETT_CONFIG": str(settings),
            "JETT_MODELS__DIR": str(models),
            "JETT_PROFILE": "cpu",
            "XDG_RUNTIME_DIR": str(folder),
            "XDG_STATE_HOME": str(folder / "state"),
            "JETT_OPS__AUDIT_DIR": str(folder / "audit"),
            "JETT_OPS__ANCHOR": str(folder / "anchor.json"),
            "JETT_MEMORY__DIR": str(folder),
            "JETT_HISTORY__DIR": str(folder / "history"),
            "PULSE_SERVER": "unix:/nowhere",
            "COLUMNS": "100",
        }

    def __call__(self, *words: object, stdin: str = "", **env: str) -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        return subprocess.run(
            self._command(words),
            cwd=self.folder,
            env={**self.env, **env},
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=HANG_LIMIT_S,
            check=False,
        )

    def lines(self, *words: object, **env: str) -> list[Any]:
        """Its JSON lines; it must succeed."""
        done = self(*words, "--json", **env)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def start(self, *words: object, **env: str) -> subprocess.Popen[str]:
        """Start it in a session of its own, so that a signal reaches it alone."""
        return subprocess.Popen(
            self._command(words),
            cwd=self.folder,
            env={**self.env, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )

    def start_with_input(self, *words: object, **env: str) -> subprocess.Popen[str]:
        """Start it in a session of its own, with an open standard input."""
        return subprocess.Popen(
            self._command(words),
            cwd=self.folder,
            env={**self.env, **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )

    @staticmethod
    def _command(words: tuple[object, ...]) -> list[str]:
        return [sys.executable, "-m", "jett", *map(str, words)]


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
