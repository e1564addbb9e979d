"""Tool calls on both wires: what is offered, what comes back in pieces, and what a broken server makes of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import aclosing

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jett.core.errors import LanguageModelError, NothingSaid
from jett.core.ports import Message, ToolCall, ToolSpec
from jett.engines.llm.ollama import OllamaLanguageModel
from jett.engines.llm.openai_chat import OpenAIChatLanguageModel
from jett.engines.llm.tool_calls import CallsInPieces
from tests.engines.llm.peer import NDJSON, SSE, Peer, delta, line, part, playing

ASKED = [Message("user", "How is n8n?")]
STATUS = ToolSpec("container_status", "How it is.", {"type": "object", "properties": {"name": {"type": "string"}}})
CALL = ToolCall("container_status", '{"name": "n8n"}', "call_7")
DONE = b"data: [DONE]\n\n"


def piece(index: object = 0, id_: object = None, name: object = None, arguments: object = None) -> dict[str, object]:
    return {"index": index, "id": id_, "function": {"name": name, "arguments": arguments}}


async def acted(llm: OpenAIChatLanguageModel | OllamaLanguageModel, messages: Sequence[Message]) -> list[object]:
    try:
        async with aclosing(llm.act(messages, [STATUS])) as pieces:
            return [found async for found in pieces]
    finally:
        await llm.aclose()


async def openai(*script: bytes, messages: Sequence[Message] = ASKED) -> tuple[list[object], Peer]:
    async with playing(SSE, *script) as peer:
        return await acted(OpenAIChatLanguageModel(f"{peer.url}/v1"), messages), peer


async def ollama(*script: bytes, messages: Sequence[Message] = ASKED) -> tuple[list[object], Peer]:
    async with playing(NDJSON, *script) as peer:
        return await acted(OllamaLanguageModel(peer.url, "qwen3"), messages), peer


def test_a_call_in_pieces_comes_after_the_text() -> None:
    async def scene() -> None:
        script = [
            delta("Let me look."),
            delta(None, tool_calls=[piece(0, "call_7", "container_status", "")]),
            delta(None, tool_calls=[piece(0, arguments='{"name": ')]),
            delta(None, tool_calls=[piece(0, arguments='"n8n"}')]),
            delta(None, "tool_calls"),
            DONE,
        ]
        found, peer = await openai(*script)
        assert found == ["Let me look.", CALL]
        assert peer.requests[0]["tools"][0]["function"]["name"] == "container_status"
        assert peer.requests[0]["tool_choice"] == "auto"

    anyio.run(scene)


def test_a_call_without_a_word_is_an_answer_and_nothing_at_all_is_none() -> None:
    async def scene() -> None:
        called = delta(None, tool_calls=[piece(0, "call_7", "container_status", '{"name": "n8n"}')])
        assert (await openai(called, delta(None, "tool_calls"), DONE))[0] == [CALL]
        with pytest.raises(NothingSaid):
            await openai(delta(""), delta(None, "stop"), DONE)
        with pytest.raises(NothingSaid):
            await ollama(part("", done=True))

    anyio.run(scene)


def test_ollama_sends_whole_calls_and_gets_objects_back() -> None:
    async def scene() -> None:
        wanted = {"function": {"name": "container_status", "arguments": {"name": "n8n"}}}
        call = ToolCall("container_status", '{"name": "n8n"}', "call_0")
        script = [line({"message": {"content": "", "tool_calls": [wanted]}, "done": False}), part("", done=True)]
        answered = [*ASKED, Message("assistant", "", call), Message("tool", "n8n is up.", call)]
        found, peer = await ollama(*script, messages=answered)
        assert found == [call]
        sent = peer.requests[0]["messages"]
        assert sent[1]["tool_calls"] == [wanted]
        assert sent[2] == {"role": "tool", "content": "n8n is up.", "tool_name": "container_status"}
        assert peer.requests[0]["tools"][0]["type"] == "function"

    anyio.run(scene)


def test_a_tool_that_was_used_is_told_by_its_id() -> None:
    async def scene() -> None:
        answered = [*ASKED, Message("assistant", "", CALL), Message("tool", "n8n is up.", CALL)]
        _, peer = await openai(delta("It is up."), delta(None, "stop"), DONE, messages=answered)
        sent = peer.requests[0]["messages"]
        function = {"name": "container_status", "arguments": '{"name": "n8n"}'}
        assert sent[1]["tool_calls"] == [{"id": "call_7", "type": "function", "function": function}]
        assert sent[2] == {"role": "tool", "content": "n8n is up.", "tool_call_id": "call_7"}

    anyio.run(scene)


@pytest.mark.parametrize(
    "wire",
    [
        pytest.param("yes", id="text"),
        pytest.param({"0": {}}, id="an object"),
        pytest.param([7], id="a number for a call"),
        pytest.param([{"index": 0, "function": "container_status"}], id="no function"),
        pytest.param([piece("0", "a", "b", "{}")], id="an index of text"),
        pytest.param([piece(-1, "a", "b", "{}")], id="an index below"),
        pytest.param([piece(8, "a", "b", "{}")], id="an index above"),
        pytest.param([piece(0, 7, "b", "{}")], id="an id that is a number"),
        pytest.param([piece(0, "a", "b", {"name": "n8n"})], id="arguments that are an object"),
        pytest.param([piece(0, "a", "b", "x" * 5000)], id="arguments without an end"),
    ],
)
def test_what_is_no_call_is_told_plainly(wire: object) -> None:
    async def scene() -> None:
        with pytest.raises(LanguageModelError):
            await openai(delta(None, tool_calls=wire), delta(None, "stop"), DONE)

    anyio.run(scene)


@pytest.mark.parametrize(
    "wire",
    [
        pytest.param(7, id="a number"),
        pytest.param("yes", id="text"),
        pytest.param([7], id="a number for a call"),
        pytest.param([{"function": {"name": 7}}], id="a name that is a number"),
        pytest.param([{"function": {"name": "a", "arguments": "{}"}}], id="arguments that are text"),
        pytest.param([{"function": {"name": "a"}}] * 9, id="too many"),
        pytest.param([{"function": {"name": "a", "arguments": {"x": "y" * 5000}}}], id="arguments too long"),
    ],
)
def test_what_is_no_call_of_ollamas_is_told_plainly(wire: object) -> None:
    async def scene() -> None:
        with pytest.raises(LanguageModelError):
            await ollama(line({"message": {"content": "", "tool_calls": wire}, "done": False}), part("", done=True))

    anyio.run(scene)


def test_half_a_surrogate_pair_goes_out_as_something_that_can_be_written() -> None:
    async def scene() -> None:
        calls = CallsInPieces("peer")
        calls.feed([piece(0, "call_1", "container_status", '{"name": "\ud83d"}')])
        escaped = ToolCall("container_status", r'{"name": "\ud83d"}', "call_1")
        for call in (*calls.calls, escaped):
            answered = [*ASKED, Message("assistant", "\ud83d", call), Message("tool", "up", call)]
            await openai(delta("Up."), delta(None, "stop"), DONE, messages=answered)
            await ollama(part("Up."), part("", done=True), messages=answered)

    anyio.run(scene)


@given(text=st.text(max_size=60), cuts=st.lists(st.integers(0, 60), max_size=6))
def test_arguments_come_whole_however_they_are_cut(text: str, cuts: list[int]) -> None:
    arguments = json.dumps({"name": text})
    ends = sorted({min(cut, len(arguments)) for cut in cuts} | {len(arguments)})
    calls = CallsInPieces("peer")
    calls.feed([piece(0, "call_1", "container_status")])
    for start, end in zip([0, *ends], ends, strict=False):
        calls.feed([piece(0, arguments=arguments[start:end])])
    assert calls.calls == (ToolCall("container_status", arguments, "call_1"),)
