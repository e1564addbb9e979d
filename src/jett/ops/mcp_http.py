"""An MCP server behind an address: streamable HTTP with a bound on each answer. Called by `mcp_wire`.

No proxy and no certificate of the environment is used. The stream on which a server could speak unasked (GET) is never
opened, and compressed answers are refused, since their size is not what it seems.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2

from jett.core.errors import OperationError
from jett.ops.secret_file import read_secret

MAX_BYTES = 4 << 20


def http_client(token_file: Path | None, timeout_s: float) -> httpx2.AsyncClient:
    """For one server. The token is read now. Raises OperationError."""
    headers = {"Accept-Encoding": "identity"}
    if token_file is not None:
        headers["Authorization"] = f"Bearer {_token(token_file)}"
    return httpx2.AsyncClient(headers=headers, timeout=timeout_s, trust_env=False, transport=_Bounded())


def _token(path: Path) -> str:
    try:
        return read_secret(path, "its token_file").strip()
    except OSError as error:
        raise OperationError(f"mcp: the token's file {error}") from error


class _Bounded(httpx2.AsyncBaseTransport):
    def __init__(self) -> None:
        self._inner = httpx2.AsyncHTTPTransport(trust_env=False)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET":
            return httpx2.Response(405)
        response = await self._inner.handle_async_request(request)
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            await response.aclose()
            raise httpx2.ReadError("compressed")
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _Counted(response.stream)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Counted(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = MAX_BYTES
        async for chunk in self._stream:
            left -= len(chunk)
            if left < 0:
                raise httpx2.ReadError("too long")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()
