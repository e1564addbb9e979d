"""A language model behind Ollama's native API (`/api/chat`, newline-delimited JSON).

The native API and not its `/v1`, because only here can a request turn thinking off, keep the model loaded and fix the
context in every version. Each request carries the same options: a change of `num_ctx` makes Ollama load the model anew.
Not for pulling models. Called by `session` through the port LanguageModel.
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
from jett.engines.llm.thinking import speakable
from jett.engines.llm.tool_calls import offered, ollama_calls, ollama_message

_NS_PER_MS = 1e6
_EXTRA_LINES = 1024


class OllamaLanguageModel:
    """Streams answers from the Ollama at `base_url`, such as `http://127.0.0.1:11434`.

    `keep_alive` -1 keeps the model in memory for good; `last_timings.load_ms` of seconds means that it was not there.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        *,
        num_ctx: int = 4096,
        keep_alive: int | str = -1,
        max_tokens: int = 160,
        temperature: float = 0.0,
        timeouts: Timeouts | None = None,
        extra_options: Mapping[str, Any] | None = None,
    ) -> None:
        self.last_timings = Timings()
        self._where = base_url
        self._model = model
        self._keep_alive = keep_alive
        self._max_tokens = max_tokens
        # Only num_predict may differ between requests: it is the one option that does not touch the loaded model.
        self._options = {"num_ctx": num_ctx, "temperature": temperature, **(extra_options or {})}
        self._timeouts = timeouts or Timeouts()
        self._http = client(base_url, "", self._timeouts.connect_s)

    def request_body(
        self, messages: Sequence[Message], max_tokens: int | None = None, tools: Sequence[ToolSpec] = ()
    ) -> dict[str, Any]:
        """What is sent. A conversation grown by one turn begins with the same messages, byte for byte."""
        return {
            "model": self._model,
            "messages": [ollama_message(message) for message in messages],
            **({"tools": offered(tools)} if tools else {}),
            "stream": True,
            "think": False,
            "keep_alive": self._keep_alive,
            "options": {**self._options, "num_predict": max_tokens or self._max_tokens},
        }

    def stream(self, messages: Sequence[Message]) -> AsyncGenerator[str, None]:
        """Text as it is generated, thinking left out. Closing it closes the connection; Ollama then stops generating.

        Raises LanguageModelError.
        """
        return self._spoken(self.request_body(messages), [])

    async def act(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> AsyncGenerator[str | ToolCall, None]:
        """Port LanguageModel: text as it is generated, and at its end the calls of tools."""
        calls: list[ToolCall] = []
        try:
            async with aclosing(self._spoken(self.request_body(messages, tools=tools), calls)) as pieces:
                async for piece in pieces:
                    yield piece
        except NothingSaid:
            if not calls:
                raise
        for call in calls:
            yield call

    async def prefill(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> None:
        """Have Ollama load the model and read `messages` into its cache; cancelling stops it."""
        limit_s = self._timeouts.prefill_s
        try:
            with anyio.fail_after(limit_s):
                body = self.request_body(messages, 1, tools)
                async with aclosing(self._answer(body, (limit_s, limit_s), [])) as pieces:
                    async for _ in pieces:
                        pass
        except TimeoutError as error:
            raise spent(self._where, "end of a prefill", limit_s, "llm.timeout_s") from error

    async def warm_up(self, messages: Sequence[Message]) -> Timings:
        """Load the model with the real system prompt, so that the first turn is as fast as the second; its timings."""
        await self.prefill(messages)
        return self.last_timings

    async def aclose(self) -> None:
        """Close the connections; the model stays loaded for `keep_alive`."""
        await self._http.aclose()

    def _spoken(self, body: Mapping[str, Any], calls: list[ToolCall]) -> AsyncGenerator[str, None]:
        limits = (self._timeouts.first_byte_s, self._timeouts.gap_s)
        return speakable(self._answer(body, limits, calls), self._where, self._max_tokens)

    async def _answer(
        self, body: Mapping[str, Any], limits: tuple[float, float], calls: list[ToolCall]
    ) -> AsyncGenerator[str, None]:
        """The content of each line, without the `thinking` field; calls of tools go into `calls`."""
        request = self._http.build_request("POST", "api/chat", json=body)
        most = int(body["options"]["num_predict"]) + _EXTRA_LINES
        async with exchange(self._where, self._http, request, "application/x-ndjson", _text_of, *limits) as lines:
            for _ in range(most):
                if (line := await lines.next()) is None:
                    raise garbage(self._where, "an answer that broke off before its end")
                content, done = self._part(line, calls)
                if content:
                    yield content
                if done:
                    return
            raise garbage(self._where, f"more than {most} lines without an end")

    def _part(self, line: bytes, calls: list[ToolCall]) -> tuple[str, bool]:
        """Content and whether the answer is finished."""
        part = parse_object(line, self._where)
        if "error" in part:
            raise refused(self._where, 200, line)
        done, message = part.get("done"), part.get("message", {})
        if not isinstance(done, bool) or not isinstance(message, dict):
            raise garbage(self._where, "a line without message and done")
        content = message.get("content", "")
        if not isinstance(content, str):
            raise garbage(self._where, f"content of type {type(content).__name__}, need a string")
        calls += ollama_calls(message.get("tool_calls"), self._where)
        if done:
            self.last_timings = _timings(part)
        return content, done


def _text_of(line: bytes) -> bytes | None:
    return line.strip() or None


def _timings(wire: Mapping[str, Any]) -> Timings:
    """Of the last line; Ollama counts nanoseconds, and leaves out the prompt tokens that it had in its cache."""
    return Timings(
        prompt_tokens=number(wire.get("prompt_eval_count"), int),
        prompt_ms=number(wire.get("prompt_eval_duration")) / _NS_PER_MS,
        generated_tokens=number(wire.get("eval_count"), int),
        generated_ms=number(wire.get("eval_duration")) / _NS_PER_MS,
        load_ms=number(wire.get("load_duration")) / _NS_PER_MS,
    )
