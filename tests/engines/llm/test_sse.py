"""Events come out the same however the network cuts them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jett.engines.llm.sse import LONGEST_LINE_BYTES, LineSplitter, LineTooLongError, data_of

_STREAM = b': ping\n\nevent: x\r\ndata: {"a": "\xc3\xa9"}\r\n\r\ndata:{"b": 1}\n\nid: 7\n\ndata: [DONE]\n'


@given(cuts=st.lists(st.integers(0, len(_STREAM)), max_size=12))
def test_events_survive_any_cut(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(_STREAM)]
    lines = LineSplitter()
    found = [line for a, b in pairwise(edges) for line in lines.feed(_STREAM[a:b])]
    data = [event for line in found + lines.finish() if (event := data_of(line)) is not None]
    assert data == [b'{"a": "\xc3\xa9"}', b'{"b": 1}', b"[DONE]"]


def test_a_last_line_needs_no_end() -> None:
    lines = LineSplitter()
    assert lines.feed(b"data: 1\ndata: 2") == [b"data: 1"]
    assert lines.finish() == [b"data: 2"]
    assert lines.finish() == []


def test_a_line_without_end_is_refused_before_it_fills_the_memory() -> None:
    lines = LineSplitter()
    lines.feed(b"x" * LONGEST_LINE_BYTES)
    with pytest.raises(LineTooLongError):
        lines.feed(b"x")
