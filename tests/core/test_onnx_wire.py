"""The wire format: what is written is read again, and what is no message is an error."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jett.core.onnx_wire import Field, read, texts, write
from jett.models.store import Store

FIELDS = st.lists(st.tuples(st.integers(1, 2**20), st.one_of(st.integers(0, 2**64 - 1), st.binary(max_size=300))))


@given(FIELDS)
def test_what_is_written_is_read_again(fields: list[Field]) -> None:
    assert read(write(fields)) == fields


@given(st.binary(max_size=60))
def test_bytes_are_a_message_or_an_error(message: bytes) -> None:
    with suppress(ValueError):
        read(message)


@pytest.mark.parametrize("message", [b"\x0a\x05abc", b"\x80", b"\x08" + b"\xff" * 11, b"\x0b", b"\x0d\x00"])
def test_a_message_that_is_cut_short_is_an_error(message: bytes) -> None:
    with pytest.raises(ValueError, match=r"longer than its message|does not end|no field is of kind"):
        read(message)


@pytest.mark.models
def test_a_real_model_is_the_same_after_reading_and_writing(store: Store) -> None:
    """To the byte."""
    content = store.file("wake-features", "embedding_model.onnx").read_bytes()
    assert write(read(content)) == content
    assert texts(read(content), 2) == ["tf2onnx"]
