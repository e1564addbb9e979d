"""One `jett serve` that can be stopped and started again, on the same address with the same files."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

from benchmarks.process import HANG_LIMIT_S, Jett


class House:
    """Its address does not change; `start` may be called again after `stop` or `kill`."""

    def __init__(self, folder: Path, models: Path) -> None:
        folder.mkdir()
        self.jett = Jett(folder, models)
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._address = f"127.0.0.1:{free.getsockname()[1]}"
        self.url = f"http://{self._address}"
        self._process: subprocess.Popen[str] | None = None
        self._env: dict[str, str] = {}

    def start(self, **env: str) -> dict[str, Any]:
        """What it says of itself, once it can be reached."""
        self._env = {**self._env, **env, "JETT_SERVER__ADDRESS": self._address}
        self._process = self.jett.start("serve", "--json", "--no-open", **self._env)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, self._process.communicate(timeout=HANG_LIMIT_S)[1]
        told: dict[str, Any] = json.loads(line)
        return told

    def link(self) -> str:
        """A one-time link."""
        made = self.jett("link", JETT_SERVER__ADDRESS=self._address)
        assert made.returncode == 0, made.stderr
        return made.stdout.strip()

    def stop(self) -> None:
        """As Ctrl-C does."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.communicate(timeout=HANG_LIMIT_S)
        self._process = None

    def kill(self) -> None:
        """As a power cut does."""
        assert self._process is not None
        self._process.kill()
        self._process.communicate(timeout=HANG_LIMIT_S)
        self._process = None
