"""Secrets that show by the name before them: pairs, headers, options, passwords in URLs. Pure, linear time.

A name is found first, with a bounded look at what follows; a secret value is then walked over once, and what was
walked over is never looked at again.
"""

from __future__ import annotations

import re

from jett.guard.redaction_words import REDACTED

_NAME = re.compile(
    r"(?:(?P<long>pass(?:word|wd|phrase|code)|pwd|secret(?!ar|ion)|credential|api[ _-]?key|access[ _-]?key"
    r"|private[ _-]?key|encryption[ _-]?key|signing[ _-]?key|master[ _-]?key|authorization|cookie|token(?!iz))"
    r"(?P<rest>[\w.-]{0,40}?)"
    r"|(?<![A-Za-z])(?P<short>pass|sig|auth|jwt|bearer)(?:[_.-][\w.-]{0,40}?)?)"
    r"(?P<close>\\?[\"'`]\]?|\])?"
    r"(?:(?P<pair>[ \t]{0,8}(?::=|=>|==?|:)[ \t]{0,8})|(?P<is>[ \t]{1,8}is[ \t]{1,8})"
    r"|(?P<list>\s{0,8},\s{0,8})|(?P<space>[ \t]{1,8}))",
    re.IGNORECASE | re.ASCII,
)
_OPTION = re.compile(r"--[A-Za-z0-9_-]{0,40}\Z")
_LISTED_OPTION = re.compile(r"[\"'`]--?[A-Za-z0-9_-]{0,40}\Z")

# Inside quotes: up to the closing one, or the end of the line. The alternatives exclude each other, so no backtracking.
_QUOTED = {
    '"': re.compile(r'(?:[^"\\\r\n]|\\[^\r\n])*'),
    "'": re.compile(r"(?:'\\''|''|[^'\\\r\n]|\\[^\r\n])*"),
    "`": re.compile(r"(?:[^`\\\r\n]|\\[^\r\n])*"),
    '\\"': re.compile(r'(?:\\{4}|\\{3}"|\\{2}[^\\"\r\n]|\\[^"\\\r\n]|[^"\\\r\n])*'),
    "\\'": re.compile(r"(?:\\{4}|\\{3}'|\\{2}[^\\'\r\n]|\\[^'\\\r\n]|[^'\\\r\n])*"),
}
_BARE = re.compile(r"(?:\[redacted\])?(?:[^\s\"'`]|[\"'`](?![\s,;:})\]]|\Z))*")
_BARE_IN_JSON = re.compile(r"(?:\[redacted\])?[^\s,}\]]*")
_HEADER = re.compile(r"[^\r\n\"'`]*")
_YAML_BLOCK = re.compile(r"[|>][+-]?[1-9]?[ \t]*\r?\n([ \t]+)(?=\S)[^\r\n]*(?:\r?\n\1[^\r\n]*)*")
_SAID = re.compile(r"(?=[^\s]{0,64}[0-9!@#$%^&*])[^\s\"'`]{5,}")

_BEARER = re.compile(
    r"\b((?:bearer|basic)[ \t]{1,8})(?=[\w.~+/=-]{0,64}[0-9=])[\w.~+/=-]{8,}", re.IGNORECASE | re.ASCII
)
_LONG_BEARER = re.compile(r"\b(bearer[ \t]{1,8})[\w.~+/=-]{16,}", re.IGNORECASE | re.ASCII)
_URL_PASSWORD = re.compile(r"(://[^\s/@:\"'<>]{0,128}:)(?![0-9]{1,5}(?:[/?#\s]|\Z))(?:(?!://)[^\s\"'<>])+@")

# Options and settings of well-known programs, whose names say nothing of a secret or stand apart from it.
_PROGRAMS = re.compile(
    r"(\b(?:mysql|mariadb)[\w-]{0,16}[ \t](?:[^\r\n|;&]{0,120}?[ \t])?-p)(?=\S{4})[^\s\"']+"
    r"|((?:^|[ \t])(?:-u|--user)[ =\t][\"']?[^\s:\"']{1,64}:)(?!//|[0-9]+(?:\s|\Z))[^\s\"']{4,}"
    r"|(\bsshpass[ \t]{1,4}-p[ \t]{0,4}[\"']?)[^\s\"']+"
    r"|(\b(?:requirepass|masterauth|PGPASSWORD|MYSQL_PWD|REDISCLI_AUTH)[ \t]{1,4}[\"']?)"
    r"(?=\S{0,64}[0-9!@#$%^&*])[^\s\"']{5,}",
    re.MULTILINE,
)

_PLAIN = frozenset(
    {"", "true", "false", "null", "none", "nil", "undefined", "yes", "no", "on", "off", "bearer", "basic", "name"}
)
_NUMBER = re.compile(r"-?[0-9]{1,9}(?:\.[0-9]{1,6})?")


def redact_pairs(text: str) -> str:
    """The text with the values of such pairs replaced by `[redacted]`."""
    text = _URL_PASSWORD.sub(rf"\1{REDACTED}@", text)
    text = _PROGRAMS.sub(lambda found: f"{''.join(part or '' for part in found.groups())}{REDACTED}", text)
    kept: list[str] = []
    at = search_from = 0
    while found := _NAME.search(text, search_from):
        start, end = _value(text, found)
        if start < end and not _is_harmless(found, text[start:end]):
            kept += [text[at:start], REDACTED]
            at = search_from = end
        else:
            search_from = found.end("short" if found["short"] else "long")
    text = "".join([*kept, text[at:]])
    return _LONG_BEARER.sub(rf"\1{REDACTED}", _BEARER.sub(rf"\1{REDACTED}", text))


def _value(text: str, found: re.Match[str]) -> tuple[int, int]:
    """Where the value begins and ends, without its quotes; the same place twice when there is none."""
    start = found.end()
    if found["is"]:
        return _matched(_SAID, text, start)
    if found["space"] and not _OPTION.search(text, max(0, found.start() - 42), found.start()):
        return start, start
    if found["list"] and not _LISTED_OPTION.search(text, max(0, found.start() - 42), found.start()):
        return start, start
    for quote, inside in _QUOTED.items():
        if text.startswith(quote, start):
            return _matched(inside, text, start + len(quote))
    if found["list"]:
        return start, start
    if found["pair"] and (block := _YAML_BLOCK.match(text, start)):
        return start, block.end()
    if (found["long"] or "").lower() in ("authorization", "cookie"):
        return _matched(_HEADER, text, start)
    return _matched(_BARE_IN_JSON if found["close"] else _BARE, text, start)


def _matched(pattern: re.Pattern[str], text: str, start: int) -> tuple[int, int]:
    match = pattern.match(text, start)
    return start, match.end() if match else start


def _is_harmless(found: re.Match[str], value: str) -> bool:
    """Whether it is no secret: a flag, or a number that counts ("max_tokens=200", "pass: 12")."""
    value = value.rstrip(",;.)]}").lower()
    if value in _PLAIN:
        return True
    word = (found["long"] or found["short"]).lower()
    counts = (word in ("token", "cookie") and bool(found["rest"])) or (word == "pass" and len(value) < 5)
    return counts and _NUMBER.fullmatch(value) is not None
