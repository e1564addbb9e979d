"""One streamed answer over HTTP: request out, payloads in, each within its time limit, every failure told plainly.

Knows lines and limits, not what a payload means; that is `openai_chat`'s and `ollama`'s, its only callers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio
import httpx

from jett.engines.llm.answer import broken, garbage, refused, spent
from jett.engines.llm.sse import LineSplitter, LineTooLongError

_LONGEST_REFUSAL_BYTES = 65_536

Decode = Callable[[bytes], bytes | None]
"""The payload of a line, None for a line without one."""


def client(base_url: str, api_key: str, connect_s: float) -> httpx.AsyncClient:
    """An HTTP client that makes a connection per answer and that no proxy of the environment gets between."""
    headers = {"Accept-Encoding": "identity", "Connection": "close"}
    if api_key:
        headers["Authorization"] = f"Bearer {api_key}"
    return httpx.AsyncClient(
        base_url=base_url.rstrip("/") + "/",
        # llama.cpp closes a connection after a streamed answer without saying so, and the next request may run into
        # that: 13 of 60 did. A new connection takes a fraction of a millisecond on loopback.
        headers=headers,
        limits=httpx.Limits(max_keepalive_connections=0),
        # httpx times single reads, which keep-alive pings would satisfy; the limits that count are Exchange's.
        timeout=httpx.Timeout(None, connect=connect_s),
        trust_env=False,
    )


class Exchange:
    """The payloads of one answer. The first must come by `first_by_s` of the loop's clock, `first_s` after the request;
    `gap_s` bounds the wait for each one after.
    """

    def __init__(
        self, where: str, response: httpx.Response, decode: Decode, first_s: float, first_by_s: float, gap_s: float
    ) -> None:
        self._where = where
        self._decode = decode
        self._first_s = first_s
        self.first_by_s = first_by_s
        self._gap_s = gap_s
        self._began = False
        self._lines = LineSplitter()
        self._ready: deque[bytes] = deque()
        self._chunks: AsyncIterator[bytes] = response.aiter_raw()

    async def next(self) -> bytes | None:
        """The next payload, None at the end. Raises LanguageModelError."""
        limit_s = self._gap_s if self._began else self._first_s
        left_s = self._gap_s if self._began else self.first_by_s - anyio.current_time()
        try:
            with anyio.fail_after(left_s):
                payload = await self._payload()
        except TimeoutError as error:
            raise spent(self._where, "token", limit_s, "llm.timeout_s") from error
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise broken(self._where, error) from error
        except LineTooLongError as error:
            raise garbage(self._where, "a line without an end") from error
        self._began = True
        return payload

    async def _payload(self) -> bytes | None:
        while True:
            while self._ready:
                if (payload := self._decode(self._ready.popleft())) is not None:
                    return payload
            chunk = await anext(self._chunks, None)
            self._ready.extend(self._lines.finish() if chunk is None else self._lines.feed(chunk))
            if chunk is None and not self._ready:
                return None


@asynccontextmanager
async def exchange(
    where: str, http: httpx.AsyncClient, request: httpx.Request, kind: str, decode: Decode, first_s: float, gap_s: float
) -> AsyncGenerator[Exchange, None]:
    """Send `request`; the answer must be of content type `kind`. Leaving early closes the connection.

    Raises LanguageModelError.
    """
    first_by_s = anyio.current_time() + first_s
    response = await _send(where, http, request, first_s)
    try:
        await _check(where, response, kind, first_s)
        yield Exchange(where, response, decode, first_s, first_by_s, gap_s)
    finally:
        # A cancelled task must still close the connection, or the server goes on generating.
        with anyio.CancelScope(shield=True):
            await response.aclose()


async def _send(where: str, http: httpx.AsyncClient, request: httpx.Request, limit_s: float) -> httpx.Response:
    try:
        with anyio.fail_after(limit_s):
            return await http.send(request, stream=True)
    except TimeoutError as error:
        raise spent(where, "answer", limit_s, "llm.timeout_s") from error
    except (httpx.HTTPError, httpx.StreamError) as error:
        raise broken(where, error) from error


async def _check(where: str, response: httpx.Response, kind: str, limit_s: float) -> None:
    if response.status_code != 200:
        raise refused(where, response.status_code, await _beginning(where, response, limit_s))
    found = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if found != kind:
        raise garbage(where, f"content of type {found[:40] or 'none'!r}, need {kind}")


async def _beginning(where: str, response: httpx.Response, limit_s: float) -> bytes:
    body = b""
    try:
        with anyio.fail_after(limit_s):
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > _LONGEST_REFUSAL_BYTES:
                    break
    except (TimeoutError, httpx.HTTPError, httpx.StreamError):
        pass  # The status says enough.
    return body
