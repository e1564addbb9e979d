"""The GGUF header reader: right on real files, harmless on broken ones."""

from __future__ import annotations

import contextlib
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jett.core.gguf import Array, Header, Malformed, read_header
from jett.models.store import Store


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


def read(tmp_path: Path, content: bytes) -> Header:
    file = tmp_path / "model.gguf"
    file.write_bytes(content)
    return read_header(file)


def read_whole(tmp_path: Path, content: bytes) -> Header:
    header = read(tmp_path, content)
    header.require_sizes()
    return header


def test_a_header_gives_metadata_tensors_and_where_the_weights_begin(tmp_path: Path) -> None:
    header = read_whole(tmp_path, SMALL)
    assert (header.version, header.architecture, header.number("block_count")) == (3, "toy", 2)
    assert header.number("attention.head_count_kv") == 4
    assert header.number("missing") is None
    assert header.metadata["tokenizer.ggml.tokens"] == Array(2, ("a", "b"))
    assert header.metadata["tokenizer.ggml.scores"] == Array(2000, ())
    assert [(t.name, t.shape, t.kind, t.size_bytes) for t in header.tensors] == [("token_embd.weight", (32, 4), 8, 136)]
    assert header.data_offset_bytes + 136 == header.file_bytes


HOSTILE = {
    "nothing": b"",
    "the magic alone": b"GGUF",
    "another format": b"PK\x03\x04" + bytes(40),
    "version 1": gguf(version=1),
    "big-endian": b"GGUF" + struct.pack(">IQQ", 3, 0, 0),
    "2^64 entries": b"GGUF" + struct.pack("<IQQ", 3, 0, 2**64 - 1),
    "2^64 tensors": b"GGUF" + struct.pack("<IQQ", 3, 2**64 - 1, 0),
    "an endless text": gguf((entry("a", 8, struct.pack("<Q", 2**63)),)),
    "an endless name": b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 2**40),
    "an endless array": gguf((entry("a", 9, struct.pack("<IQ", 0, 2**62)),)),
    "an endless array of numbers": gguf((entry("a", 9, struct.pack("<IQ", 4, 2**50)),)),
    "an array longer than the file": gguf((entry("a", 9, struct.pack("<IQ", 4, 1000)),)),
    "an endless array of texts": gguf((entry("a", 9, struct.pack("<IQ", 8, 2**50)),)),
    "an array of arrays": gguf((entry("a", 9, struct.pack("<IQIQ", 9, 1, 9, 1)),)),
    "an unknown type": gguf((entry("a", 77, b""),)),
    "an alignment of 0": gguf((entry("general.alignment", 4, struct.pack("<I", 0)),)),
    "an alignment of 3": gguf((entry("general.alignment", 4, struct.pack("<I", 3)),)),
    "a text as alignment": gguf((entry("general.alignment", 8, text("x")),)),
    "nine dimensions": gguf(tensors=(tensor("t", (1,) * 9, 0),)),
}
UNSIZED = {
    "a tensor larger than any disk": gguf(tensors=(tensor("t", (2**63, 2**63), 0),)),
    "an unknown tensor type": gguf(tensors=(tensor("t", (32,), 999),)),
    "rows that do not fill blocks": gguf(tensors=(tensor("t", (33,), 8),)),
    "weights cut off": gguf(tensors=(tensor("t", (32,), 0),), weights=127),
    "an offset past the end": gguf(tensors=(tensor("t", (32,), 0, offset=2**62),), weights=128),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_broken_file_is_refused_with_a_reason(name: str, tmp_path: Path) -> None:
    with pytest.raises(Malformed, match=r"."):
        read(tmp_path, HOSTILE[name])


@pytest.mark.parametrize("name", UNSIZED)
def test_tensors_that_cannot_be_sized_or_are_cut_off_are_refused_when_sizes_matter(name: str, tmp_path: Path) -> None:
    header = read(tmp_path, UNSIZED[name])
    with pytest.raises(Malformed, match=r"."):
        header.require_sizes()


def test_every_truncation_of_a_good_file_is_refused(tmp_path: Path) -> None:
    for length in range(len(SMALL)):
        if length % 7 == 0 or length < 64:
            with pytest.raises(Malformed):
                read_whole(tmp_path, SMALL[:length])


@settings(max_examples=300)
@given(at=st.integers(0, len(SMALL) - 1), byte=st.integers(0, 255))
def test_one_wrong_byte_gives_a_header_or_a_reason(
    tmp_path_factory: pytest.TempPathFactory, at: int, byte: int
) -> None:
    damaged = SMALL[:at] + bytes([byte]) + SMALL[at + 1 :]
    with contextlib.suppress(Malformed):
        read_whole(tmp_path_factory.getbasetemp(), damaged)


@given(content=st.binary(max_size=400))
def test_garbage_after_the_magic_gives_a_header_or_a_reason(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    with contextlib.suppress(Malformed):
        read_whole(tmp_path_factory.getbasetemp(), b"GGUF\3\0\0\0" + content)


@pytest.mark.models
def test_the_real_qwen_header_describes_the_whole_file(store: Store) -> None:
    header = read_header(store.file("qwen2.5-coder-0.5b-instruct-q4_k_m"))
    assert (header.architecture, len(header.tensors)) == ("qwen2", 291)
    assert header.data_offset_bytes + sum(t.size_bytes for t in header.tensors) == header.file_bytes == 491_400_064
