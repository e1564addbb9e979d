"""VRAM planning: the owner's table, the policy, and the refusal instead of an overflow."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from jett.cli.vram import vram
from jett.core.errors import ModelError, OutOfMemory
from jett.models.gguf import read_header
from jett.models.store import Store
from jett.models.vram import LEAST_CONTEXT_TOKENS, plan
from jett.models.vram_card import find_card
from jett.models.vram_known import BASE, QWEN3_4B, QWEN3_8B, QWEN35_4B, TINY, TURBO
from jett.models.vram_page import HEADROOM_BYTES, OWNERS_WISH, RTX_3070_BYTES, markdown
from jett.models.vram_sizes import GIB, MIB, CacheType, gpu_weights, kv_cache_bytes, shape_of
from jett.models.vram_speech import whisper_weights
from jett.settings import Settings
from jett.settings.vram import known_language_model, wish_of

DOCS = Path(__file__).parents[2] / "docs"

app = typer.Typer()
app.command()(vram)


def test_the_plan_reproduces_the_owners_table_for_an_rtx_3070() -> None:
    shares = {share.stage: round(share.size_bytes / GIB, 2) for share in OWNERS_WISH.shares()}
    assert shares == {"LLM": 5.28, "STT": 1.08, "TTS": 0.36, "system": 0.66}
    assert round(OWNERS_WISH.total_bytes / GIB, 2) == 7.38
    assert plan(OWNERS_WISH, RTX_3070_BYTES, HEADROOM_BYTES).given_up == ()


def test_no_part_of_the_language_model_is_calibrated() -> None:
    assert {part.source for part in OWNERS_WISH.shares()[0].parts} == {"file", "derived"}


@pytest.mark.parametrize(
    ("model", "tokens", "cache", "logged_mib"),
    [
        ("qwen2.5-coder-0.5b-instruct-q4_k_m", 4096, "f16", 48.0),
        ("qwen2.5-coder-0.5b-instruct-q4_k_m", 8192, "q8_0", 51.0),
        ("smollm2-135m-instruct-q4_1", 4096, "f16", 90.0),
    ],
)
@pytest.mark.models
def test_the_cache_from_the_header_is_what_llama_cpp_logged(
    store: Store, model: str, tokens: int, cache: CacheType, logged_mib: float
) -> None:
    assert kv_cache_bytes(shape_of(read_header(store.file(model)), model), tokens, cache) / MIB == logged_mib


@pytest.mark.models
def test_the_real_qwen_header_keeps_its_embedding_off_the_card(store: Store) -> None:
    header = read_header(store.file("qwen2.5-coder-0.5b-instruct-q4_k_m"))
    shape = shape_of(header, "qwen")
    assert (shape.kv_layers, shape.kv_heads, shape.key_length, shape.vocabulary) == (24, 2, 64, 151_936)
    embedding = next(t.size_bytes for t in header.tensors if t.name == "token_embd.weight")
    assert gpu_weights(header) == sum(t.size_bytes for t in header.tensors) - embedding


@pytest.mark.models
def test_the_real_smollm2_header_has_a_tied_embedding(store: Store) -> None:
    header = read_header(store.file("smollm2-135m-instruct-q4_1"))
    shape = shape_of(header, "smollm2")
    assert (shape.kv_layers, shape.kv_heads, shape.key_length, shape.vocabulary) == (30, 3, 64, 49_152)
    assert gpu_weights(header) == sum(t.size_bytes for t in header.tensors)


def test_whisper_weights_from_dimensions_agree_with_the_real_files_within_a_thousandth() -> None:
    assert whisper_weights(TINY, "float16") == pytest.approx(75_537_502, rel=1e-3)
    assert whisper_weights(BASE, "float16") == pytest.approx(145_217_532, rel=1e-3)


def test_a_4b_model_frees_about_two_gib() -> None:
    totals = [replace(OWNERS_WISH, llm=shape).total_bytes / GIB for shape in (QWEN3_8B, QWEN3_4B, QWEN35_4B)]
    assert totals[0] - totals[1] == pytest.approx(2.03, abs=0.01)
    assert totals[0] - totals[2] == pytest.approx(2.06, abs=0.01)


GIVEN_UP_STEPS = [
    (8.0, "f16", ["KV cache q8_0 instead of f16"]),
    (7.4, "q8_0", ["context of 4096 tokens instead of 8192"]),
    (7.2, "q8_0", ["context of 2048 tokens instead of 8192"]),
    (6.7, "q8_0", ["context of 2048", "whisper-small instead of whisper-large-v3-turbo"]),
    (6.45, "q8_0", ["context of 2048", "whisper-base instead of"]),
    (6.2, "q8_0", ["context of 2048", "whisper-tiny.en instead of", "text-to-speech on the CPU"]),
    (4.5, "q8_0", ["context of 2048", "whisper-tiny.en", "text-to-speech on the CPU", "Qwen3.5-4B Q4_K_M"]),
]


@pytest.mark.parametrize(("gib", "cache", "reasons"), GIVEN_UP_STEPS)
def test_what_is_given_up_follows_the_stated_order(gib: float, cache: CacheType, reasons: list[str]) -> None:
    got = plan(replace(OWNERS_WISH, cache=cache), int(gib * GIB), HEADROOM_BYTES)
    assert len(got.given_up) == len(reasons), got.given_up
    assert all(reason in said for reason, said in zip(reasons, got.given_up, strict=True)), got.given_up


@given(gib=st.floats(0, 24), headroom_mib=st.integers(0, 4096))
def test_a_plan_fits_its_card_with_its_headroom_or_is_refused(gib: float, headroom_mib: int) -> None:
    fits = True
    try:
        got = plan(OWNERS_WISH, int(gib * GIB), headroom_mib * MIB)
    except OutOfMemory:
        fits = False
    else:
        assert got.free_bytes >= headroom_mib * MIB
        assert got.wish.context_tokens >= LEAST_CONTEXT_TOKENS
    assert fits or gib < 3.7 + headroom_mib / 1024


def test_a_card_that_is_too_small_is_refused_with_what_it_needs_and_the_fix() -> None:
    with pytest.raises(
        OutOfMemory, match=r"need 3\.\d+ GiB after every fallback, limit 1\.75 GiB .*; choose a smaller"
    ):
        plan(OWNERS_WISH, 2 * GIB, HEADROOM_BYTES)


def test_without_falling_back_the_first_misfit_is_refused() -> None:
    with pytest.raises(OutOfMemory, match=r"need 7\.38 GiB and vram\.fall_back is false"):
        plan(OWNERS_WISH, 7 * GIB, HEADROOM_BYTES, fall_back=False)


def test_the_cpu_profile_puts_nothing_on_a_card_and_the_8_gb_profile_everything() -> None:
    cpu = wish_of(Settings.load(env={"JETT_CONFIG": "", "JETT_PROFILE": "cpu"}))
    assert (cpu.llm, cpu.stt, cpu.tts) == (None, None, None)
    gpu = wish_of(Settings.load(env={"JETT_PROFILE": "gpu-8gb"}))
    assert gpu.llm is not None
    assert gpu.stt is not None
    assert gpu.tts is not None
    remote = wish_of(Settings.load(env={"JETT_PROFILE": "remote", "JETT_LLM__URL": "http://10.0.0.9/v1"}))
    assert (remote.llm, remote.stt, remote.tts) == (None, None, None)


@pytest.mark.parametrize(
    ("name", "found"), [("qwen3:8b", QWEN3_8B), ("jett-qwen3-8b", QWEN3_8B), ("Qwen3_4B", QWEN3_4B)]
)
def test_a_served_model_is_known_by_its_name(name: str, found: object) -> None:
    assert known_language_model(name) is found
    with pytest.raises(ModelError, match="size of model 'mystery' is not known, known are qwen3-8b"):
        known_language_model("mystery")


def test_the_budget_page_is_current() -> None:
    page = (DOCS / "vram-budget.md").read_text(encoding="utf-8")
    assert page == markdown(), "run: jett vram --markdown > docs/vram-budget.md"


def test_the_command_plans_prints_and_refuses() -> None:
    env = {"JETT_PROFILE": "gpu-8gb", "JETT_STT__MODEL": TURBO.name}
    shown = CliRunner().invoke(app, ["--json", "--card-gib", "8"], env=env)
    report = json.loads(shown.output)
    assert (report["total_gib"], report["card_gib"], report["given_up"]) == (7.378, 8.0, [])
    told = CliRunner().invoke(app, ["--card-gib", "6"], env=env)
    assert "given up to fit: text-to-speech on the CPU" in told.output
    refused = CliRunner().invoke(app, ["--card-gib", "2"], env=env)
    assert isinstance(refused.exception, OutOfMemory)
    assert CliRunner().invoke(app, ["--markdown"]).stdout_bytes.decode() == markdown()


def test_a_machine_is_asked_for_its_card_without_failing() -> None:
    card = find_card()
    assert card is None or 0 < card.free_bytes <= card.total_bytes
