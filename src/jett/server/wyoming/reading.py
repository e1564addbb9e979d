"""Wyoming's events from a stream, each of a bounded size and within a bounded time. Pure but for the stream.

The package's own reader believes whatever length a header says; everything else of the protocol is the package's.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from wyoming.event import Event

MOST_HEADER_BYTES = 64 << 10
MOST_DATA_BYTES = 256 << 10
MOST_PAYLOAD_BYTES = 1 << 20
"""Half a minute of sound; clients send some hundredths of a second."""


class WrongEvent(Exception):
    """What came is no event. Says why, never what it was."""


async def read_event(reader: asyncio.StreamReader) -> Event | None:
    """The next event, None at the end. Raises WrongEvent."""
    try:
        line = await reader.readuntil(b"\n")
    except asyncio.LimitOverrunError:
        raise WrongEvent(f"a header is longer than {MOST_HEADER_BYTES} bytes") from None
    except asyncio.IncompleteReadError as end:
        if end.partial:
            raise WrongEvent("the stream ended in the middle of a header") from None
        return None
    header = _object(line)
    data = header.get("data") or {}
    if not isinstance(header.get("type"), str) or not isinstance(data, dict):
        raise WrongEvent("an event needs a type, and data that is an object")
    if size := _size(header, "data_length", MOST_DATA_BYTES):
        data = {**data, **_object(await _exactly(reader, size))}
    size = _size(header, "payload_length", MOST_PAYLOAD_BYTES)
    return Event(header["type"], data, await _exactly(reader, size) if size else None)


def _size(header: dict[str, Any], name: str, most: int) -> int:
    size = header.get(name) or 0
    if type(size) is not int or not 0 <= size <= most:
        raise WrongEvent(f"{name} is not a number from 0 to {most}")
    return size


async def _exactly(reader: asyncio.StreamReader, size: int) -> bytes:
    try:
        return await reader.readexactly(size)
    except asyncio.IncompleteReadError:
        raise WrongEvent("the stream ended in the middle of an event") from None


def _object(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise WrongEvent("a header is not JSON") from None
    if not isinstance(found, dict):
        raise WrongEvent("a header is not an object")
    return found
