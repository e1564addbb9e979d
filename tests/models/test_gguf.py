"""The GGUF header reader: right on real files, harmless on broken ones."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jett.core.errors import ModelError
from jett.models.gguf import Array, read_header
from jett.models.store import Store
from jett.models.vram_sizes import gpu_weights, shape_of


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def entry(key: str, kind: int, value: bytes) -> bytes:
    return text(key) + struct.pack("<I", kind) + value


def gguf(entries: tuple[bytes, ...] = (), tensors: tuple[bytes, ...] = (), version: int = 3, weights: int = 0) -> bytes:
    head = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(entries)) + b"".join(entries + tensors)
    return head.ljust(-(-len(head) // 32) * 32, b"\0") + bytes(weights)


def tensor(name: str, shape: tuple[int, ...], kind: int, offset: int = 0) -> bytes:
    return text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)


SMALL = gguf(
    (
        entry("general.architecture", 8, text("toy")),
        entry("toy.block_count", 4, struct.pack("<I", 2)),
        entry("toy.attention.head_count_kv", 9, struct.pack("<IQ3I", 4, 3, 1, 4, 2)),
        entry("tokenizer.ggml.tokens", 9, struct.pack("<IQ", 8, 2) + text("a") + text("b")),
        entry("tokenizer.ggml.scores", 9, struct.pack("<IQ", 6, 2000) + bytes(8000)),
    ),
    (tensor("token_embd.weight", (32, 4), 8),),
    weights=136,
)


def read(tmp_path: Path, content: bytes) -> object:
    file = tmp_path / "model.gguf"
    file.write_bytes(content)
    return read_header(file)


def test_a_header_gives_metadata_tensors_and_where_the_weights_begin(tmp_path: Path) -> None:
    file = tmp_path / "small.gguf"
    file.write_bytes(SMALL)
    header = read_header(file)
    assert (header.version, header.architecture, header.number("block_count")) == (3, "toy", 2)
    assert header.number("attention.head_count_kv") == 4
    assert header.number("missing") is None
    assert header.metadata["tokenizer.ggml.tokens"] == Array(2, ("a", "b"))
    assert header.metadata["tokenizer.ggml.scores"] == Array(2000, ())
    assert [(t.name, t.shape, t.kind, t.size_bytes) for t in header.tensors] == [
        ("token_embd.weight", (32, 4), "Q8_0", 136)
    ]
    assert header.data_offset_bytes + 136 == header.file_bytes


HOSTILE = {
    "nothing": b"",
    "another format": b"PK\x03\x04" + bytes(40),
    "version 1": gguf(version=1),
    "big-endian": b"GGUF" + struct.pack(">IQQ", 3, 0, 0),
    "2^64 entries": b"GGUF" + struct.pack("<IQQ", 3, 0, 2**64 - 1),
    "2^64 tensors": b"GGUF" + struct.pack("<IQQ", 3, 2**64 - 1, 0),
    "an endless text": gguf((entry("a", 8, struct.pack("<Q", 2**63)),)),
    "an endless name": b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 2**40),
    "an endless array": gguf((entry("a", 9, struct.pack("<IQ", 0, 2**62)),)),
    "an endless array of texts": gguf((entry("a", 9, struct.pack("<IQ", 8, 2**50)),)),
    "an array of arrays": gguf((entry("a", 9, struct.pack("<IQIQ", 9, 1, 9, 1)),)),
    "an unknown type": gguf((entry("a", 77, b""),)),
    "an alignment of 0": gguf((entry("general.alignment", 4, struct.pack("<I", 0)),)),
    "an alignment of 3": gguf((entry("general.alignment", 4, struct.pack("<I", 3)),)),
    "a text as alignment": gguf((entry("general.alignment", 8, text("x")),)),
    "nine dimensions": gguf(tensors=(tensor("t", (1,) * 9, 0),)),
    "a tensor larger than any disk": gguf(tensors=(tensor("t", (2**63, 2**63), 0),)),
    "an unknown tensor type": gguf(tensors=(tensor("t", (32,), 999),)),
    "rows that do not fill blocks": gguf(tensors=(tensor("t", (33,), 8),)),
    "weights cut off": gguf(tensors=(tensor("t", (32,), 0),), weights=127),
    "an offset past the end": gguf(tensors=(tensor("t", (32,), 0, offset=2**62),), weights=128),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_broken_file_is_refused_with_a_reason(name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"models: .*model\.gguf is not a usable GGUF file: .+; fetch it again"):
        read(tmp_path, HOSTILE[name])


def test_every_truncation_of_a_good_file_is_refused(tmp_path: Path) -> None:
    for length in range(len(SMALL)):
        if length % 7 == 0 or length < 64:
            with pytest.raises(ModelError):
                read(tmp_path, SMALL[:length])


@settings(max_examples=300)
@given(at=st.integers(0, len(SMALL) - 1), byte=st.integers(0, 255))
def test_one_wrong_byte_gives_a_header_or_a_model_error(
    tmp_path_factory: pytest.TempPathFactory, at: int, byte: int
) -> None:
    damaged = SMALL[:at] + bytes([byte]) + SMALL[at + 1 :]
    refusal = ""
    try:
        read(tmp_path_factory.getbasetemp(), damaged)
    except ModelError as error:
        refusal = str(error)
    assert refusal == "" or refusal.startswith("models: ")


@given(content=st.binary(max_size=400))
def test_garbage_after_the_magic_gives_a_header_or_a_model_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    refusal = ""
    try:
        read(tmp_path_factory.getbasetemp(), b"GGUF\3\0\0\0" + content)
    except ModelError as error:
        refusal = str(error)
    assert refusal == "" or refusal.startswith("models: ")


def test_a_missing_file_is_a_model_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        read_header(tmp_path / "none.gguf")


@pytest.mark.models
def test_the_real_qwen_header_describes_the_whole_file(store: Store) -> None:
    header = read_header(store.file("qwen2.5-coder-0.5b-instruct-q4_k_m"))
    assert (header.architecture, len(header.tensors)) == ("qwen2", 291)
    assert header.data_offset_bytes + sum(t.size_bytes for t in header.tensors) == header.file_bytes == 491_400_064
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
