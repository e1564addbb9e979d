"""The text of docs/vram-budget.md, worked out by the planner each time. Called by `jett vram --markdown` and a test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from jett.models import vram_speech as speech
from jett.models.vram import Wish, plan
from jett.models.vram_known import KOKORO, LANGUAGE_MODELS, QWEN3_8B, TURBO, WHISPERS
from jett.models.vram_sizes import GIB, MIB, Share, language_model

RTX_3070_BYTES = 8 * GIB
HEADROOM_BYTES = 256 * MIB
OWNERS_WISH = Wish(llm=QWEN3_8B, stt=TURBO, tts=KOKORO, smaller_llms=LANGUAGE_MODELS[1:], smaller_stts=WHISPERS[1:])

_HEAD = """# VRAM budget

<!-- Made by `jett vram --markdown`; do not edit. -->

What an 8 GB card holds, worked out before anything is loaded. `jett vram` prints the plan for this machine, and asks
the card through NVML where there is one.

**Unmeasured on a GPU:** no figure here was read from a card by Jett yet. The owner's table for an RTX 3070 is what
it is compared with.

**Units.** The card is sold as 8 GB and holds 8 GiB (8 × 1024³ bytes = 8.59 × 10⁹). The owner's table says GB; its
figures are read as GiB, which is how drivers count and the only reading in which they compare with the card's 8.
Model files are quoted in GB (10⁹ bytes) where their publishers do: Qwen3-8B Q4_K_M is 5.03 GB = 4.68 GiB.

## The owner's table: RTX 3070, Qwen3 8B Q4_K_M (Ollama) + faster-whisper + Kokoro-82M
"""

_NOTES = """
The table fixes only the totals. The size of the context (8192 tokens), the cache's format (q8_0, flash attention on)
and the Whisper size (large-v3-turbo, int8_float16) are the reading that gives them; `derived` rows then follow without
any adjustment, and the LLM's {llm:.2f} GiB has no calibrated part in it. The conversion is the 5.03 GB one, loaded with
Jett's `Modelfile`; a tag of Ollama's own library may differ in size.

Calibrated, because they depend on library versions or on what else runs and cannot be worked out:

| constant | value | why it cannot be derived |
|---|---|---|
| `CALIBRATED_STT_SCRATCH` | {scratch} MiB | cuBLAS and cuDNN choose it as they run; CTranslate2 keeps freed blocks |
| `CALIBRATED_LIVE_TENSORS` | {live} | onnxruntime's order and fusion decide how many activations live at once |
| `CALIBRATED_CONTEXT` | {context} MiB for each of 2 processes (Ollama's runner, Jett) | the driver's own |
| `CALIBRATED_DESKTOP` | {desktop} MiB | compositor, browser, driver's reserve |

What was checked without a card: the KV cache equals llama.cpp's own log for Qwen2.5-0.5B (48 MiB at 4096 tokens f16,
51 MiB at 8192 q8_0) and SmolLM2-135M (90 MiB at 4096 f16); Whisper's weights are within 0.1 % of the files of tiny.en
and base. llama.cpp of 2026 reserved 41 MiB of workspace where the formula says 299 MiB, because it keeps only the last
token's logits: a recent runner needs up to about 0.25 GiB less than planned.
"""

_POLICY = """
## When it does not fit

A plan must leave {headroom} MiB free (`vram.headroom_mib`). Otherwise, in this order, each step kept when the next is
needed: KV cache as q8_0; context halved, down to 2048 tokens; a smaller Whisper; text-to-speech on the CPU; a smaller
language model; then Jett refuses (`OutOfMemory`, exit code 4) instead of overflowing. A model is never split between
card and CPU. `vram.fall_back = false` refuses at once.

The same wish, with an f16 cache asked for, on cards of several sizes:

| card | what runs | given up | in use | free |
|---|---|---|---|---|
"""


def markdown() -> str:
    """The whole page."""
    scratch, desktop = speech.CALIBRATED_STT_SCRATCH // MIB, speech.CALIBRATED_DESKTOP // MIB
    notes = _NOTES.format(
        llm=OWNERS_WISH.shares()[0].size_bytes / GIB,
        scratch=scratch,
        live=speech.CALIBRATED_LIVE_TENSORS,
        context=speech.CALIBRATED_CONTEXT // MIB,
        desktop=desktop,
    )
    policy = _POLICY.format(headroom=HEADROOM_BYTES // MIB)
    tables = [*_totals(), "", *_parts(OWNERS_WISH.shares())]
    return "\n".join([_HEAD, *tables, notes, *_alternatives(), policy.rstrip("\n"), *_cards()]) + "\n"


def _totals() -> Iterator[str]:
    shares = OWNERS_WISH.shares()
    owner = {"LLM": 5.28, "STT": 1.08, "TTS": 0.36, "system": 0.66}
    yield "| stage | model | planned GiB | owner's table |\n|---|---|---|---|"
    for share in shares:
        yield f"| {share.stage} | {share.model} | {share.size_bytes / GIB:.2f} | {owner[share.stage]:.2f} |"
    yield f"| total | of 8 | **{OWNERS_WISH.total_bytes / GIB:.2f}** | {sum(owner.values()):.2f} |"


def _parts(shares: tuple[Share, ...]) -> Iterator[str]:
    yield "| stage | part | MiB | source | how |\n|---|---|---|---|---|"
    for share in shares:
        for part in share.parts:
            yield f"| {share.stage} | {part.name} | {part.size_bytes / MIB:.1f} | {part.source} | {part.why} |"


def _alternatives() -> Iterator[str]:
    yield "## What a 4B model frees\n"
    yield "| model | weights | KV cache | whole LLM | freed | total of 8 GiB |\n|---|---|---|---|---|---|"
    now = OWNERS_WISH.shares()[0].size_bytes
    for shape in LANGUAGE_MODELS:
        share = language_model(shape, OWNERS_WISH.context_tokens, OWNERS_WISH.cache)
        freed = (now - share.size_bytes) / GIB
        total = replace(OWNERS_WISH, llm=shape).total_bytes / GIB
        sizes = " | ".join(f"{part.size_bytes / GIB:.2f}" for part in share.parts[:2])
        yield f"| {shape.name} | {sizes} | {share.size_bytes / GIB:.2f} | {freed:.2f} | {total:.2f} |"
    yield "\nQwen3.5-4B keeps a cache in 8 of its 32 layers only. The size of its Q4_K_M file is an estimate from its"
    yield "published dimensions (248,320 words × 2560, tied; 4.2 billion parameters without the vision part)."


def _cards() -> Iterator[str]:
    wish = replace(OWNERS_WISH, cache="f16")
    for gib in (12, 8, 7, 6, 4):
        got = plan(wish, gib * GIB, HEADROOM_BYTES)
        runs = ", ".join(share.model for share in got.wish.shares()[:3])
        given_up = "; ".join(got.given_up) or "nothing"
        yield f"| {gib} GiB | {runs} | {given_up} | {got.wish.total_bytes / GIB:.2f} | {got.free_bytes / GIB:.2f} |"
