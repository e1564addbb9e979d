"""A language model behind the OpenAI-compatible chat protocol: the embedded server, llama-server, vLLM.

One connection per answer. Not the server's owner, and no history: the session gives the whole conversation each time.
Called by `session` through the port LanguageModel.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

import anyio
import httpx

from jett.core.errors import LanguageModelError
from jett.core.ports import Message
from jett.engines.llm.answer import (
    Timeouts,
    Timings,
    as_json,
    broken,
    garbage,
    number,
    parse_object,
    refused,
    spent,
)
from jett.engines.llm.sse import LineSplitter, LineTooLongError, data_of
from jett.engines.llm.thinking import ThinkingFilter, ThoughtAloudError

NO_THINKING: Mapping[str, Any] = {"chat_template_kwargs": {"enable_thinking": False}}
"""Turns thinking off in llama.cpp and vLLM. Ollama's `/v1` wants `{"reasoning_effort": "none"}` instead."""

_EXTRA_EVENTS = 1024
"""Events beyond one per token: the role, the finish, usage, and the progress of a prefill, one per batch."""

_LONGEST_REFUSAL_BYTES = 65_536


class OpenAIChatLanguageModel:
    """Streams answers from `base_url` (which ends in `/v1`).

    `extra_body` is merged into each request, and replaces what it names. The environment's proxies are never used: they
    would see the conversation.
    """

    def __init__(
        self,
        base_url: str,
        model: str = "",
        api_key: str = "",
        *,
        max_tokens: int = 160,
        temperature: float = 0.0,
        timeouts: Timeouts | None = None,
        extra_body: Mapping[str, Any] = NO_THINKING,
    ) -> None:
        self.last_timings = Timings()
        self._where = base_url
        self._model = model
        self._max_tokens = max_tokens
        self._temperature = temperature
        self._timeouts = timeouts or Timeouts()
        self._extra_body = dict(extra_body)
        self._http = httpx.AsyncClient(
            base_url=base_url.rstrip("/") + "/",
            # llama.cpp closes a connection after a streamed answer without saying so, and the next request may run into
            # that: 13 of 60 did. A new one takes a fraction of a millisecond on loopback.
            headers={"Accept-Encoding": "identity", "Connection": "close"}
            | ({"Authorization": f"Bearer {api_key}"} if api_key else {}),
            # httpx times single reads, which pings would satisfy; the limits that count are in _next.
            timeout=httpx.Timeout(None, connect=self._timeouts.connect_s),
            limits=httpx.Limits(max_keepalive_connections=0),
            trust_env=False,
        )

    def request_body(self, messages: Sequence[Message]) -> dict[str, Any]:
        """What `stream` sends. A conversation grown by one turn begins with the same messages, byte for byte."""
        body: dict[str, Any] = {
            "messages": as_json(messages),
            "stream": True,
            "max_tokens": self._max_tokens,
            "temperature": self._temperature,
        }
        if self._model:
            body["model"] = self._model
        return body | self._extra_body

    async def stream(self, messages: Sequence[Message]) -> AsyncGenerator[str, None]:
        """Text as it is generated, thinking left out. Closing it closes the connection, which frees the server's slot.

        Raises LanguageModelError.
        """
        thinking = ThinkingFilter()
        limits = (self._timeouts.first_byte_s, self._timeouts.gap_s)
        async with aclosing(self._answer(self.request_body(messages), limits)) as pieces:
            async for piece in pieces:
                if text := self._speakable(thinking, piece):
                    yield text
        if text := thinking.finish():
            yield text

    async def prefill(self, messages: Sequence[Message]) -> None:
        """Have the server read `messages` into its prefix cache; cancelling stops it after the batch at hand.

        One token is asked for, since llama.cpp makes one even when asked for none. The answer streams with llama.cpp's
        progress events, because the server notices a closed connection only when it writes.
        """
        body = self.request_body(messages) | {"max_tokens": 1, "return_progress": True}
        limit_s = self._timeouts.prefill_s
        try:
            with anyio.fail_after(limit_s):
                async with aclosing(self._answer(body, (limit_s, limit_s))) as pieces:
                    async for _ in pieces:
                        pass
        except TimeoutError as error:
            raise spent(self._where, "end of a prefill", limit_s, "llm.prefill_s") from error

    async def aclose(self) -> None:
        """Close the connections; streams still open end with an error."""
        await self._http.aclose()

    def _speakable(self, thinking: ThinkingFilter, piece: str) -> str:
        try:
            return thinking.feed(piece)
        except ThoughtAloudError as error:
            raise LanguageModelError(
                f"llm: {self._where} thinks aloud without saying where it begins; choose an instruct model"
            ) from error

    async def _answer(self, body: Mapping[str, Any], limits: tuple[float, float]) -> AsyncGenerator[str, None]:
        """The content of each delta, thinking fields left out."""
        request = self._http.build_request("POST", "chat/completions", json=body)
        events = _EventReader(self._where, self._http, request, limits)
        try:
            await events.open()
            seen, finished = 0, False
            while (event := await events.next()) is not None:
                seen += 1
                if seen > int(body["max_tokens"]) + _EXTRA_EVENTS:
                    raise garbage(self._where, f"more than {seen - 1} events for {body['max_tokens']} tokens")
                content, finish = self._delta(event)
                finished = finished or finish
                if content:
                    yield content
            if not (finished or events.done):
                raise garbage(self._where, "an answer that broke off before its end")
        finally:
            # A cancelled task must still be able to close the connection, or the server goes on generating.
            with anyio.CancelScope(shield=True):
                await events.close()

    def _delta(self, event: dict[str, Any]) -> tuple[str, bool]:
        """Content and whether the answer is finished."""
        if isinstance(timings := event.get("timings"), dict):
            self.last_timings = _timings(timings)
        choices = event.get("choices")
        if choices == [] or (choices is None and "usage" in event):
            return "", False
        try:
            choice = event["choices"][0]
            content, finish = choice["delta"].get("content"), choice.get("finish_reason")
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise garbage(self._where, "an event without choices[0].delta") from error
        if not isinstance(content, str | None):
            raise garbage(self._where, f"content of type {type(content).__name__}, need a string")
        return content or "", finish is not None


