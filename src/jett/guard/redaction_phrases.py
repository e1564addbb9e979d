"""Secrets in sentences and statements, where no `name=value` shows them. Pure, linear time: every look is bounded.

    CREATE ROLE n8n LOGIN PASSWORD '…'    IDENTIFIED BY '…'    invalid api key …    3f2a… is not a valid token

Hexadecimal digits alone are ids or digests; beside a word for a secret they are taken for one, unless what stands
directly before them says that they name a container, an image, a commit, or `sha256:` does.
"""

from __future__ import annotations

import re

from jett.guard.redaction_words import REDACTED

# A string of SQL is not looked for an end that is not there: the end of the line ends it.
_SQL = re.compile(
    r"(\b(?:IDENTIFIED\s{1,8}(?:WITH\s{1,8}\S{1,64}\s{1,8})?(?:BY|AS)|PASSWORD)"
    r"(?:\s{1,8}PASSWORD)?(?:\s{1,8}|\s{0,8}\(\s{0,8})(?:[EN]|U&)?)"
    r"(?:(')(?:''|\\[^\r\n]|[^'\\\r\n])+|(\")(?:\"\"|\\[^\r\n]|[^\"\\\r\n])+|(\$\w{0,16}\$)[^$\r\n]+)",
    re.IGNORECASE | re.ASCII,
)
_API_KEY = re.compile(
    r"(\bapi[ _-]?key[ \t]{1,8}(?:(?:provided|given|used|sent|supplied|received|value)\b[:=]?[ \t]{1,8})?[\"'`(]?)"
    r"(?=[\w.~+/=-]{0,64}[0-9])[\w.~+/=-]{5,}",
    re.IGNORECASE | re.ASCII,
)

_HEX = re.compile(r"(?<![\w:/@.+-])(?:[0-9a-f]{32,}|[0-9A-F]{32,})(?![\w/+-])", re.ASCII)
_SECRET = (
    r"(?:pass(?:word|wd|phrase|code)|pwd|secret(?!ar)|credential|token(?!iz)|bearer"
    r"|(?:api|access|private|encryption|signing|master|licen[sc]e)[ _-]?key)"
)
_BEFORE = re.compile(_SECRET, re.IGNORECASE | re.ASCII)
_AFTER = re.compile(
    rf"[\"'`)\]]{{0,2}}[ \t]{{1,4}}(?:is|was)[ \t](?:[\w']{{1,16}}[ \t]){{0,4}}?{_SECRET}", re.IGNORECASE | re.ASCII
)
_AN_ID = re.compile(
    r"(?:\bid|container|image|commit|revision|digest|checksum|layer|volume|network|sandbox|execution|request|trace|etag)"
    r"s?\W{1,3}(?:[\w.-]{1,40}\W{1,3})?\Z",
    re.IGNORECASE | re.ASCII,
)
WINDOW_CHARS = 64


def redact_phrases(text: str) -> str:
    """The text with such secrets replaced by `[redacted]`; the quotes around them stay."""
    text = _SQL.sub(lambda found: f"{found[1]}{found[2] or found[3] or found[4]}{REDACTED}", text)
    text = _API_KEY.sub(rf"\1{REDACTED}", text)
    return _HEX.sub(lambda found: REDACTED if _beside_a_word(text, found) else found.group(), text)


def _beside_a_word(text: str, found: re.Match[str]) -> bool:
    before = text[max(0, found.start() - WINDOW_CHARS) : found.start()].rpartition("\n")[2]
    if _AN_ID.search(before):
        return False
    return bool(_BEFORE.search(before) or _AFTER.match(text, found.end(), found.end() + WINDOW_CHARS))
