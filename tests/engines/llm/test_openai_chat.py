"""The OpenAI-compatible client against a protocol peer: what it sends, and what it makes of good and bad answers."""

from __future__ import annotations

import json
import socket
from contextlib import aclosing
from functools import partial
from typing import Any

import anyio
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jett.core.errors import LanguageModelError, NothingSaid
from jett.core.ports import Message
from jett.engines.llm.answer import Timeouts
from jett.engines.llm.exchange import exchange
from jett.engines.llm.openai_chat import OpenAIChatLanguageModel
from jett.engines.llm.sse import data_of
from tests.engines.llm.peer import HANG, SSE, Peer, delta, event, head, playing

SECRET = "the admiral's pin is 4711"
ASKED = [Message("system", "Be brief."), Message("user", SECRET)]
DONE = b"data: [DONE]\n\n"
IMPATIENT = Timeouts(connect_s=0.5, first_byte_s=0.2, gap_s=0.2, prefill_s=0.4)
PATIENT = Timeouts(connect_s=5, first_byte_s=30, gap_s=30, prefill_s=30)


def model(peer: Peer, timeouts: Timeouts = PATIENT, **options: Any) -> OpenAIChatLanguageModel:
    return OpenAIChatLanguageModel(f"{peer.url}/v1", timeouts=timeouts, **options)


async def answer(llm: OpenAIChatLanguageModel) -> str:
    async with aclosing(llm.stream(ASKED)) as pieces:
        return "".join([piece async for piece in pieces])


async def answer_of(*script: bytes | None, endless: bytes | None = None, timeouts: Timeouts = PATIENT) -> str:
    async with playing(*script, endless=endless) as peer:
        llm = model(peer, timeouts)
        try:
            return await answer(llm)
        finally:
            await llm.aclose()


def test_it_streams_the_content_alone() -> None:
    script = [
        SSE,
        delta(None, role="assistant"),
        b": ping\n\n",
        delta("", reasoning_content="The user wants"),
        delta("<thi"),
        delta("nk>hm</think>\n\nPar"),
        delta("is."),
        event({"choices": [], "usage": {"prompt_tokens": 3}}),
        delta(None, "stop"),
        DONE,
    ]
    assert anyio.run(answer_of, *script) == "Paris."


def test_an_answer_may_end_without_a_done_mark() -> None:
    assert anyio.run(answer_of, SSE, delta("Yes."), delta(None, "stop")) == "Yes."


@pytest.mark.parametrize(
    ("script", "told"),
    [
        pytest.param([head("text/html"), b"<html>welcome</html>"], "content of type 'text/html'", id="a web page"),
        pytest.param([head("application/json"), b"{}"], "need text/event-stream", id="json, not a stream"),
        pytest.param([SSE, b"data: {oops\n\n"], "not JSON", id="invalid json"),
        pytest.param([SSE, b"data: " + b"[" * 100_000 + b"\n\n"], "not JSON", id="json nested too deep"),
        pytest.param([SSE, b"data: \xff\xfe\n\n"], "not JSON", id="not utf-8"),
        pytest.param([SSE, event([1, 2])], "need an object", id="a list"),
        pytest.param([SSE, event({"hello": 1})], "without choices[0].delta", id="wrong shape"),
        pytest.param([SSE, event({"choices": [{"delta": None}]})], "without choices[0].delta", id="null delta"),
        pytest.param([SSE, event({"choices": "x"})], "without choices[0].delta", id="choices of another type"),
        pytest.param([SSE, delta(17)], "content of type int", id="content of another type"),
        pytest.param([SSE, event({"error": {"code": 500, "message": SECRET}})], "(500)", id="an error in the stream"),
        pytest.param([SSE, delta("Par")], "broke off", id="broken off"),
        pytest.param([SSE], "broke off", id="empty"),
        pytest.param([SSE, b"x" * 1_100_000], "a line without an end", id="one endless line"),
        pytest.param([b"SSH-2.0-OpenSSH_9.2\r\n"], "broke off (RemoteProtocolError)", id="not http"),
        pytest.param([], "broke off (RemoteProtocolError)", id="hangs up"),
        pytest.param([SSE, delta("I muse."), delta("</think>Hi.")], "thinks aloud", id="thinking without a beginning"),
    ],
)
def test_garbage_is_told_plainly(script: list[bytes], told: str) -> None:
    with pytest.raises(LanguageModelError) as caught:
        anyio.run(answer_of, *script)
    assert told in str(caught.value)
    assert "admiral" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        ("500 Internal Server Error", SECRET.encode(), "HTTP 500; see the server's log"),
        ("503 Service Unavailable", b'{"error":{"type":"unavailable_error"}}', "wait until the model is loaded"),
        ("401 Unauthorized", b'{"error":{"type":"authentication_error"}}', "set llm.api_key"),
        ("404 Not Found", b"", "check llm.url"),
        (
            "400 Bad Request",
            b'{"error":{"type":"exceed_context_size_error","n_prompt_tokens":5000,"n_ctx":4096}}',
            "the question is too long: 5000 tokens with the instructions, limit 4096; shorten it",
        ),
        ("400 Bad Request", b'{"error":"' + SECRET.encode() + b'"}', "HTTP 400;"),
        ("302 Found", b"", "HTTP 302"),
    ],
)
def test_a_refusal_names_its_status_and_never_quotes_the_prompt(status: str, body: bytes, told: str) -> None:
    with pytest.raises(LanguageModelError) as caught:
        anyio.run(answer_of, head("application/json", status), body)
    assert told in str(caught.value)
    assert "admiral" not in str(caught.value)


