"""What the eye sees and the ear must not: Markdown, HTML, emoji. Text in, plain text with its digits out."""

from __future__ import annotations

import html
import re
import unicodedata

CODE_LEFT_OUT = "I've left out the code."

_FENCE = re.compile(r"(?:```|~~~)[^\n]*(?:\n.*?(?:\n[ \t]*(?:```|~~~)[ \t]*(?=\n|$)|\Z)|(?:```|~~~)|$)", re.DOTALL)
_SPACES = re.compile(r"[^\S\n]+")
_NEWLINES = re.compile(r"\n[ \n]*\n")
_FENCE_INLINE = re.compile(r"```([^`\n]{1,60})```")
_CODE = re.compile(r"(`{1,2})([^`\n]+)\1")
_IMAGE = re.compile(r"!\[([^\[\]\n]{0,300})\]\([^)\n]{0,500}\)")
_LINK = re.compile(r"\[([^\[\]\n]{1,300})\](?:\([^)\n]{0,500}\)|\[[^\]\n]{0,100}\])")
_FOOTNOTE = re.compile(r"\[\^?\d+\](?!\()|\[\^[^\]\n]{1,100}\]")
_AUTOLINK = re.compile(r"<((?:https?://|mailto:)[^>\s]+)>")
_TAG = re.compile(r"<!--.{0,500}?-->|</?[A-Za-z][^<>\n]{0,200}>", re.DOTALL)
_HEADING = re.compile(r"^[ \t]{0,3}#{1,6}[ \t]+(.*?)[ \t#]*$", re.MULTILINE)
_RULE = re.compile(r"^[ \t]*(?:[-*_=][ \t]*){3,}$", re.MULTILINE)
_QUOTED = re.compile(r"^[ \t]*(?:>[ \t]?)+", re.MULTILINE)
_TASK = re.compile(r"^([ \t]*[-*+•‣·][ \t]+)\[[ xX]\][ \t]+", re.MULTILINE)
_BULLET = re.compile(r"^[ \t]*[-*+•‣·–][ \t]+(?=\S)", re.MULTILINE)
_NUMBERED = re.compile(r"^[ \t]*(\d{1,3})[.)][ \t]+(?=\S)", re.MULTILINE)
_TABLE_RULE = re.compile(r"^[ \t]*\|?(?:[ \t]*:?-{2,}:?[ \t]*\|)+(?:[ \t]*:?-{2,}:?)?[ \t]*$", re.MULTILINE)
_TABLE_ROW = re.compile(r"^[ \t]*\|.*\|?[ \t]*$", re.MULTILINE)
_STRONG = re.compile(r"(\*{1,3}|~~)(?=\S)([^*~\n]{1,300}?)(?<=\S)\1")
_EMPHASIS = re.compile(r"(?<![\w_])(_{1,3})(?=[^\s_])([^\n]{1,300}?)(?<=[^\s_])\1(?![\w_])")
_ENDED = re.compile(r"[.!?:;,…]['\"”)]*$")
_EMOTICON = re.compile(r"(?<!\S)(?:[:;=8][-o^]?[)(DPp/\\|3]|<3|\^_\^|xD)(?=[\s.!?]|$)")
_SIGNS = {
    "½": " 1/2",
    "¼": " 1/4",
    "¾": " 3/4",
    "⁄": "/",
    "™": "",
    "®": "",
    "©": "",
    "№": "No. ",
    **{chr(0x2080 + digit): str(digit) for digit in range(10)},
    **{char: f"^{digit}" for digit, char in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
}


def plain(text: str) -> str:
    """`text` without markup, each line that was an item of its own ended like a sentence."""
    text = _SPACES.sub(" ", html.unescape(text))
    text = _NEWLINES.sub("\n\n", text)
    text = "".join(_SIGNS.get(char, char) for char in text)
    text = unicodedata.normalize("NFC", text)
    text = _FENCE_INLINE.sub(r"`\1`", text)
    text = _FENCE.sub(f"\n{CODE_LEFT_OUT}\n", text)
    text = _AUTOLINK.sub(r"\1", text)
    text = _TAG.sub(" ", text)
    text = _lines(text)
    text = _IMAGE.sub(r"\1", text)
    text = _LINK.sub(_link_text, text)
    text = _FOOTNOTE.sub("", text)
    text = _CODE.sub(r"\2", text)
    text = _STRONG.sub(r"\2", _STRONG.sub(r"\2", text))
    text = _EMPHASIS.sub(r"\2", text)
    text = _EMOTICON.sub("", text)
    return "".join(char for char in text if not _is_picture(char))


def _lines(text: str) -> str:
    text = _RULE.sub("", text)
    text = _TABLE_RULE.sub("", text)
    text = _QUOTED.sub("", text)
    text = _TABLE_ROW.sub(lambda row: _sentence(_cells(row.group())), text)
    text = _HEADING.sub(lambda heading: _sentence(heading.group(1)), text)
    text = _TASK.sub(r"\1", text)
    lines = []
    for line in text.split("\n"):
        numbered = _NUMBERED.sub(r"\1, ", line)
        item = _BULLET.sub("", numbered)
        lines.append(_sentence(item) if item != line else line)
    return "\n".join(lines)


def _cells(row: str) -> str:
    return ", ".join(cell.strip() for cell in row.strip().strip("|").split("|") if cell.strip())


def _sentence(line: str) -> str:
    bare = line.rstrip(" \t*_~")
    return line if not bare or _ENDED.search(bare) else f"{line.rstrip()}."


def _link_text(link: re.Match[str]) -> str:
    return link.group(1)


def _is_picture(char: str) -> bool:
    """Emoji and the characters that join and colour them; arrows and mathematics stay."""
    code = ord(char)
    if code < 0x2190:
        return code in (0x200D, 0x20E3)
    return (
        0x1F000 <= code <= 0x1FAFF
        or 0x2300 <= code <= 0x23FF
        or 0x25A0 <= code <= 0x27BF
        or 0x2B00 <= code <= 0x2BFF
        or 0xFE00 <= code <= 0xFE0F
        or 0xE0000 <= code <= 0xE007F
    )