class _EventReader:
    """The JSON events of one streamed answer, each within its time limit."""

    def __init__(
        self, where: str, http: httpx.AsyncClient, request: httpx.Request, limits: tuple[float, float]
    ) -> None:
        self.done = False
        self._where = where
        self._http = http
        self._request = request
        self._first_s, self._gap_s = limits
        self._limit_s = self._first_s
        self._lines = LineSplitter()
        self._ready: list[bytes] = []
        self._response: httpx.Response | None = None
        self._chunks: AsyncIterator[bytes] | None = None

    async def open(self) -> None:
        """Send the request and see that an event stream comes back. Raises LanguageModelError."""
        try:
            with anyio.fail_after(self._first_s):
                self._response = await self._http.send(self._request, stream=True)
                await self._check(self._response)
        except TimeoutError as error:
            raise spent(self._where, "answer", self._first_s, "llm.first_byte_s") from error
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise broken(self._where, error) from error
        self._chunks = self._response.aiter_raw()

    async def next(self) -> dict[str, Any] | None:
        """The next event, None at the end. Raises LanguageModelError."""
        try:
            with anyio.fail_after(self._limit_s):
                data = await self._next_data()
        except TimeoutError as error:
            setting = "llm.first_byte_s" if self._limit_s == self._first_s else "llm.gap_s"
            raise spent(self._where, "token", self._limit_s, setting) from error
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise broken(self._where, error) from error
        except LineTooLongError as error:
            raise garbage(self._where, "a line without an end") from error
        if data is None:
            return None
        self._limit_s = self._gap_s
        event = parse_object(data, self._where)
        if "error" in event:
            raise refused(self._where, 200, data)
        return event

    async def close(self) -> None:
        """Close the answer; an unfinished one takes its connection with it."""
        if self._response is not None:
            await self._response.aclose()

    async def _next_data(self) -> bytes | None:
        while not self.done:
            while self._ready:
                data = data_of(self._ready.pop(0))
                if data == b"[DONE]":
                    self.done = True
                elif data is not None:
                    return data
            if self.done or not await self._read():
                break
        return None

    async def _read(self) -> bool:
        assert self._chunks is not None
        chunk = await anext(self._chunks, None)
        self._ready = self._lines.finish() if chunk is None else self._lines.feed(chunk)
        return chunk is not None or bool(self._ready)

    async def _check(self, response: httpx.Response) -> None:
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if response.status_code != 200:
            raise refused(self._where, response.status_code, await _beginning(response))
        if kind != "text/event-stream":
            raise garbage(self._where, f"content of type {kind[:40] or 'none'!r}, need text/event-stream")


async def _beginning(response: httpx.Response) -> bytes:
    body = b""
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > _LONGEST_REFUSAL_BYTES:
            break
    return body


def _timings(wire: Mapping[str, Any]) -> Timings:
    return Timings(
        cached_tokens=number(wire.get("cache_n"), int),
        prompt_tokens=number(wire.get("prompt_n"), int),
        prompt_ms=number(wire.get("prompt_ms")),
        generated_tokens=number(wire.get("predicted_n"), int),
        generated_ms=number(wire.get("predicted_ms")),
    )
