"""The embedded llama.cpp server with a real small model: streaming, cancelling, the prefix cache, and refusals."""

from __future__ import annotations

import asyncio
import shutil
import struct
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from jett.core.errors import LanguageModelError, ModelError, ModelMissing, OutOfMemory
from jett.core.ports import Message
from jett.engines.llm.answer import Timings
from jett.engines.llm.embedded import EmbeddedLanguageModel, EmbeddedSettings
from jett.engines.llm.own_ports import OWN_PORTS
from jett.models.store import Store

HANG_LIMIT_S = 60
SYSTEM = Message("system", "You are a helpful assistant. " + "Answer in one short sentence. " * 12)
CAPITAL = [SYSTEM, Message("user", "What is the capital of France?")]

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def weights(store: Store) -> Path:
    return store.file("smollm2-135m-instruct-q4_1")


@pytest.fixture
def llm(weights: Path) -> Iterator[EmbeddedLanguageModel]:
    model = EmbeddedLanguageModel(weights, EmbeddedSettings(context_tokens=2048), max_tokens=24)
    yield model
    anyio.run(model.aclose)


async def answer(llm: EmbeddedLanguageModel, turns: list[Message]) -> str:
    async with aclosing(llm.stream(turns)) as pieces:
        return "".join([piece async for piece in pieces])


async def timings_of(llm: EmbeddedLanguageModel, turns: list[Message]) -> Timings:
    await answer(llm, turns)
    return llm.last_timings


async def slots(llm: EmbeddedLanguageModel) -> list[dict[str, Any]]:
    async with httpx.AsyncClient(headers=llm.key_header, trust_env=False) as http:
        found: list[dict[str, Any]] = (await http.get(llm.base_url.removesuffix("/v1") + "/slots")).json()
        return found


async def until_idle(llm: EmbeddedLanguageModel) -> None:
    with anyio.fail_after(HANG_LIMIT_S):
        while any(slot["is_processing"] for slot in await slots(llm)):
            pass


def test_it_streams_the_same_words_each_time_in_pieces(llm: EmbeddedLanguageModel) -> None:
    async def ask() -> None:
        async with aclosing(llm.stream(CAPITAL)) as pieces:
            first = [piece async for piece in pieces]
        assert len(first) > 3
        assert "Paris" in "".join(first)
        # Read from the cache, the first word may come out of slightly other sums; from then on nothing changes.
        assert await answer(llm, CAPITAL) == await answer(llm, CAPITAL)
        assert llm.last_timings.generated_tokens <= 24

    anyio.run(ask)


def test_the_next_turn_reads_only_what_is_new(llm: EmbeddedLanguageModel) -> None:
    async def ask() -> None:
        reply = await answer(llm, CAPITAL)
        grown = [*CAPITAL, Message("assistant", reply), Message("user", "And of Spain?")]
        timings = await timings_of(llm, grown)
        assert timings.prompt_tokens < 20
        assert timings.cached_tokens > 80

    anyio.run(ask)


def test_a_prefilled_partial_transcript_leaves_only_its_changed_tail_to_read(llm: EmbeddedLanguageModel) -> None:
    async def ask() -> None:
        await llm.prefill([SYSTEM, Message("user", "What is the capital of")])
        longer = await timings_of(llm, CAPITAL)
        assert longer.prompt_tokens < 12, "two new words, and the template's end of message"
        await llm.prefill([SYSTEM, Message("user", "What is the capital of the frogs")])
        other = await timings_of(llm, CAPITAL)
        assert other.prompt_tokens < 12, "the shared beginning was used although the transcript changed its mind"

    anyio.run(ask)


def test_prefilling_what_is_asked_next_leaves_one_token(llm: EmbeddedLanguageModel) -> None:
    async def ask() -> None:
        await llm.prefill(CAPITAL)
        assert (await timings_of(llm, CAPITAL)).prompt_tokens == 1

    anyio.run(ask)


def test_a_second_conversation_does_not_cost_the_first_its_cache(llm: EmbeddedLanguageModel) -> None:
    other = [Message("system", "Tu es un poète. " * 20), Message("user", "Un mot sur la mer ?")]

    async def ask() -> None:
        await answer(llm, CAPITAL)
        assert (await timings_of(llm, other)).cached_tokens < 10
        assert (await timings_of(llm, CAPITAL)).cached_tokens > 80

    anyio.run(ask)


def test_closing_a_stream_frees_the_slot_for_the_next_request(weights: Path) -> None:
    """Were the old answer still generated, the next one would wait for its 1,900 tokens, beyond the hang limit."""
    llm = EmbeddedLanguageModel(weights, EmbeddedSettings(context_tokens=2048), max_tokens=1900)

    async def ask() -> None:
        count = [Message("user", "Count from one to one thousand in words, without stopping.")]
        async with aclosing(llm.stream(count)) as pieces:
            await anext(pieces)
            assert [slot["is_processing"] for slot in await slots(llm)] == [True]
        await until_idle(llm)
        assert llm.last_timings == Timings(), "the answer was never finished"
        with anyio.fail_after(HANG_LIMIT_S):
            async with aclosing(llm.stream(CAPITAL)) as pieces:
                assert await anext(pieces)
        await until_idle(llm)
        await llm.aclose()

    anyio.run(ask)


