"""How much of a graphics card each part takes, worked out from shapes and headers before anything is loaded.

Not a measurement (`vram_card` asks the card) and not a policy (`vram` decides). All sizes are bytes; GiB is 1024³.
Each part says where its figure comes from: `file`, `derived` (arithmetic on published shapes) or `calibrated`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from jett.core.errors import ModelError
from jett.core.gguf import Header

MIB = 1024**2
GIB = 1024**3

CacheType = Literal["f16", "q8_0", "q4_0"]
Source = Literal["file", "derived", "calibrated"]

# (values in a block, bytes of a block) of ggml's formats.
_CACHE_BLOCKS: dict[CacheType, tuple[int, int]] = {"f16": (1, 2), "q8_0": (32, 34), "q4_0": (32, 18)}

MICRO_BATCH_TOKENS = 512
"""llama.cpp's and Ollama's default `n_ubatch`: how many tokens of a prompt are computed at once."""


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that takes memory of the card."""

    name: str
    size_bytes: int
    source: Source
    why: str


@dataclass(frozen=True, slots=True)
class Share:
    """All that one stage takes: `LLM`, `STT`, `TTS` or `system`."""

    stage: str
    model: str
    parts: tuple[Part, ...]

    @property
    def size_bytes(self) -> int:
        return sum(part.size_bytes for part in self.parts)


@dataclass(frozen=True, slots=True)
class LanguageModelShape:
    """What of a language model decides its memory. `kv_layers` are those that keep a cache that grows."""

    name: str
    gpu_weight_bytes: int
    kv_layers: int
    kv_heads: int
    key_length: int
    value_length: int
    embedding: int
    feed_forward: int
    vocabulary: int
    recurrent_bytes: int = 0


def shape_of(header: Header, name: str) -> LanguageModelShape:
    """The shape of a model on disk, from its GGUF header. Raises ModelError when the header lacks a number."""
    layers, heads, embedding = (
        _needed(header, key) for key in ("block_count", "attention.head_count", "embedding_length")
    )
    head = embedding // max(1, heads)
    return LanguageModelShape(
        name=name,
        gpu_weight_bytes=gpu_weights(header),
        kv_layers=layers // (header.number("full_attention_interval") or 1),
        kv_heads=header.number("attention.head_count_kv") or heads,
        key_length=header.number("attention.key_length") or head,
        value_length=header.number("attention.value_length") or head,
        embedding=embedding,
        feed_forward=_needed(header, "feed_forward_length"),
        vocabulary=_vocabulary(header),
        recurrent_bytes=_recurrent(header, layers),
    )


def gpu_weights(header: Header) -> int:
    """Bytes of weights that go to the card: all but the token embedding, which llama.cpp keeps in main memory.

    Where the output matrix is the embedding itself (tied), the card holds its copy of that.
    """
    tied = not any(tensor.name == "output.weight" for tensor in header.tensors)
    return sum(tensor.size_bytes for tensor in header.tensors if tied or tensor.name != "token_embd.weight")


def kv_cache_bytes(shape: LanguageModelShape, context_tokens: int, cache: CacheType) -> int:
    """Keys and values of every token of the context in every layer that keeps them."""
    values, size = _CACHE_BLOCKS[cache]
    per_token = shape.kv_layers * shape.kv_heads * (shape.key_length + shape.value_length)
    return context_tokens * per_token * size // values


def compute_bytes(shape: LanguageModelShape, context_tokens: int) -> int:
    """llama.cpp's largest intermediate results for one micro-batch, with flash attention.

    The logits of every token of the micro-batch, or one feed-forward layer beside the attention mask. A recent
    llama.cpp keeps the logits of the last token only and needs less; the plan takes the larger.
    """
    logits = 4 * MICRO_BATCH_TOKENS * (shape.vocabulary + shape.embedding)
    layer = 4 * MICRO_BATCH_TOKENS * 2 * (shape.feed_forward + shape.embedding)
    mask = 2 * MICRO_BATCH_TOKENS * context_tokens
    return max(logits, layer + mask)


def language_model(shape: LanguageModelShape, context_tokens: int, cache: CacheType) -> Share:
    """The language model with one slot of `context_tokens`, all its layers on the card, flash attention on."""
    parts = [
        Part("weights", shape.gpu_weight_bytes, "file", "tensors of the file but the token embedding"),
        Part(
            f"KV cache, {context_tokens} tokens, {cache}",
            kv_cache_bytes(shape, context_tokens, cache) + shape.recurrent_bytes,
            "derived",
            f"{shape.kv_layers} layers × {shape.kv_heads} heads × ({shape.key_length} + {shape.value_length})",
        ),
        Part(
            "compute workspace",
            compute_bytes(shape, context_tokens),
            "derived",
            f"{MICRO_BATCH_TOKENS} tokens × ({shape.vocabulary} + {shape.embedding}) × 4 B",
        ),
    ]
    if cache != "f16":
        unpacked = 2 * context_tokens * shape.kv_heads * (shape.key_length + shape.value_length)
        parts.append(Part("cache unpacked", unpacked, "derived", "one layer's keys and values as f16, for attention"))
    return Share("LLM", shape.name, tuple(parts))


def _needed(header: Header, key: str) -> int:
    number = header.number(key)
    if not number or number < 0:
        raise ModelError(
            f"models: the GGUF header gives {number} for {header.architecture}.{key}, need 1 or more; fetch it again"
        )
    return number


def _vocabulary(header: Header) -> int:
    for name in ("output.weight", "token_embd.weight"):
        for tensor in header.tensors:
            if tensor.name == name and len(tensor.shape) == 2:
                return tensor.shape[1]
    return header.number("vocab_size") or 0


def _recurrent(header: Header, layers: int) -> int:
    """The fixed state of linear-attention layers, f32: a matrix for each head and the convolution's last inputs."""
    interval = header.number("full_attention_interval") or 1
    inner, state = header.number("ssm.inner_size") or 0, header.number("ssm.state_size") or 0
    groups, kernel = header.number("ssm.group_count") or 0, header.number("ssm.conv_kernel") or 1
    return recurrent_bytes(layers - layers // interval, inner, state, groups, kernel)


def recurrent_bytes(layers: int, inner: int, state: int, groups: int, kernel: int) -> int:
    """Bytes of `layers` gated delta-net states for one conversation."""
    return 4 * layers * (inner * state + (kernel - 1) * (inner + 2 * groups * state))
