"""The store on disk: where things lie, and how bytes become durable. Knows files, not models or networks."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jett.core.errors import ModelError, StoreFull

CHUNK_BYTES = 1 << 20
FreeBytes = Callable[[Path], int]
"""Bytes that may still be written on the file system of a folder."""

_FULL_ERRNO = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
_FULL_WINERROR = {39, 112}
"""ERROR_HANDLE_DISK_FULL and ERROR_DISK_FULL."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The folders of one store."""

    root: Path

    def blob(self, sha256: str) -> Path:
        """Where the file with this digest lies once it was verified."""
        return self.root / "blobs" / "sha256" / sha256

    @property
    def partial(self) -> Path:
        """Downloads that are not verified yet."""
        return self.root / "partial"

    def view(self, model_id: str) -> Path:
        """The readable folder of one model, with its files under their own names."""
        return self.root / "by-id" / model_id

    @property
    def verified(self) -> Path:
        """What is known of the files' being right."""
        return self.root / "verified"

    @property
    def lock(self) -> Path:
        return self.root / "store.lock"

    def make(self) -> None:
        """Create the folders. Raises ModelError when that is not allowed, StoreFull when there is no room."""
        with explained(self.root):
            for folder in (self.blob("0").parent, self.partial, self.root / "by-id"):
                folder.mkdir(parents=True, exist_ok=True)


def free_bytes(folder: Path) -> int:
    """Bytes that this user may still write where `folder` is."""
    return shutil.disk_usage(folder).free


def sha256_of(path: Path) -> str:
    """Hex digest of the file as it lies on disk."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def publish(finished: Path, place: Path) -> None:
    """Make a finished file visible at `place` in one step that survives a power cut."""
    with finished.open("rb+") as file:
        os.fsync(file.fileno())
    finished.replace(place)
    sync_folder(place.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable where the system can (Windows has no such call)."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def link_or_copy(blob: Path, place: Path) -> None:
    """Show `blob` under another name at `place`: a hard link, or a copy where the file system has none."""
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = place.with_name(f".{place.name}.new")
    fresh.unlink(missing_ok=True)
    try:
        fresh.hardlink_to(blob)
    except OSError:
        shutil.copyfile(blob, fresh)
    if same_file(fresh, place):
        fresh.unlink()  # renaming one link onto another of the same file does nothing, and would leave both
    else:
        fresh.replace(place)


def same_file(one: Path, other: Path) -> bool:
    """True when both names exist and lead to the same bytes on disk."""
    try:
        return one.samefile(other)
    except FileNotFoundError:
        return False


def has_size(path: Path, size_bytes: int) -> bool:
    """True when `path` is a file of just this size."""
    try:
        return path.is_file() and path.stat().st_size == size_bytes
    except OSError:
        return False


def require_room(folder: Path, needed_bytes: int, free: FreeBytes) -> None:
    """Raises StoreFull when `needed_bytes` more do not fit."""
    left = free(folder)
    if needed_bytes > left:
        raise StoreFull(
            f"models: {folder} needs {megabytes(needed_bytes)} more, {megabytes(left)} are free; "
            "free some space, or set JETT_MODELS__DIR to a folder on a larger disk"
        )


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turn the system's refusal to write into StoreFull or ModelError, saying where and how to mend it."""
    try:
        yield
    except OSError as refusal:
        if refusal.errno in _FULL_ERRNO or getattr(refusal, "winerror", None) in _FULL_WINERROR:
            raise StoreFull(
                f"models: the disk of {folder} became full while writing; what was fetched is kept for next time; "
                "free some space, or set JETT_MODELS__DIR to a folder on a larger disk, then pull again"
            ) from refusal
        raise ModelError(
            f"models: cannot write in {folder}: {refusal.strerror or refusal}; "
            "allow writing there or set JETT_MODELS__DIR to a folder of yours"
        ) from refusal


def megabytes(size_bytes: int) -> str:
    """A size as people read it."""
    return f"{size_bytes / 1e6:.1f} MB"
