"""llama.cpp inside this process: its real OpenAI-compatible server on a loopback port, tuned for a few CPU cores.

Starts, guards and ends that server; the talking is `openai_chat`'s. Not for a model that does not fit into memory: it
refuses. Called by the composition root, in a thread, since loading blocks for seconds.
"""

from __future__ import annotations

import importlib
import os
import secrets
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import anyio
import psutil

from jett.core.errors import LanguageModelError, ModelError, OutOfMemory
from jett.core.ports import Message
from jett.engines.llm.answer import Timeouts, Timings
from jett.engines.llm.gguf import GgufHeader, read_header
from jett.engines.llm.openai_chat import NO_THINKING, OpenAIChatLanguageModel

_WORKSPACE_BYTES = 300_000_000
"""Compute buffers, tokenizer, HTTP threads: measured with 0.1B and 0.5B models at a context of 4096."""

_BYTES_PER_KV_VALUE = 2
"""float16."""

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
    gpu_layers: int = 0


class EmbeddedLanguageModel:
    """Answers from a GGUF file. Blocks while the model loads; use `aclose` to give everything back.

    Raises ModelMissing, ModelError (damaged), OutOfMemory, LanguageModelError (llama.cpp cannot run it).
    """

    def __init__(
        self,
        model_path: Path,
        settings: EmbeddedSettings | None = None,
        *,
        max_tokens: int = 160,
        temperature: float = 0.0,
        timeouts: Timeouts | None = None,
    ) -> None:
        settings = settings or EmbeddedSettings()
        header = read_header(model_path)
        _refuse_what_does_not_fit(model_path, header, settings)
        self._api_key = secrets.token_urlsafe(32)
        self._server: object | None = _start(model_path, settings, self._api_key)
        self.base_url = f"{self._server.listening_address}/v1"  # type: ignore[attr-defined]
        self._chat = OpenAIChatLanguageModel(
            self.base_url,
            api_key=self._api_key,
            max_tokens=max_tokens,
            temperature=temperature,
            timeouts=timeouts,
            # With progress events the server also notices during a long prompt that nobody listens any more.
            extra_body={**NO_THINKING, "cache_prompt": True, "return_progress": True},
        )

    @property
    def key_header(self) -> dict[str, str]:
        """What a request of one's own to `base_url` must carry, such as one for its `/slots`."""
        return {"Authorization": f"Bearer {self._api_key}"}

    @property
    def last_timings(self) -> Timings:
        """Where the time of the last finished answer or prefill went."""
        return self._chat.last_timings

    def stream(self, messages: Sequence[Message]) -> AsyncGenerator[str, None]:
        """Text as it is generated. Closing the stream frees the slot at once. Raises LanguageModelError."""
        return self._chat.stream(messages)

    async def prefill(self, messages: Sequence[Message]) -> None:
        """Read `messages` into the slot's cache. Cancelling stops after the batch at hand."""
        await self._chat.prefill(messages)

    async def aclose(self) -> None:
        """End the server and free the model; safe to call twice."""
        await self._chat.aclose()
        await anyio.to_thread.run_sync(self._drop)

    def _drop(self) -> None:
        self._server = None


def default_threads() -> int:
    """One thread per physical core, at most 8: beyond that a small model waits for its own barriers."""
    return max(1, min(psutil.cpu_count(logical=False) or os.cpu_count() or 1, 8))


def _refuse_what_does_not_fit(path: Path, header: GgufHeader, settings: EmbeddedSettings) -> None:
    cache = header.kv_values_per_token * settings.context_tokens * _BYTES_PER_KV_VALUE
    need = header.file_bytes + cache + _WORKSPACE_BYTES
    free = psutil.virtual_memory().available
    if need > free:
        raise OutOfMemory(
            f"llm: {path.name} with {settings.context_tokens} tokens of context needs {need >> 20} MiB, "
            f"{free >> 20} MiB are free; choose a smaller model or lower llm.context_tokens"
        )


def _start(path: Path, settings: EmbeddedSettings, api_key: str) -> object:
    xllamacpp = _import_llama()
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.model_alias = {"jett"}
    params.verbosity = _SILENT
    _serve_this_process_only(params, api_key)
    _tune(params, settings)
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
        "n_threads_http": 4,
    }.items():
        _set(params, name, value)


def _tune(params: object, settings: EmbeddedSettings) -> None:
    threads = settings.threads or default_threads()
    for name, value in {
        "n_ctx": settings.context_tokens,
        # One slot: its cache then always holds the conversation, and a prefill extends it instead of taking another.
        "n_parallel": 1,
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


def _set(params: object, name: str, value: object) -> None:
    """Set a parameter that must exist: a renamed security switch must fail loudly."""
    if not hasattr(params, name):
        raise ModelError(f"llm: this xllamacpp has no setting {name!r}; install the version that Jett pins")
    setattr(params, name, value)