@pytest.mark.parametrize(
    ("script", "endless", "told"),
    [
        pytest.param([HANG], None, "sent no answer within 0.2 s", id="before the head"),
        pytest.param([SSE, HANG], None, "sent no token within 0.2 s; restart it or raise llm.timeout_s", id="after it"),
        pytest.param([SSE, delta("Par"), HANG], None, "raise llm.timeout_s", id="between tokens"),
        pytest.param([SSE, delta("Par")], b": ping\n\n", "raise llm.timeout_s", id="pings do not count"),
    ],
)
def test_a_hanging_server_is_given_up(script: list[bytes | None], endless: bytes | None, told: str) -> None:
    async def ask() -> str:
        return await answer_of(*script, endless=endless, timeouts=IMPATIENT)

    with pytest.raises(LanguageModelError, match=told):
        anyio.run(ask)


def test_an_endless_answer_is_cut_off_and_its_connection_closed() -> None:
    async def ask() -> None:
        async with playing(SSE, endless=delta("la ")) as peer:
            llm = model(peer)
            assert await answer(llm) == "la " * 160
            await peer.left.wait()
            await llm.aclose()

    anyio.run(ask)


def test_a_flood_of_long_pieces_is_cut_off_at_what_its_tokens_could_hold() -> None:
    flood = [delta("x" * 5_000)] * 200
    assert len(anyio.run(partial(answer_of, SSE, *flood, delta("", "stop")))) == 64 + 6 * 160


@pytest.mark.parametrize(
    "script",
    [
        pytest.param([delta(None, reasoning_content="hm"), delta("", "stop")], id="only thinking, in its field"),
        pytest.param([delta("<think>I wonder"), delta("", "stop")], id="thinking without an end"),
        pytest.param([delta(None, tool_calls=[{"id": "1"}]), delta("", "tool_calls")], id="only a tool call"),
        pytest.param([delta(" \n"), delta("", "stop")], id="only white space"),
        pytest.param([], id="nothing"),
    ],
)
def test_an_answer_without_a_word_is_a_failure(script: list[bytes]) -> None:
    with pytest.raises(NothingSaid, match="without a word that can be spoken, need some within 160 tokens; choose"):
        anyio.run(partial(answer_of, SSE, *script, DONE))


def test_the_wait_for_the_first_token_counts_from_the_request() -> None:
    """Head and token share one limit; a head that comes late leaves the token what is left."""

    async def ask() -> None:
        async with playing(SSE, HANG) as peer, httpx.AsyncClient() as http:
            request = http.build_request("POST", peer.url, json={})
            spent = exchange("there", http, request, "text/event-stream", data_of, 0.2, 30.0)
            async with spent as events:
                assert events.first_by_s <= anyio.current_time() + 0.2
                with pytest.raises(LanguageModelError, match=r"within 0\.2 s"):
                    await events.next()

    anyio.run(ask)


def test_endless_thinking_is_cut_off_too() -> None:
    async def ask() -> str:
        return await answer_of(SSE, endless=delta(None, reasoning_content="hm "))

    with pytest.raises(LanguageModelError, match="more than 1184 events"):
        anyio.run(ask)


