"""`/v1/chat/completions`: Jett in writing.

A request without a system prompt is meant for Jett: what Jett would do if somebody said it is done, through the guard
and as who asks (a token looks, and changes nothing); the rest is answered by the model, with Jett's prompt and tools.
A request with a prompt of its own, or with tools of its own, is for the language model alone.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.responses import JSONResponse

from jett.core.ports import Message, ToolCall
from jett.server.openai.chat_request import ChatRequest, check, messages_of
from jett.server.openai.ports import Ports
from jett.server.openai.receiving import answers, body_schema, json_of
from jett.server.openai.stopping import until_stopped
from jett.server.openai.streaming import Streamed, event, with_errors
from jett.server.standing import signed_out
from jett.server.visitor import Visitor, standing_of
from jett.session.answering import WrittenControls, answered, commanded, is_command, without_secrets
from jett.session.history import estimated_tokens
from jett.session.parts import Parts


@dataclass(slots=True)
class Answer:
    """One answer while it is made, and how it ended. `usage` is estimated from the text: servers count differently."""

    asked: ChatRequest
    messages: list[Message]
    id: str = field(default_factory=lambda: f"chatcmpl-{secrets.token_hex(12)}")
    created: int = field(default_factory=lambda: int(time.time()))
    text: str = ""
    calls: list[ToolCall] = field(default_factory=list)
    finish: str = "stop"

    @property
    def usage(self) -> dict[str, int]:
        """Tokens of the question and the answer."""
        prompt = sum(estimated_tokens(message.content) for message in self.messages)
        completion = estimated_tokens(self.text)
        return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}

    def head(self, kind: str) -> dict[str, Any]:
        """What every object of this answer begins with."""
        return {"id": self.id, "object": kind, "created": self.created, "model": self.asked.model}


def add_routes(routes: APIRouter, ports: Ports) -> None:
    """One route."""

    @routes.post(
        "/chat/completions",
        operation_id="createChatCompletion",
        summary="Jett in writing",
        openapi_extra=body_schema(ChatRequest),
        response_class=Response,
        responses=answers("The answer, or its pieces", "application/json", "text/event-stream"),
    )
    async def completions(request: Request, visitor: Visitor) -> Response:
        asked = await json_of(request, ChatRequest)
        check(asked, offers_tools=ports.offers_tools)
        answer = Answer(asked, messages_of(asked, ports.system_prompt))
        async with AsyncExitStack() as until:
            seat = await until.enter_async_context(ports.seats.take(visitor))
            if not await standing_of(request).good():  # the body, and the seat, may have taken their time
                raise signed_out()
            deltas = _deltas(answer, seat.parts)
            if asked.stream:
                return Streamed(with_errors(_chunks(answer, deltas)), until.pop_all(), "text/event-stream")
            async with aclosing(deltas):
                async for _ in deltas:
                    pass
            return JSONResponse(_completion(answer))


async def _deltas(answer: Answer, parts: Parts) -> AsyncGenerator[str, None]:
    """The answer's text, and in `answer` what is known of it by then."""
    async with aclosing(until_stopped(_source(answer, parts), answer.asked.stops)) as texts:
        async for text in texts:
            answer.text += text
            yield text
            if answer.asked.most_tokens and estimated_tokens(answer.text) > answer.asked.most_tokens:
                answer.finish = "length"
                return
    if answer.calls:
        answer.finish = "tool_calls"


def _source(answer: Answer, parts: Parts) -> AsyncGenerator[str, None]:
    asked, last = answer.asked, answer.messages[-1]
    if asked.specs:
        return without_secrets(_acted(answer, parts), parts.redact)
    if asked.has_own_prompt:
        return without_secrets(parts.llm.stream(answer.messages), parts.redact)
    if last.role == "user" and is_command(parts, last.content):
        said = [message.content for message in answer.messages if message.role == "assistant"]
        return commanded(parts, last.content, WrittenControls(said[-1] if said else ""))
    return answered(parts, answer.messages)


async def _acted(answer: Answer, parts: Parts) -> AsyncGenerator[str, None]:
    """The model's text; its calls of the client's tools go into `answer`."""
    async with aclosing(parts.llm.act(answer.messages, answer.asked.specs)) as pieces:
        async for piece in pieces:
            if isinstance(piece, ToolCall):
                answer.calls.append(piece)
            else:
                yield piece


async def _chunks(answer: Answer, deltas: AsyncGenerator[str, None]) -> AsyncGenerator[str, None]:
    def chunk(delta: dict[str, Any], finish: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return event({**answer.head("chat.completion.chunk"), "choices": [choice]})

    yield chunk({"role": "assistant", "content": ""})
    async with aclosing(deltas):
        async for text in deltas:
            yield chunk({"content": text})
    for index, call in enumerate(answer.calls):
        yield chunk({"tool_calls": [{"index": index, **_wire(call)}]})
    yield chunk({}, answer.finish)
    if answer.asked.stream_options and answer.asked.stream_options.include_usage:
        yield event({**answer.head("chat.completion.chunk"), "choices": [], "usage": answer.usage})
    yield "data: [DONE]\n\n"


def _completion(answer: Answer) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": answer.text or None, "refusal": None}
    if answer.calls:
        message["tool_calls"] = [_wire(call) for call in answer.calls]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": answer.finish}
    return {**answer.head("chat.completion"), "choices": [choice], "usage": answer.usage}


def _wire(call: ToolCall) -> dict[str, Any]:
    return {
        "id": call.id or f"call_{secrets.token_hex(8)}",
        "type": "function",
        "function": {"name": call.name, "arguments": call.arguments},
    }
