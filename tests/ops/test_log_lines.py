"""A log while it is written: lines whole however they are cut, secrets out of them, a flood counted."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from jett.core.clock import FakeClock
from jett.ops.log_lines import LONGEST_LINE_BYTES, LineRedactor, Lines, LineSplitter, Passed, Valve

KEY = [b"-----BEGIN PRIVATE KEY-----", b"short", b"MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", b"-----END PRIVATE KEY-----"]


def frame(stream: int, text: bytes) -> bytes:
    return bytes([stream, 0, 0, 0]) + len(text).to_bytes(4, "big") + text


def cut(raw: bytes, at: list[int]) -> list[bytes]:
    """The bytes in pieces."""
    marks = sorted({0, len(raw), *(place % (len(raw) + 1) for place in at)})
    return [raw[begin:end] for begin, end in pairwise(marks)]


@given(
    st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=40)), min_size=1, max_size=12),
    st.lists(st.integers(0, 10_000), max_size=12),
)
def test_lines_are_whole_wherever_frames_and_blocks_are_cut(pieces: list[tuple[int, bytes]], at: list[int]) -> None:
    """The two streams apart, each in its own order."""
    raw = b"".join(frame(stream, text) for stream, text in pieces)
    splitter = LineSplitter()
    found = [line for block in cut(raw, at) for line in splitter.feed(block)]
    said = {stream: b"".join(text for one, text in pieces if one == stream) for stream in (1, 2)}
    expected = [line for text in said.values() for line in text.split(b"\n")[:-1]]
    assert sorted(found) == sorted(expected)


@given(st.binary(min_size=1, max_size=200).filter(lambda raw: raw[0] > 2), st.lists(st.integers(0, 999), max_size=5))
def test_a_terminal_has_no_frames(raw: bytes, at: list[int]) -> None:
    splitter = LineSplitter()
    assert [line for block in cut(raw, at) for line in splitter.feed(block)] == raw.split(b"\n")[:-1]


def test_a_line_without_an_end_is_cut_and_goes_on() -> None:
    splitter = LineSplitter()
    lines = splitter.feed(frame(1, b"x" * (2 * LONGEST_LINE_BYTES + 5) + b"\n"))
    assert [len(line) for line in [*lines]] == [2 * LONGEST_LINE_BYTES + 5]
    assert [len(line) for line in splitter.feed(frame(1, b"y" * (LONGEST_LINE_BYTES + 5)))] == [LONGEST_LINE_BYTES]
    (shown,) = LineRedactor().readable(Passed((lines[0],), 0)).lines
    assert len(shown) <= LONGEST_LINE_BYTES


def test_a_flood_is_dropped_counted_and_told_with_the_next_line_that_passes() -> None:
    clock = FakeClock()
    valve = Valve(clock.now_s, most=3)
    assert valve.pass_on([b"1", b"2"]) == Passed((b"1", b"2"), 0)
    assert valve.rest_s(1000) == 0
    assert valve.pass_on([b"3", b"4", b"5"]) == Passed((b"3",), 0)
    assert valve.pass_on([b"6"]) == Passed((), 0)
    assert valve.rest_s(4_000_000) == 1.0
    clock.advance(1.0)
    assert valve.pass_on([b"7"]) == Passed((b"7",), 3)
    assert valve.pass_on([b"8"]) == Passed((b"8",), 0)


SECRETS = [
    (b"password=hunter2 ok", "password=[redacted] ok"),
    (b"\x1b[31mred\x1b[0m", "red"),
    (b"a\rb", "a b"),
    (b"\t  at main (index.js:3)\r", "\t  at main (index.js:3)"),
    (b"\xff\xfe", "\ufffd\ufffd"),
]


def test_a_line_is_shown_without_secrets_and_without_what_commands_a_terminal() -> None:
    shown = LineRedactor().readable(Passed(tuple(line for line, _ in SECRETS), 4))
    assert shown == Lines(tuple(text for _, text in SECRETS), 4)


def test_nothing_of_a_private_key_over_several_lines_is_shown() -> None:
    """Its lines come one by one, and the shortest looks like nothing."""
    redactor = LineRedactor()
    shown = [redactor.readable(Passed((line,), 0)).lines[0] for line in [b"before", *KEY, b"after"]]
    assert (shown[0], shown[-1]) == ("before", "after")
    assert all("[redacted]" in line for line in shown[1:-1])
    assert not any(part in "".join(shown) for part in ("short", "MIIEvQ"))


def test_a_private_key_that_never_ends_hides_no_more_than_a_key_is_long() -> None:
    redactor = LineRedactor()
    redactor.readable(Passed((KEY[0],), 0))
    shown = redactor.readable(Passed((b"hello",) * 250, 0)).lines
    assert shown.count("[redacted]") == 200
