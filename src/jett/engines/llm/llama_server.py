"""Starts llama.cpp's server inside this process: who may reach it, how many threads, what it caches and guesses.

Not a client, and it starts no second process. Called by `embedded`.
"""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Literal

import psutil

from jett.core.errors import LanguageModelError, ModelError, OutOfMemory
from jett.core.gguf import Header
from jett.engines.llm.gguf import kv_values_per_token, read_header

_WORKSPACE_BYTES = 300_000_000
"""Compute buffers, tokenizer, HTTP threads: measured with 0.1B and 0.5B models at a context of 4096."""

_BYTES_PER_KV_VALUE = {"f16": 2.0, "q8_0": 34 / 32, "q4_0": 18 / 32}

_SPECULATION = {"ngram-simple": "NGRAM_SIMPLE", "ngram-mod": "NGRAM_MOD", "draft": "DRAFT_SIMPLE"}

_SILENT = -1

_SPINS = "1000"
"""How often llama.cpp's OpenMP threads look at a barrier before they sleep. The default is 300 times as long, so that a
waiting thread keeps the core which the other needs as soon as anything else runs. Measured on two cores beside one busy
process: first token after 280 instead of 450 ms, 18 instead of 11 tokens/s; alone no slower."""


@dataclass(frozen=True, slots=True)
class EmbeddedSettings:
    """How the embedded server runs. The defaults are the fastest found for two cores (benchmarks/latency/llm.py)."""

    threads: int = 0
    """0: one per physical core, at most 8."""
    context_tokens: int = 4096
    batch_tokens: int = 32
    """Prompt tokens per step: a step cannot be cancelled, so this bounds how long a dropped prefill holds the slot."""
    prompt_cache_mib: int = 256
    """For conversations that lost the slot to another one; they come back without being read again."""
    cache_type: Literal["f16", "q8_0", "q4_0"] = "f16"
    """Of the KV cache. q8_0 halves its memory and is slower on a CPU; it is for cards that are full."""
    guess_ahead: Literal["none", "ngram-simple", "ngram-mod"] = "none"
    """Speculative decoding from the conversation's own words: no gain for short spoken answers."""
    draft_path: Path | None = None
    """A smaller model of the same vocabulary that guesses ahead, instead of `guess_ahead`."""
    gpu_layers: int = 0
    slots: int = 1
    """Answers at once. They share the context's memory; what one has read, another has not."""


def default_threads() -> int:
    """One thread per physical core, at most 8: beyond that a small model waits for its own barriers."""
    return max(1, min(psutil.cpu_count(logical=False) or os.cpu_count() or 1, 8))


def refuse_what_does_not_fit(path: Path, header: Header, settings: EmbeddedSettings) -> None:
    """Weights, cache and workspace against the memory that is free. Raises OutOfMemory."""
    cache = int(kv_values_per_token(header) * settings.context_tokens * _BYTES_PER_KV_VALUE[settings.cache_type])
    draft_bytes = read_header(settings.draft_path).file_bytes if settings.draft_path else 0
    need = header.file_bytes + cache + draft_bytes + _WORKSPACE_BYTES
    free = psutil.virtual_memory().available
    if need > free:
        raise OutOfMemory(
            f"llm: {path.name} with {settings.context_tokens} tokens of context needs {need >> 20} MiB, "
            f"{free >> 20} MiB are free; choose a smaller model or lower llm.context_tokens"
        )


def start(path: Path, settings: EmbeddedSettings, api_key: str) -> object:
    """The running server, which ends when it is forgotten. Raises LanguageModelError or OutOfMemory."""
    xllamacpp = _import_llama()
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.model_alias = {"jett"}
    params.verbosity = _SILENT
    _serve_this_process_only(params, api_key)
    _tune(params, settings)
    _cache_and_guess(xllamacpp, params, settings)
    try:
        return xllamacpp.Server(params)
    except (RuntimeError, ValueError) as error:
        raise LanguageModelError(
            f"llm: llama.cpp cannot run {path.name} with {settings.context_tokens} tokens of context; "
            "lower llm.context_tokens, or choose a model that this xllamacpp knows"
        ) from error
    except MemoryError as error:
        raise OutOfMemory(f"llm: no memory left for {path.name}; choose a smaller model") from error


def _import_llama() -> ModuleType:
    """xllamacpp, with threads that sleep early: GNU OpenMP reads the variable once, when it is loaded."""
    ours = not {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"} & os.environ.keys()
    if ours:
        os.environ["GOMP_SPINCOUNT"] = _SPINS
    try:
        return importlib.import_module("xllamacpp")
    except ImportError as error:
        raise LanguageModelError(
            f"llm: llama.cpp does not load ({error}); on Debian install libgomp1, on Fedora libgomp"
        ) from error
    finally:
        if ours:
            del os.environ["GOMP_SPINCOUNT"]


def _serve_this_process_only(params: object, api_key: str) -> None:
    """A free loopback port, a key that only this process knows, no page and no site that may call it."""
    for name, value in {
        "hostnames": ["127.0.0.1"],
        "port": 0,
        "api_keys": [api_key],
        "ui": False,
        "cors_origins": "",
        "cors_credentials": False,
        "endpoint_metrics": False,
        "endpoint_props": False,
        "offline": True,
    }.items():
        _set(params, name, value)


def _tune(params: object, settings: EmbeddedSettings) -> None:
    threads = settings.threads or default_threads()
    for name, value in {
        "n_ctx": settings.context_tokens,
        # Each request names its slot (`embedded`): so its cache holds the conversation, and a prefill extends that one.
        "n_parallel": settings.slots,
        # A request that was dropped holds its thread until the batch at hand is done; the next must not wait for that.
        "n_threads_http": 2 + 2 * settings.slots,
        "kv_unified": settings.slots > 1,
        "n_batch": settings.batch_tokens,
        "n_ubatch": settings.batch_tokens,
        "cache_ram_mib": settings.prompt_cache_mib,
        "n_gpu_layers": settings.gpu_layers,
        # Fitting a model to a card that there is not costs a second load.
        "fit_params": False,
        "warmup": True,
    }.items():
        _set(params, name, value)
    params.cpuparams.n_threads = threads  # type: ignore[attr-defined]
    params.cpuparams_batch.n_threads = threads  # type: ignore[attr-defined]


def _cache_and_guess(xllamacpp: ModuleType, params: object, settings: EmbeddedSettings) -> None:
    kind = getattr(xllamacpp.ggml_type, f"GGML_TYPE_{settings.cache_type.upper()}")
    _set(params, "cache_type_k", kind)
    _set(params, "cache_type_v", kind)
    guess = "draft" if settings.draft_path else settings.guess_ahead
    if guess == "none":
        return
    name = f"COMMON_SPECULATIVE_TYPE_{_SPECULATION[guess]}"
    speculative = params.speculative  # type: ignore[attr-defined]
    speculative.types = [getattr(xllamacpp.common_speculative_type, name)]
    if settings.draft_path:
        threads = settings.threads or default_threads()
        speculative.draft.mparams.path = str(settings.draft_path)
        speculative.draft.cpuparams.n_threads = threads
        speculative.draft.cpuparams_batch.n_threads = threads


def _set(params: object, name: str, value: object) -> None:
    """Set a parameter that must exist: a renamed security switch must fail loudly."""
    if not hasattr(params, name):
        raise ModelError(f"llm: this xllamacpp has no setting {name!r}; install the version that Jett pins")
    setattr(params, name, value)
