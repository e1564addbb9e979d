"""The Ollama client against a peer that plays the documented wire protocol; no Ollama runs here."""

from __future__ import annotations

from contextlib import aclosing

import anyio
import pytest

from jett.core.errors import LanguageModelError
from jett.core.ports import Message
from jett.engines.llm.answer import Timeouts, Timings
from jett.engines.llm.ollama import OllamaLanguageModel
from tests.engines.llm.peer import HANG, NDJSON, Peer, head, line, part, playing

SECRET = "the admiral's pin is 4711"
ASKED = [Message("system", "Be brief."), Message("user", SECRET)]
IMPATIENT = Timeouts(connect_s=0.5, first_byte_s=0.2, gap_s=0.2, prefill_s=0.4)
PATIENT = Timeouts(connect_s=5, first_byte_s=30, gap_s=30, prefill_s=30)
END = part(
    "",
    True,
    done_reason="stop",
    load_duration=1_334_875,
    prompt_eval_count=26,
    prompt_eval_duration=342_546_000,
    eval_count=282,
    eval_duration=4_535_599_000,
)


def model(peer: Peer, timeouts: Timeouts = PATIENT) -> OllamaLanguageModel:
    return OllamaLanguageModel(peer.url, "qwen3:8b", num_ctx=8192, timeouts=timeouts)


async def answer_of(*script: bytes | None, endless: bytes | None = None, timeouts: Timeouts = PATIENT) -> str:
    async with playing(*script, endless=endless) as peer:
        llm = model(peer, timeouts)
        try:
            async with aclosing(llm.stream(ASKED)) as pieces:
                return "".join([piece async for piece in pieces])
        finally:
            await llm.aclose()


def test_it_streams_the_content_and_leaves_thinking_out() -> None:
    thought = line({"message": {"role": "assistant", "content": "", "thinking": "The user wants"}, "done": False})
    script = [NDJSON, thought, part("<think>\n\n</th"), part("ink>\n\nPar"), part("is.")[:-1] + b"\r\n", b"\n", END]
    assert anyio.run(answer_of, *script) == "Paris."


def test_lines_may_be_cut_anywhere() -> None:
    whole = part("Grüß ") + part("Gott.") + END
    assert anyio.run(answer_of, NDJSON, *(whole[at : at + 1] for at in range(len(whole)))) == "Grüß Gott."


def test_every_request_carries_the_same_options_so_that_nothing_reloads() -> None:
    async def ask() -> None:
        async with playing(NDJSON, part("Yes."), END) as peer:
            llm = model(peer)
            timings = await llm.warm_up(ASKED[:1])
            async with aclosing(llm.stream(ASKED)) as pieces:
                assert [piece async for piece in pieces] == ["Yes."]
            await llm.aclose()
        warm, real = peer.requests
        assert real["options"] == {"num_ctx": 8192, "temperature": 0.0, "num_predict": 160}
        assert warm["options"] == real["options"] | {"num_predict": 1}
        assert {(body["think"], body["keep_alive"], body["stream"], body["model"]) for body in peer.requests} == {
            (False, -1, True, "qwen3:8b")
        }
        assert real["messages"][:1] == warm["messages"] == [{"role": "system", "content": "Be brief."}]
        assert timings == llm.last_timings
        assert timings == Timings(0, 26, 342.546, 282, 4535.599, 1.334875)
        assert peer.headers[0].startswith("POST /api/chat ")

    anyio.run(ask)


@pytest.mark.parametrize(
    ("script", "told"),
    [
        pytest.param([head("text/html"), b"<html>"], "need application/x-ndjson", id="a web page"),
        pytest.param([NDJSON, b"{oops\n"], "not JSON", id="invalid json"),
        pytest.param([NDJSON, line([1])], "need an object", id="a list"),
        pytest.param([NDJSON, line({"hello": 1})], "without message and done", id="wrong shape"),
        pytest.param(
            [NDJSON, line({"message": "x", "done": False})], "without message and done", id="message of a type"
        ),
        pytest.param([NDJSON, line({"message": {"content": 5}, "done": False})], "content of type int", id="a number"),
        pytest.param([NDJSON, line({"error": f"cannot: {SECRET}"})], "refused with HTTP 200", id="error in the stream"),
        pytest.param([NDJSON, part("Par")], "broke off", id="broken off"),
        pytest.param([NDJSON, b"x" * 1_100_000], "a line without an end", id="one endless line"),
        pytest.param(
            [head("application/json", "404 Not Found"), b'{"error":"model not found"}'], "llm.model", id="no model"
        ),
        pytest.param([head("application/json", "500 Oops"), b'{"error":"cuda"}'], "HTTP 500", id="out of memory"),
    ],
)
def test_garbage_is_told_plainly(script: list[bytes], told: str) -> None:
    with pytest.raises(LanguageModelError) as caught:
        anyio.run(answer_of, *script)
    assert told in str(caught.value)
    assert "admiral" not in str(caught.value)


@pytest.mark.parametrize("script", [[HANG], [NDJSON, HANG], [NDJSON, part("Par"), HANG]])
def test_a_hanging_server_is_given_up(script: list[bytes | None]) -> None:
    async def ask() -> str:
        return await answer_of(*script, timeouts=IMPATIENT)

    with pytest.raises(LanguageModelError, match=r"within 0\.2 s"):
        anyio.run(ask)


def test_a_prefill_that_never_ends_is_given_up() -> None:
    async def ask() -> None:
        async with playing(NDJSON, endless=b"\n") as peer:
            llm = model(peer, IMPATIENT)
            with pytest.raises(LanguageModelError, match="end of a prefill"):
                await llm.prefill(ASKED)
            await llm.aclose()

    anyio.run(ask)


def test_endless_thinking_is_cut_off() -> None:
    async def ask() -> str:
        return await answer_of(NDJSON, endless=line({"message": {"content": "", "thinking": "hm"}, "done": False}))

    with pytest.raises(LanguageModelError, match="more than 1184 lines"):
        anyio.run(ask)


def test_closing_the_stream_closes_the_connection() -> None:
    async def ask() -> None:
        async with playing(NDJSON, part("Paris"), HANG) as peer:
            llm = model(peer)
            async with aclosing(llm.stream(ASKED)) as pieces:
                assert await anext(pieces) == "Paris"
            await peer.left.wait()
            await llm.aclose()

    anyio.run(ask)
