"""A protocol peer: a real HTTP server on loopback that plays back a script instead of running a model.

It stands in for servers that cannot be installed here (Ollama, vLLM) and for broken ones.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from itertools import repeat
from typing import Any

HANG = None
"""In a script: send nothing more and wait until the client has gone."""

Script = Iterable[bytes | None]


def head(content_type: str, status: str = "200 OK") -> bytes:
    """A response head without a length: the body ends with the connection."""
    return f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nConnection: close\r\n\r\n".encode()


SSE = head("text/event-stream")
NDJSON = head("application/x-ndjson")


def event(value: object) -> bytes:
    """One server-sent event."""
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def delta(content: object, finish: str | None = None, **fields: object) -> bytes:
    """One chunk of a chat completion."""
    return event({"choices": [{"index": 0, "delta": {"content": content, **fields}, "finish_reason": finish}]})


def line(value: object) -> bytes:
    """One line of newline-delimited JSON."""
    return json.dumps(value).encode() + b"\n"


def part(content: str, done: bool = False, **fields: object) -> bytes:
    """One line of an Ollama chat answer."""
    return line({"model": "m", "message": {"role": "assistant", "content": content}, "done": done, **fields})


def for_ever(piece: bytes) -> Iterable[bytes]:
    """An answer without an end."""
    return repeat(piece)


class Peer:
    """What was asked of it, and when the client left."""

    def __init__(self, script: Callable[[], Script]) -> None:
        self.requests: list[dict[str, Any]] = []
        self.headers: list[str] = []
        self.left = asyncio.Event()
        self.url = ""
        self._script = script

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: read the request, play the script."""
        try:
            await self._read(reader)
            for piece in self._script():
                if piece is HANG:
                    await reader.read()
                    break
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)  # An endless script must let the client, on the same loop, have its turn.
        except ConnectionError:
            pass
        finally:
            self.left.set()
            writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        text = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.headers.append(text)
        length = next(int(row.split(":")[1]) for row in text.splitlines() if row.lower().startswith("content-length"))
        self.requests.append(json.loads(await reader.readexactly(length)))


@asynccontextmanager
async def playing(*script: bytes | None, endless: bytes | None = None) -> AsyncGenerator[Peer, None]:
    """A peer that answers each request with `script`, then with `endless` again and again."""

    def pieces() -> Script:
        yield from script
        if endless is not None:
            yield from for_ever(endless)

    peer = Peer(pieces)
    server = await asyncio.start_server(peer.serve, "127.0.0.1", 0)
    peer.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield peer
