"""The three sets of defaults that lie under the user's own values. Not a place for machine detection: `load` is told.

Keys are `section.key`; each must exist in `schema`, which a test checks by validating every profile.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from jett.settings.schema import Profile

_CPU: dict[str, Any] = {
    "stt.device": "cpu",
    "stt.compute_type": "int8",
    "tts.device": "cpu",
    "llm.gpu_layers": 0,
}

# The owner's card: an RTX 3070. The language model is served by Ollama, which keeps it loaded between turns.
_GPU_8GB: dict[str, Any] = {
    "stt.model": "whisper-base",
    "stt.device": "cuda",
    "stt.compute_type": "int8_float16",
    "llm.backend": "ollama",
    "llm.url": "http://127.0.0.1:11434",
    "llm.model": "jett-qwen3-8b",
    "llm.context_tokens": 8192,
    "llm.cache_type": "q8_0",
    "tts.backend": "kokoro",
    "tts.device": "cuda",
}

_REMOTE: dict[str, Any] = {
    "stt.backend": "openai",
    "stt.url": "http://127.0.0.1:8000/v1",
    "llm.backend": "openai",
    "llm.url": "http://127.0.0.1:8080/v1",
    "stt.device": "cpu",
    "tts.device": "cpu",
}

PROFILES: Mapping[Profile, Mapping[str, Any]] = MappingProxyType(
    {"cpu": MappingProxyType(_CPU), "gpu-8gb": MappingProxyType(_GPU_8GB), "remote": MappingProxyType(_REMOTE)}
)
