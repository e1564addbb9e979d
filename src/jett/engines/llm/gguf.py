"""Looks into a GGUF file before llama.cpp does: is it whole, and how much will its cache want?

llama.cpp says only that it failed, to a log that Jett keeps silent. Reading the header is `core.gguf`'s; which types of
tensors there are is llama.cpp's to know. Called by `embedded` and `llama_server`.
"""

from __future__ import annotations

from pathlib import Path

from jett.core import gguf
from jett.core.errors import ModelError, ModelMissing


def read_header(path: Path) -> gguf.Header:
    """The header of the model at `path`. Raises ModelMissing when there is none, ModelError when it is damaged."""
    try:
        header = gguf.read_header(path)
    except FileNotFoundError as error:
        raise ModelMissing(f"llm: no model at {path}; run `jett models pull`") from error
    except OSError as error:
        raise ModelError(f"llm: cannot read {path} ({error.strerror}); check its permissions") from error
    except gguf.Malformed as error:
        raise ModelError(f"llm: {path.name} is not a whole GGUF model ({error}); run `jett models verify`") from error
    size = header.file_bytes
    last = header.data_offset_bytes + max((tensor.offset_bytes for tensor in header.tensors), default=0)
    if last >= size:
        raise ModelError(
            f"llm: {path.name} has {size} bytes, its last tensor begins at {last}; run `jett models verify`"
        )
    return header


def kv_values_per_token(header: gguf.Header) -> int:
    """Keys and values that one token of context needs in the cache, over all layers; 0 when unknown."""

    def whole(name: str, default: int = 0) -> int:
        number = header.number(name)
        return default if number is None else number

    heads = whole("attention.head_count", 1)
    key = whole("attention.key_length", whole("embedding_length") // max(heads, 1))
    values = key + whole("attention.value_length", key)
    return whole("block_count") * whole("attention.head_count_kv", heads) * values
