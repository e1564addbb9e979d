"""A language model behind the OpenAI-compatible chat protocol: the embedded server, llama-server, vLLM.

One connection per answer. Not the server's owner, and no history: the session gives the whole conversation each time.
Called by `session` through the port LanguageModel.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

import anyio

from jett.core.errors import NothingSaid
from jett.core.ports import Message, ToolCall, ToolSpec
from jett.engines.llm.answer import Timeouts, Timings, garbage, number, parse_object, refused, spent
from jett.engines.llm.exchange import client, exchange
from jett.engines.llm.sse import data_of
from jett.engines.llm.thinking import speakable
from jett.engines.llm.tool_calls import CallsInPieces, offered, openai_message

NO_THINKING: Mapping[str, Any] = {"chat_template_kwargs": {"enable_thinking": False}}
"""Turns thinking off in llama.cpp and vLLM. Ollama's `/v1` wants `{"reasoning_effort": "none"}` instead."""

_EXTRA_EVENTS = 1024
"""Events beyond one per token: the role, the finish, usage, and the progress of a prefill, one per batch."""


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
        self._http = client(base_url, api_key, self._timeouts.connect_s)

    def request_body(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> dict[str, Any]:
        """What `stream` sends. A conversation grown by one turn begins with the same messages, byte for byte."""
        body: dict[str, Any] = {
            "messages": [openai_message(message) for message in messages],
            "stream": True,
            "max_tokens": self._max_tokens,
            "temperature": self._temperature,
        }
        if self._model:
            body["model"] = self._model
        if tools:
            body |= {"tools": offered(tools), "tool_choice": "auto"}
        return body | self._extra_body

    def stream(self, messages: Sequence[Message]) -> AsyncGenerator[str, None]:
        """Text as it is generated, thinking left out. Closing it closes the connection, which frees the server's slot.

        Raises LanguageModelError.
        """
        return self._spoken(self.request_body(messages), CallsInPieces(self._where))

    async def act(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> AsyncGenerator[str | ToolCall, None]:
        """Port LanguageModel: text as it is generated, and at its end the calls of tools."""
        calls = CallsInPieces(self._where)
        try:
            async with aclosing(self._spoken(self.request_body(messages, tools), calls)) as pieces:
                async for piece in pieces:
                    yield piece
        except NothingSaid:
            if not calls.calls:
                raise
        for call in calls.calls:
            yield call

    async def prefill(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> None:
        """Have the server read `messages` into its prefix cache; cancelling stops it after the batch at hand.

        One token is asked for, since llama.cpp makes one even when asked for none. The answer streams with llama.cpp's
        progress events, because the server notices a closed connection soonest when it writes.
        """
        body = self.request_body(messages, tools) | {"max_tokens": 1, "return_progress": True}
        limit_s = self._timeouts.prefill_s
        try:
            with anyio.fail_after(limit_s):
                ignored = CallsInPieces(self._where)
                async with aclosing(self._answer(body, (limit_s, limit_s), ignored)) as pieces:
                    async for _ in pieces:
                        pass
        except TimeoutError as error:
            raise spent(self._where, "end of a prefill", limit_s, "llm.timeout_s") from error

    async def aclose(self) -> None:
        """Close the connections; streams still open end with an error."""
        await self._http.aclose()

    def _spoken(self, body: Mapping[str, Any], calls: CallsInPieces) -> AsyncGenerator[str, None]:
        limits = (self._timeouts.first_byte_s, self._timeouts.gap_s)
        return speakable(self._answer(body, limits, calls), self._where, self._max_tokens)

    async def _answer(
        self, body: Mapping[str, Any], limits: tuple[float, float], calls: CallsInPieces
    ) -> AsyncGenerator[str, None]:
        """The content of each delta, thinking fields left out; what it says of tools goes into `calls`."""
        request = self._http.build_request("POST", "chat/completions", json=body)
        most, seen, finished = int(body["max_tokens"]) + _EXTRA_EVENTS, 0, False
        async with exchange(self._where, self._http, request, "text/event-stream", data_of, *limits) as events:
            while (data := await events.next()) not in (None, b"[DONE]"):
                seen += 1
                if seen > most:
                    raise garbage(self._where, f"more than {most} events for {body['max_tokens']} tokens")
                content, last = self._delta(data or b"", calls)
                finished = finished or last
                if content:
                    yield content
            if data is None and not finished:
                raise garbage(self._where, "an answer that broke off before its end")

    def _delta(self, data: bytes, calls: CallsInPieces) -> tuple[str, bool]:
        """Content and whether the answer is finished."""
        event = parse_object(data, self._where)
        if "error" in event:
            raise refused(self._where, 200, data)
        if isinstance(timings := event.get("timings"), dict):
            self.last_timings = _timings(timings)
        if not event.get("choices") and ("usage" in event or "prompt_progress" in event):
            return "", False
        try:
            choice = event["choices"][0]
            delta, finish = choice["delta"], choice.get("finish_reason")
            content, wanted = delta.get("content"), delta.get("tool_calls")
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise garbage(self._where, "an event without choices[0].delta") from error
        if not isinstance(content, str | None):
            raise garbage(self._where, f"content of type {type(content).__name__}, need a string")
        calls.feed(wanted)
        return content or "", finish is not None


def _timings(wire: Mapping[str, Any]) -> Timings:
    return Timings(
        cached_tokens=number(wire.get("cache_n"), int),
        prompt_tokens=number(wire.get("prompt_n"), int),
        prompt_ms=number(wire.get("prompt_ms")),
        generated_tokens=number(wire.get("predicted_n"), int),
        generated_ms=number(wire.get("predicted_ms")),
    )
