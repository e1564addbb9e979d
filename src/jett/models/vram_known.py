"""Published shapes of models that may be planned for without having their files. Not a list of what can be fetched.

A model on disk is planned from its own header instead (`vram_sizes.shape_of`).
Sources: the model cards and configurations of Qwen, OpenAI and hexgrad; file sizes of the usual Q4_K_M conversions.
"""

from __future__ import annotations

from jett.models.vram_sizes import LanguageModelShape, recurrent_bytes
from jett.models.vram_speech import VoiceModel, WhisperShape

_Q4_K_BITS, _Q6_K_BITS = 4.5, 6.5625

# Measured on Qwen2.5's files, which carry the same 151,936 words: everything before the first tensor.
_QWEN_HEADER_BYTES = 5_947_776


def _qwen3_8b() -> LanguageModelShape:
    """5.03 GB on disk; the embedding (Q4_K) is not tied and stays in main memory."""
    embedding = int(151_936 * 4096 * _Q4_K_BITS / 8)
    weights = 5_027_783_488 - _QWEN_HEADER_BYTES - embedding
    return LanguageModelShape("Qwen3-8B Q4_K_M", weights, 36, 8, 128, 128, 4096, 12_288, 151_936)


def _qwen3_4b() -> LanguageModelShape:
    """2.50 GB on disk; the embedding (Q6_K) is tied, so the card holds it too."""
    weights = 2_497_281_120 - _QWEN_HEADER_BYTES
    return LanguageModelShape("Qwen3-4B-Instruct-2507 Q4_K_M", weights, 36, 8, 128, 128, 2560, 9728, 151_936)


def _qwen35_4b() -> LanguageModelShape:
    """A hybrid: 8 of 32 layers keep a cache, 24 a fixed state. Its weights are an estimate, not a file's size:
    the tied embedding at Q6_K and 3.57 billion others at Q4_K_M's usual 4.9 bits."""
    weights = int(248_320 * 2560 * _Q6_K_BITS / 8 + 3.57e9 * 4.9 / 8)
    state = recurrent_bytes(layers=24, inner=4096, state=128, groups=16, kernel=4)
    return LanguageModelShape("Qwen3.5-4B Q4_K_M (size estimated)", weights, 8, 4, 256, 256, 2560, 9216, 248_320, state)


QWEN3_8B = _qwen3_8b()
QWEN3_4B = _qwen3_4b()
QWEN35_4B = _qwen35_4b()

LANGUAGE_MODELS = (QWEN3_8B, QWEN35_4B, QWEN3_4B)
"""Best first."""

WHISPERS = (
    WhisperShape("whisper-large-v3-turbo", 1280, 20, 32, 4, 128, 51_866),
    WhisperShape("whisper-small", 768, 12, 12, 12, 80, 51_865),
    WhisperShape("whisper-base", 512, 8, 6, 6, 80, 51_865),
    WhisperShape("whisper-tiny.en", 384, 6, 4, 4, 80, 51_864),
)
"""Largest first: the order in which a plan falls back."""

TURBO, SMALL, BASE, TINY = WHISPERS

KOKORO = VoiceModel("Kokoro-82M float32", 325_532_387)
KOKORO_INT8 = VoiceModel("Kokoro-82M int8", 92_361_271)
