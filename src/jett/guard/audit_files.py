"""The audit log's segments on disk: which there are, reading them, adding a line, setting a torn one aside.

    audit-000001.jsonl   full: never written again
    audit-000002.jsonl   the newest: lines are added at its end
    audit-000002.torn    half lines that a kill or a full disk left at its end, kept for whoever wants to look
    audit.lock           held by whoever reads or writes

Functions here hold no lock; `audit` does. Raises OSError.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from jett.guard.files import sync_folder

_SEGMENT = re.compile(r"audit-([0-9]{6})\.jsonl")


def segment_path(folder: Path, number: int) -> Path:
    """The file of a segment; numbers begin at 1."""
    return folder / f"audit-{number:06d}.jsonl"


def segment_numbers(folder: Path) -> list[int]:
    """The segments there are, in order."""
    found = (_SEGMENT.fullmatch(path.name) for path in folder.iterdir())
    return sorted(int(match[1]) for match in found if match)


def lines_from(path: Path, offset: int = 0) -> tuple[list[bytes], bytes]:
    """Whole lines from the offset on, without their ends, and what follows the last of them: a torn line."""
    with path.open("rb") as file:
        file.seek(offset)
        *lines, torn = file.read().split(b"\n")
    return lines, torn


def add_line(path: Path, line: bytes) -> None:
    """Adds a line with one write; on disk when it returns. A half line is taken back, as far as the disk lets it."""
    is_new = not path.exists()
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        size = os.fstat(handle).st_size
        if (written := os.write(handle, line)) != len(line):
            os.ftruncate(handle, size)
            raise OSError(f"only {written} of {len(line)} bytes could be written")
        os.fsync(handle)
    finally:
        os.close(handle)
    if is_new:
        sync_folder(path.parent)


def set_aside(path: Path, torn: bytes) -> str:
    """Moves a half line from the end of a segment to its `.torn` file; that file's name.

    The copy is on disk before the original goes, so a kill in between leaves it twice rather than never.
    """
    kept = path.with_suffix(".torn")
    add_line(kept, torn + b"\n")
    handle = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.ftruncate(handle, os.fstat(handle).st_size - len(torn))
        os.fsync(handle)
    finally:
        os.close(handle)
    return kept.name
