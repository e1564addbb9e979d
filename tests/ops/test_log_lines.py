"""A log while it is written: lines whole however they are cut, secrets out of them, a flood counted."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jett.core.clock import FakeClock
from jett.ops.log_lines import LONGEST_LINE_BYTES, REST, LineRedactor, Lines, LineSplitter, Passed, Valve

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


def shown(*blocks: bytes) -> list[str]:
    splitter, redactor = LineSplitter(), LineRedactor()
    lines = [line for block in blocks for line in splitter.feed(frame(1, block))]
    return list(redactor.readable(Passed(tuple(lines), 0)).lines)


def test_the_rest_of_a_line_without_an_end_is_left_out_and_that_is_said() -> None:
    """It is not waited for, and takes no room."""
    long = b"x" * LONGEST_LINE_BYTES
    assert shown(long + b"\nnext\n") == [long.decode(), "next"]
    assert shown(long + b"yz\nnext\n") == [long.decode() + REST, "next"]
    assert shown(*[long] * 9, b"y") == [long.decode() + REST]
    assert shown(*[long] * 9, b"y\nnext\n") == [long.decode() + REST, "next"]
    assert shown(long * 9 + b"\n" + long * 9 + b"\nnext\n") == [long.decode() + REST] * 2 + ["next"]
    (umlauts,) = shown("ü".encode() * 2 * LONGEST_LINE_BYTES)
    assert umlauts == "ü" * (LONGEST_LINE_BYTES // 2) + REST


def test_the_two_streams_are_left_out_of_apart() -> None:
    splitter = LineSplitter()
    assert len(splitter.feed(frame(1, b"x" * 9 * LONGEST_LINE_BYTES))) == 1
    assert splitter.feed(frame(2, b"whole\n")) == [b"whole"]
    assert splitter.feed(frame(1, b"rest\nnext\n")) == [b"next"]


LONG_SECRETS = {
    "hunter2Secret": b"db_password=hunter2Secret more",
    "A1b2C3d4E5f6G7h8": b"ghp_A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8 more",
    "hunter3": b"postgres://jett:hunter3hunter3@10.0.0.2/jett more",
}


@pytest.mark.parametrize("secret", LONG_SECRETS)
@pytest.mark.parametrize("tail", [b"", b" y" * 2 * LONGEST_LINE_BYTES])
def test_a_secret_is_not_seen_wherever_a_long_line_is_cut(secret: str, tail: bytes) -> None:
    """Before, after and at each of its characters, and in however many blocks it comes."""
    line = LONG_SECRETS[secret]
    for edge in (LONGEST_LINE_BYTES, 2 * LONGEST_LINE_BYTES):
        for before in range(edge - len(line), edge + 1, 3):
            raw = (b"x " * edge)[: before - 1] + b" " + line + tail + b"\n"
            told = "\n".join(shown(raw[:edge], raw[edge : edge + 9], raw[edge + 9 :], b"next\n"))
            assert told.endswith("\nnext")
            assert not any(secret[:size] in told for size in (8, len(secret)) if size <= len(secret)), before
            assert "ghp_A" not in told


def test_many_secrets_bring_no_end_of_a_long_line_into_sight() -> None:
    """What is redacted is shorter, so that the line's last bytes move up to where it is cut."""
    for end in range(60):
        line = b"password=" + b"s" * 300 + b" "
        raw = line * 60 + b"y" * end
        (told,) = shown(raw[: 2 * LONGEST_LINE_BYTES - 9 - end] + b" ghp_A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8" + raw)
        assert "ghp_" not in told
        assert "sss" not in told


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
    found = LineRedactor().readable(Passed(tuple(line for line, _ in SECRETS), 4))
    assert found == Lines(tuple(text for _, text in SECRETS), 4)


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
