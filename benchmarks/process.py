"""The real `jett` as a process of its own, with settings, state and history of its own. For tests and benchmarks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

HANG_LIMIT_S = 90.0


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
            "JETT_SPEAKER__DIR": str(folder / "voices"),
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
