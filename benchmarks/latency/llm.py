"""Time to the language model's first token after 1,000 tokens of history, and its rate: models and settings compared.

    python benchmarks/latency/llm.py                   all variants, about 4 minutes
    python benchmarks/latency/llm.py --quick           the default and the fastest small model, under a minute
    python benchmarks/latency/llm.py --model FILE      a GGUF file of your own instead of the store's

Also `jett bench llm`. All variants are loaded at once and asked in turn, so that a busy machine is busy for each. Every
question is new and follows the same history, which is in the cache: timed are reading the question and one token.
"Prefilled" is the same question asked again, as if its transcript had been read while the user still spoke.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field, replace
from pathlib import Path

import anyio

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.report import Figures, emit, percentile, table
from jett.cli.failures import report
from jett.core.errors import JettError, LanguageModelError
from jett.core.ports import Message
from jett.engines.llm.embedded import EmbeddedLanguageModel, EmbeddedSettings
from jett.models.store import Store

DEFAULT = "qwen2.5-coder-0.5b-instruct-q4_k_m"
SMALL = "smollm2-135m-instruct-q4_1"
HISTORY_TOKENS = 1000
REPLY_TOKENS = 32
WORDS = ("water", "garden", "coffee", "server", "morning", "music", "window", "letter", "river", "winter", "table")
OPENINGS = ("How do I carry", "Please explain", "Can you draw", "Where did they hide", "Tell me about", "Who invented")


@dataclass
class Variant:
    """One model with its settings, and what was measured of it."""

    name: str
    model: str | Path
    settings: EmbeddedSettings = field(default_factory=EmbeddedSettings)
    ttft_ms: list[float] = field(default_factory=list)
    prompt_ms: list[float] = field(default_factory=list)
    exact_ms: list[float] = field(default_factory=list)
    prompt_tokens: list[float] = field(default_factory=list)
    tokens_per_s: list[float] = field(default_factory=list)
    history_tokens: int = 0
    cold_ms: float = 0.0
    draft: str = ""
    """The model in the store that guesses ahead for this one."""
    refused: str = ""


def variants(model: str | Path, quick: bool) -> list[Variant]:
    """The default comes first; the headline figures are its."""
    plain = EmbeddedSettings()
    small = Variant("SmolLM2-135M", SMALL)
    if quick:
        return [Variant("default", model), small]
    return [
        Variant("default", model),
        Variant("1 thread", model, replace(plain, threads=1)),
        Variant("batch 512", model, replace(plain, batch_tokens=512)),
        Variant("q8_0 cache", model, replace(plain, cache_type="q8_0")),
        Variant("ngram-simple", model, replace(plain, guess_ahead="ngram-simple")),
        Variant("ngram-mod", model, replace(plain, guess_ahead="ngram-mod")),
        Variant("draft: SmolLM2-135M", model, draft=SMALL),
        Variant("draft: itself", model, draft=DEFAULT),
        small,
    ]


def present(wanted: list[Variant], store: Store) -> list[Variant]:
    """The variants whose model is here; that one is left out is said, and the default is never left out."""
    here = wanted[:1]
    for variant in wanted[1:]:
        if all(
            isinstance(needed, Path) or not needed or store.has(needed) for needed in (variant.model, variant.draft)
        ):
            here.append(variant)
        else:
            sys.stderr.write(f"bench: left out {variant.name}; to compare: jett models pull {variant.model}\n")
    return here


def conversation(n_words: int) -> list[Message]:
    """A history of about `n_words` words, always the same."""
    chosen = random.Random(7)
    turns = [Message("system", "You are Jett, a voice assistant. Answer in one or two short sentences.")]
    for _ in range(n_words // 80):
        turns += [
            Message("user", " ".join(chosen.choices(WORDS, k=40))),
            Message("assistant", " ".join(chosen.choices(WORDS, k=40))),
        ]
    return turns


def question(turn: int) -> Message:
    """Of the length of a spoken request, and begun otherwise than the one before."""
    chosen = random.Random(turn)
    return Message(
        "user", f"Tell me a short story about a {chosen.choice(WORDS)} and a {chosen.choice(WORDS)}, please."
    )


async def ask(llm: EmbeddedLanguageModel, turns: Sequence[Message]) -> float:
    """Answer in full; milliseconds to the first text."""
    began_s, first_ms = time.perf_counter(), 0.0
    async with aclosing(llm.stream(turns)) as pieces:
        async for _ in pieces:
            first_ms = first_ms or (time.perf_counter() - began_s) * 1000
    return first_ms


async def measure(variant: Variant, llm: EmbeddedLanguageModel, history: Sequence[Message], turn: int) -> None:
    """One question never asked before, and once more: then only its last token is read again."""
    turns = [*history, question(turn)]
    variant.ttft_ms.append(await ask(llm, turns))
    timings = llm.last_timings
    variant.prompt_ms.append(timings.prompt_ms)
    variant.prompt_tokens.append(timings.prompt_tokens)
    if timings.generated_tokens > 1 and timings.generated_ms:
        variant.tokens_per_s.append((timings.generated_tokens - 1) / timings.generated_ms * 1000)
    await llm.prefill(turns)
    variant.exact_ms.append(await ask(llm, turns))


async def measure_all(chosen: list[Variant], store: Store, rounds: int) -> None:
    """Load every variant, give each the history, then ask them in turn."""
    history = conversation(HISTORY_TOKENS * 9 // 10)
    async with AsyncExitStack() as stack:
        loaded: list[tuple[Variant, EmbeddedLanguageModel]] = []
        for variant in chosen:
            path = variant.model if isinstance(variant.model, Path) else store.file(variant.model)
            settings = replace(variant.settings, draft_path=store.file(variant.draft) if variant.draft else None)
            try:
                llm = await anyio.to_thread.run_sync(_load, path, settings)
            except LanguageModelError as error:
                variant.refused = str(error)
                continue
            stack.push_async_callback(llm.aclose)
            await llm.prefill([*history, question(0)])
            read = llm.last_timings
            variant.history_tokens, variant.cold_ms = read.prompt_tokens + read.cached_tokens, read.prompt_ms
            loaded.append((variant, llm))
        for turn in range(1, rounds + 1):
            for variant, llm in loaded:
                await measure(variant, llm, history, turn)


def _load(path: Path, settings: EmbeddedSettings) -> EmbeddedLanguageModel:
    return EmbeddedLanguageModel(path, settings, max_tokens=REPLY_TOKENS)


def figures_of(variant: Variant, prefix: str) -> Figures:
    """Flat figures of one variant."""
    return {
        f"{prefix}ttft_p50_ms": percentile(variant.ttft_ms, 50),
        f"{prefix}ttft_p95_ms": percentile(variant.ttft_ms, 95),
        f"{prefix}ttft_prefilled_p50_ms": percentile(variant.exact_ms, 50),
        f"{prefix}prompt_p50_ms": percentile(variant.prompt_ms, 50),
        f"{prefix}new_prompt_tokens": percentile(variant.prompt_tokens, 50),
        f"{prefix}tokens_per_s": percentile(variant.tokens_per_s, 50),
        f"{prefix}cold_history_ms": round(variant.cold_ms, 1),
        f"{prefix}history_tokens": variant.history_tokens,
    }


def run(
    *, model: str | Path = DEFAULT, quick: bool = False, rounds: int | None = None, compare: bool = False
) -> tuple[Figures, str]:
    """Measure the default, with `compare` its variants too; flat figures (`llm_…`) and a table. Raises JettError."""
    store = Store()
    chosen = present(variants(model, quick), store) if compare else variants(model, quick)[:1]
    anyio.run(measure_all, chosen, store, rounds or (4 if quick else 12))
    figures = figures_of(chosen[0], "llm_")
    measured = [variant for variant in chosen if not variant.refused]
    for variant in measured[1:]:
        name = "".join(char if char.isalnum() else "_" for char in variant.name.lower())
        figures |= figures_of(variant, f"llm_{name}_")
    head = [
        "variant",
        "TTFT P50 ms",
        "P95",
        "of it prompt",
        "new tokens",
        "prefilled P50",
        "tokens/s",
        "cold history ms",
    ]
    rows = [
        [
            variant.name,
            percentile(variant.ttft_ms, 50),
            percentile(variant.ttft_ms, 95),
            percentile(variant.prompt_ms, 50),
            percentile(variant.prompt_tokens, 50),
            percentile(variant.exact_ms, 50),
            percentile(variant.tokens_per_s, 50),
            round(variant.cold_ms),
        ]
        for variant in measured
    ]
    notes = [f"{variant.name}: {variant.refused}" for variant in chosen if variant.refused]
    return figures, "\n".join([table(rows, head), *notes])


def options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="jett bench llm", description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="two variants, under a minute")
    parser.add_argument("--model", type=Path, help="a GGUF file to measure instead of the default model")
    parser.add_argument("--rounds", type=int, help="questions per variant")
    parser.add_argument("--json", action="store_true", help="flat JSON on standard output")
    parser.add_argument("--save", type=Path, help="write the JSON to this file")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    args = options(sys.argv[1:] if argv is None else argv)
    try:
        figures, text = run(model=args.model or DEFAULT, quick=args.quick, rounds=args.rounds, compare=True)
    except JettError as error:
        report(error, as_json=args.json)
        return error.exit_code
    emit(figures, text, as_json=args.json, save=args.save)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
