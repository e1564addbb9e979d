"""Measured voices, remembered between starts, so that only the first start on a machine pays for measuring.

A cache and nothing more: a file that is missing, spoilt or cannot be written only means measuring again.
"""

from __future__ import annotations

import contextlib
import json
import platform
from pathlib import Path


class MeasuredVoices:
    """First-audio times in milliseconds by key, for this machine's processor."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._machine = f"{platform.machine()}/{platform.processor()}"

    def get(self, key: str) -> float | None:
        """The remembered time, or None."""
        found = self._read().get(f"{self._machine}/{key}")
        return float(found) if isinstance(found, int | float) else None

    def remember(self, key: str, first_audio_ms: float) -> None:
        """Keep a time for the next start."""
        values = {**self._read(), f"{self._machine}/{key}": round(first_audio_ms, 1)}
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(json.dumps(values, indent=1), encoding="utf-8")

    def _read(self) -> dict[str, object]:
        try:
            values = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return values if isinstance(values, dict) else {}
