"""Does a WAV file hold the sound that its header promises? libsndfile reads what there is and says nothing.

RIFF as of Microsoft's and IBM's "Multimedia Programming Interface" (1991), RF64 as of EBU Tech 3306. Knows no samples;
called by `audio.files`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

_UNKNOWN_BYTES = 0x7FFF_0000
"""From here on a 32-bit size means "until the end": written by those who cannot go back, such as ffmpeg and sox in a
pipe."""
_MOST_CHUNKS = 1_000


@dataclass(frozen=True, slots=True)
class CutShort:
    """A `data` chunk that the file ends in."""

    held_bytes: int
    promised_bytes: int
    bytes_per_s: int


def cut_short(file: BinaryIO) -> CutShort | None:
    """What is missing from the end of `file`; None where it is whole, or no WAV. Leaves `file` anywhere."""
    size_bytes = file.seek(0, 2)
    file.seek(0)
    form, _, kind = struct.unpack("<4s4s4s", file.read(12).ljust(12, b"\0"))
    if form not in (b"RIFF", b"RIFX", b"RF64") or kind != b"WAVE":
        return None
    order = ">" if form == b"RIFX" else "<"
    bytes_per_s, long_bytes = 0, None
    for _ in range(_MOST_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            return None
        name, length = struct.unpack(f"{order}4sI", head)
        begin = file.tell()
        if name == b"data":
            promised = _promised(length, long_bytes)
            held = size_bytes - begin
            return CutShort(held, promised, bytes_per_s) if promised is not None and held < promised else None
        if name == b"fmt ":
            (bytes_per_s,) = struct.unpack(f"{order}8xI", file.read(12).ljust(12, b"\0"))
        elif name == b"ds64":
            (long_bytes,) = struct.unpack("<8xQ", file.read(16).ljust(16, b"\0"))
        file.seek(begin + length + length % 2)
    return None


def _promised(length: int, long_bytes: int | None) -> int | None:
    """Bytes of sound by the header; None where it does not know."""
    if long_bytes is not None and length == 0xFFFF_FFFF:
        return long_bytes
    return length if length < _UNKNOWN_BYTES else None
