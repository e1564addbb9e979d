"""Small knocks at a server's ports, none of which can do harm: is it open, what does it answer, does it ask who we are.

Not an operation: no permit is asked for, nothing is changed, no container is named in anything but a read. Each knock
ends within its time limit and reads no more than it needs. Called by `deploy_check`.
"""

from __future__ import annotations

import socket
import ssl
import struct
from enum import StrEnum

import anyio
import httpx

_AUTHENTICATION = b"R"
_SASL = 10
_PROTOCOL = 196608
"""Version 3.0, and the codes above: https://www.postgresql.org/docs/current/protocol-message-formats.html."""


class Door(StrEnum):
    """What a port does with a connection."""

    OPEN = "open"
    REFUSED = "refused"
    SILENT = "silent"
    UNREACHABLE = "unreachable"


def way_to(host: str) -> str:
    """Our own address on the way to `host`; empty when there is no way. Sends nothing."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect((host, 9))
            return str(probe.getsockname()[0])
    except OSError:
        return ""


async def knock(host: str, port: int, timeout_s: float) -> Door:
    """Connect, and leave without a word."""
    try:
        with anyio.fail_after(timeout_s):
            stream = await anyio.connect_tcp(host, port)
    except TimeoutError:
        return Door.SILENT
    except (ConnectionRefusedError, ConnectionResetError):
        return Door.REFUSED
    except OSError as error:
        return Door.REFUSED if isinstance(error.__cause__, ConnectionRefusedError) else Door.UNREACHABLE
    await stream.aclose()
    return Door.OPEN


async def answer(
    method: str, url: str, timeout_s: float, headers: dict[str, str] | None = None
) -> httpx.Response | None:
    """The head of what is answered, and up to 64 kB of the rest; None when nothing is. Never a body of ours.

    The certificate is not looked at: the tunnel has proved who is at its other end.
    """
    client = httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=timeout_s, verify=_any_certificate())
    try:
        with anyio.fail_after(timeout_s):
            async with client, client.stream(method, url, headers=headers) as response:
                return await _read(response)
    except (httpx.HTTPError, TimeoutError, OSError):
        return None


async def _read(response: httpx.Response, limit: int = 65536) -> httpx.Response:
    content = bytearray()
    async for block in response.aiter_raw():
        content += block
        if len(content) >= limit:
            break
    told = {name: response.headers[name] for name in ("Api-Version",) if name in response.headers}
    return httpx.Response(response.status_code, headers=told, content=bytes(content[:limit]))


def _any_certificate() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def postgres_asks_for(host: str, port: int, timeout_s: float) -> int | None:
    """How PostgreSQL wants the superuser to prove itself: 10 is SCRAM, 0 not at all; None when it says nothing of it.

    Only the first message is sent, never a password.
    """
    words = b"user\0postgres\0database\0postgres\0\0"
    try:
        with anyio.fail_after(timeout_s):
            async with await anyio.connect_tcp(host, port) as stream:
                await stream.send(struct.pack("!ii", 8 + len(words), _PROTOCOL) + words)
                got = b""
                while len(got) < 9:
                    got += await stream.receive(9 - len(got))
    except (TimeoutError, OSError, anyio.EndOfStream, anyio.BrokenResourceError):
        return None
    return struct.unpack("!i", got[5:9])[0] if got[:1] == _AUTHENTICATION else None


def is_scram(code: int | None) -> bool:
    """Whether that answer is SCRAM."""
    return code == _SASL