def test_a_cancelled_prefill_frees_the_slot(llm: EmbeddedLanguageModel) -> None:
    async def ask() -> None:
        long = [Message("user", "one two three four five six seven eight nine ten " * 150)]
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(llm.prefill, long)
            with anyio.fail_after(HANG_LIMIT_S):
                while not any(slot["is_processing"] for slot in await slots(llm)):
                    pass
            tasks.cancel_scope.cancel()
        await until_idle(llm)
        assert llm.last_timings == Timings(), "the prompt was never read to its end"
        assert "Paris" in await answer(llm, CAPITAL)

    anyio.run(ask)


def test_a_conversation_beyond_the_context_is_refused_with_its_size(llm: EmbeddedLanguageModel) -> None:
    async def ask() -> None:
        with pytest.raises(LanguageModelError, match=r"the question is too long: \d+ tokens .* limit 2048; shorten"):
            await answer(llm, [Message("user", "word " * 3000)])

    anyio.run(ask)


def test_only_this_process_may_ask(llm: EmbeddedLanguageModel) -> None:
    root = llm.base_url.removesuffix("/v1")
    assert httpx.URL(root).host == "127.0.0.1"
    with httpx.Client(trust_env=False, headers={"Connection": "close", "Origin": "http://evil.example"}) as stranger:
        assert stranger.post(f"{root}/v1/chat/completions", json={"messages": []}).status_code == 401
        assert stranger.get(f"{root}/slots").status_code == 401
        assert stranger.get(f"{root}/").status_code == 404
        assert stranger.get(f"{root}/health").headers.get("access-control-allow-origin", "") == ""


def test_closing_ends_the_server_and_may_be_done_twice(weights: Path) -> None:
    async def ask() -> None:
        llm = EmbeddedLanguageModel(weights, EmbeddedSettings(context_tokens=512))
        port = httpx.URL(llm.base_url).port
        assert port in OWN_PORTS
        await llm.aclose()
        await llm.aclose()
        assert port not in OWN_PORTS
        with pytest.raises(ConnectionError):
            await asyncio.open_connection("127.0.0.1", httpx.URL(llm.base_url).port)

    anyio.run(ask)


def test_a_missing_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="jett models pull"):
        EmbeddedLanguageModel(tmp_path / "none.gguf")


def test_a_truncated_model_is_refused_before_it_is_loaded(weights: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.gguf"
    shutil.copy(weights, cut)
    with cut.open("r+b") as file:
        file.truncate(50_000_000)
    with pytest.raises(ModelError, match=r"cut\.gguf has 50000000 bytes, its last tensor begins at \d+; run"):
        EmbeddedLanguageModel(cut)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04" + bytes(100), b"GGUF" + struct.pack("<IQQ", 1, 0, 0)])
def test_what_is_no_model_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "odd.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"odd\.gguf is not a whole GGUF model"):
        EmbeddedLanguageModel(path)


@pytest.mark.parametrize("tensor_type", [0, 999])
def test_a_model_that_llama_cpp_does_not_know_is_told(tensor_type: int, tmp_path: Path) -> None:
    def text(value: bytes) -> bytes:
        return struct.pack("<Q", len(value)) + value

    path = tmp_path / "strange.gguf"
    field = text(b"general.architecture") + struct.pack("<I", 8) + text(b"strange")
    tensor = text(b"t") + struct.pack("<IQIQ", 1, 8, tensor_type, 0)
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 1, 1) + field + tensor + bytes(128))
    with pytest.raises(LanguageModelError, match=r"llama\.cpp cannot run strange\.gguf"):
        EmbeddedLanguageModel(path)


def test_a_context_that_does_not_fit_the_memory_is_refused(weights: Path) -> None:
    with pytest.raises(OutOfMemory, match=r"needs \d+ MiB, \d+ MiB are free; choose a smaller model"):
        EmbeddedLanguageModel(weights, EmbeddedSettings(context_tokens=500_000_000))


def test_a_draft_of_another_vocabulary_is_refused_instead_of_ignored(weights: Path, store: Store) -> None:
    big = store.file("qwen2.5-coder-0.5b-instruct-q4_k_m")
    with pytest.raises(LanguageModelError, match="their vocabularies differ"):
        EmbeddedLanguageModel(big, EmbeddedSettings(context_tokens=512, draft_path=weights))


@pytest.mark.parametrize(
    "settings",
    [
        EmbeddedSettings(context_tokens=512, cache_type="q8_0"),
        EmbeddedSettings(context_tokens=512, guess_ahead="ngram-mod"),
        EmbeddedSettings(context_tokens=512, guess_ahead="ngram-simple", threads=1),
    ],
)
def test_every_setting_answers(weights: Path, settings: EmbeddedSettings) -> None:
    llm = EmbeddedLanguageModel(weights, settings, max_tokens=12)

    async def ask() -> None:
        assert await answer(llm, CAPITAL)
        await llm.aclose()

    anyio.run(ask)


def test_a_model_may_guess_ahead_for_itself(weights: Path) -> None:
    llm = EmbeddedLanguageModel(weights, EmbeddedSettings(context_tokens=512, draft_path=weights), max_tokens=12)

    async def ask() -> None:
        assert await answer(llm, CAPITAL)
        await llm.aclose()

    anyio.run(ask)
