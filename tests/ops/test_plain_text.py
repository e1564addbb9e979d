"""What a container logs commands no terminal."""

from __future__ import annotations

import pytest

from jett.ops.plain_text import plain
from jett.ops.seen import log_text

HOSTILE: list[tuple[str, str, str]] = [
    ("a colour", "\x1b[31mred\x1b[0m", "red"),
    ("a private mode", "\x1b[?1049hother screen", "other screen"),
    ("the clipboard", "\x1b]52;c;ZXZpbA==\x07after", "after"),
    ("a title", "\x1b]0;evil title\x1b\\after", "after"),
    ("a link", "\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
    ("a title without an end", "\x1b]0;evil", ""),
    ("a reset", "\x1bcafter", "after"),
    ("a device string", "\x1bPq#0;2;0\x1b\\after", "after"),
    ("a privacy message", "\x1b^hidden\x1b\\after", "after"),
    ("another character set", "\x1b(0after", "after"),
    ("one byte that begins a sequence", "\x9b2Jafter", "after"),
    ("one byte that begins a string", "\x9d0;evil\x9cafter", "after"),
    ("overprinting", "safe\rOVERWRITE", "safe\nOVERWRITE"),
    ("a line end of Windows", "one\r\ntwo", "one\ntwo"),
    ("backspaces", "ab\b\bcd", "abcd"),
    ("a bell and a zero", "a\x07b\x00c", "abc"),
    ("marks of direction", "abc\u202edef\u2066ghi", "abcdefghi"),
    ("a width of nothing", "pass\u200bword=hunter2", "password=hunter2"),
    ("lines and tabs", "a\tb\nc", "a\tb\nc"),
    ("other letters", "größe 東京 🙂", "größe 東京 🙂"),
]


@pytest.mark.parametrize(("name", "text", "left"), HOSTILE, ids=[row[0] for row in HOSTILE])
def test_text_is_left_and_commands_are_not(name: str, text: str, left: str) -> None:
    """Of every kind that a terminal knows."""
    assert plain(text) == left
    assert log_text(text.encode()) == left
    framed = b"\x01\x00\x00\x00" + len(text.encode()).to_bytes(4, "big") + text.encode()
    assert log_text(framed) == left
