"""A server's words without what would command a terminal or turn a line around. Pure; called in this room.

Taken out: escape sequences (colours, titles, links, the clipboard), control characters, and Unicode's format
characters, among them marks of direction. Lines and tabs stay.
"""

from __future__ import annotations

import re
import unicodedata

_STRING = r"[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
_TERMINAL = re.compile(
    rf"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f]){_STRING}|\x1b[ -/]*[0-~]"
)
_LINE_ENDS = str.maketrans({"\u2028": "\n", "\u2029": "\n", "\x85": "\n", "\v": "\n", "\f": "\n"})


def plain(text: str) -> str:
    """Without control and format characters; lines and tabs stay."""
    text = _TERMINAL.sub("", text.replace("\r\n", "\n")).translate(_LINE_ENDS).replace("\r", "\n")
    return "".join(one for one in text if one in "\n\t" or unicodedata.category(one)[0] != "C").strip()
