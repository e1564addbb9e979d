"""Which files of the store were read and found right, by size and time of change, so that none is read twice.

A file that changed since is read once more. Where nothing can be remembered (a read-only store) each start reads the
files again: slower by a second, never wrong. Called by `store`; needs no lock.
"""

from __future__ import annotations

import json
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from jett.models.disk import sha256_of
from jett.models.manifest import Model

Stamps = dict[str, list[str | int]]
"""By file name: digest, size in bytes, time of change in nanoseconds."""


@dataclass(frozen=True, slots=True)
class Verified:
    """The memory of one store; a small file for each model in `folder`."""

    folder: Path

    def damaged(self, model: Model, view: Path) -> list[str]:
        """Names of the files in `view`, all there, that are not those of the manifest."""
        known = self._remembered(model.id)
        right: Stamps = {}
        for file in model.files:
            stamp = _stamp(view / file.name, file.sha256)
            if stamp is not None and (known.get(file.name) == stamp or _digest(view / file.name) == file.sha256):
                right[file.name] = stamp
        if right != known:
            self._remember(model.id, right)
        return [file.name for file in model.files if file.name not in right]

    def forget(self, model_id: str) -> None:
        """For a model that is removed."""
        self._note(model_id).unlink(missing_ok=True)

    def _note(self, model_id: str) -> Path:
        return self.folder / f"{model_id}.json"

    def _remembered(self, model_id: str) -> Stamps:
        try:
            stamps = json.loads(self._note(model_id).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return stamps if isinstance(stamps, dict) else {}

    def _remember(self, model_id: str, stamps: Stamps) -> None:
        note = self._note(model_id)
        fresh = note.with_name(f".{note.name}.{secrets.token_hex(4)}")
        with suppress(OSError):  # a read-only store, a full disk: read again next time
            self.folder.mkdir(exist_ok=True)
            try:
                fresh.write_text(json.dumps(stamps), encoding="utf-8")
                fresh.replace(note)
            finally:
                fresh.unlink(missing_ok=True)


def _stamp(place: Path, sha256: str) -> list[str | int] | None:
    """Taken before the file is read: what changes it meanwhile is noticed next time."""
    try:
        status = place.stat()
    except OSError:
        return None
    return [sha256, status.st_size, status.st_mtime_ns]


def _digest(place: Path) -> str:
    try:
        return sha256_of(place)
    except OSError:
        return ""