def test_a_server_that_is_down_is_told_with_its_address() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        llm = OpenAIChatLanguageModel(f"http://127.0.0.1:{taken.getsockname()[1]}/v1")
        with pytest.raises(LanguageModelError, match=r"no server answers at http://127\.0\.0\.1:\d+/v1; start it"):
            anyio.run(answer, llm)


def test_closing_the_stream_closes_the_connection() -> None:
    async def ask() -> None:
        async with playing(SSE, delta("Paris"), HANG) as peer:
            llm = model(peer)
            async with aclosing(llm.stream(ASKED)) as pieces:
                assert await anext(pieces) == "Paris"
                assert not peer.left.is_set()
            await peer.left.wait()
            await llm.aclose()

    anyio.run(ask)


@pytest.mark.parametrize("script", [[HANG], [SSE, HANG], [SSE, delta(""), HANG]])
@pytest.mark.parametrize("prefill", [False, True])
def test_cancelling_closes_the_connection_wherever_it_waits(script: list[bytes | None], prefill: bool) -> None:
    async def ask() -> None:
        async with playing(*script) as peer:
            llm = model(peer)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(llm.prefill if prefill else _listen, *([ASKED] if prefill else [llm]))
                while not peer.requests:
                    await anyio.wait_all_tasks_blocked()
                tasks.cancel_scope.cancel()
            await peer.left.wait()
            await llm.aclose()

    async def _listen(llm: OpenAIChatLanguageModel) -> None:
        await answer(llm)

    anyio.run(ask)


def test_prefill_asks_for_one_token_and_reports_what_was_read() -> None:
    async def ask() -> None:
        timings = {"cache_n": 90, "prompt_n": 10, "prompt_ms": 80.5, "predicted_n": 1, "predicted_ms": "x"}
        script = [
            event({"choices": [], "prompt_progress": {"total": 100, "processed": 10}}),
            event({"choices": [{"delta": {}, "finish_reason": "length"}], "timings": timings}),
        ]
        async with playing(SSE, *script, DONE) as peer:
            llm = model(peer)
            await llm.prefill(ASKED)
            await llm.aclose()
        assert (peer.requests[0]["max_tokens"], peer.requests[0]["return_progress"]) == (1, True)
        assert (llm.last_timings.cached_tokens, llm.last_timings.prompt_tokens) == (90, 10)
        assert (llm.last_timings.prompt_ms, llm.last_timings.generated_ms) == (80.5, 0)

    anyio.run(ask)


def test_a_prefill_that_never_ends_is_given_up() -> None:
    async def ask() -> None:
        async with playing(SSE, endless=b": ping\n\n") as peer:
            llm = model(peer, IMPATIENT)
            with pytest.raises(LanguageModelError, match=r"sent no end of a prefill within 0\.4 s"):
                await llm.prefill(ASKED)
            await llm.aclose()

    anyio.run(ask)


def test_a_request_turns_thinking_off_and_carries_the_key() -> None:
    async def ask() -> Peer:
        async with playing(SSE, delta("Yes."), DONE) as peer:
            llm = model(peer, model="qwen3:8b", api_key="k", max_tokens=7, temperature=0.2)
            await answer(llm)
            await llm.aclose()
            return peer

    peer = anyio.run(ask)
    assert peer.requests == [
        {
            "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": SECRET}],
            "stream": True,
            "max_tokens": 7,
            "temperature": 0.2,
            "model": "qwen3:8b",
            "chat_template_kwargs": {"enable_thinking": False},
        }
    ]
    assert "authorization: bearer k" in peer.headers[0].lower()


_MESSAGES = st.lists(
    st.builds(
        Message, st.sampled_from(["system", "user", "assistant"]), st.text(st.characters(exclude_categories=["Cs"]))
    )
)


@given(before=_MESSAGES, more=_MESSAGES)
def test_a_grown_conversation_begins_with_the_same_bytes(before: list[Message], more: list[Message]) -> None:
    """What the server has in its prefix cache must stay usable: no reordering, no rewriting, nothing that moves."""
    short, long = (_sent(turns) for turns in (before, before + more))
    ends_at = short.rindex(b'],"stream"')
    assert long[:ends_at] == short[:ends_at]
    assert json.loads(long)["messages"][: len(before)] == json.loads(short)["messages"]


_LLM = OpenAIChatLanguageModel("http://127.0.0.1:9/v1")


def _sent(turns: list[Message]) -> bytes:
    return httpx.Request("POST", "http://127.0.0.1:9", json=_LLM.request_body(turns)).content
