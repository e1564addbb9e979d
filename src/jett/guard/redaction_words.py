"""Secrets that show by themselves: known prefixes, JSON web tokens, random-looking strings. Pure, linear time.

Text is cut once into runs of the characters that keys are made of; each run is judged with bounded look-aheads.
"""

from __future__ import annotations

import re

REDACTED = "[redacted]"

_RUN = re.compile(r"[A-Za-z0-9_.~+/=-]{16,}")
_PREFIX = re.compile(
    r"gh[opusr]_(?=\w{16})|github_pat_(?=\w{16})|(?:AKIA|ASIA|ABIA|ACCA)(?=[A-Z0-9]{16})|xox[abceoprs]-(?=[\w-]{8})"
    r"|xapp-(?=[\w-]{8})|n8n_api_(?=\w{8})|jett_(?=[\w-]{32})|gl(?:pat|dt|ft|soat|rt|ptt|cbt)-(?=[\w-]{16})"
    r"|hf_(?=\w{20})|AIza(?=[\w-]{30})|npm_(?=\w{30})|pypi-(?=[\w-]{16})|dckr_pat_(?=[\w-]{16})"
    r"|[rsp]k_(?:live|test)_(?=\w{12})|dop_v1_(?=\w{16})|sq0(?:atp|csp)-(?=[\w-]{16})|whsec_(?=\w{16})"
    r"|eyJ(?=[\w-]{5,64})",
    re.ASCII,
)
_SK = re.compile(
    r"(?<![A-Za-z])sk-(?=[\w-]{16})|sk-(?=[A-Za-z_-]{0,12}(?=[A-Za-z]{0,15}[0-9])[A-Za-z0-9]{16})", re.ASCII
)

# What may be long and look odd without being secret: it is taken out of a run before the rest is judged.
_ORDINARY = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
    r"|[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32}|[0-9a-f]{16}|[0-9a-f]{7,12}"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9.]+Z?"
    r")(?![A-Za-z0-9])"
)
_HEX = re.compile(r"(?<![A-Za-z0-9])[0-9a-fA-F]{24,}(?![A-Za-z0-9])")
_WORD = re.compile(r"[A-Za-z0-9]+")
_SPOKEN = re.compile(r"[A-Z]?[a-z]{3,}|[A-Z]{4,}")
_VOWEL = re.compile(r"[aeiouyAEIOUY]")
_DIGITS = re.compile(r"[0-9]+")

MIN_WORD_CHARS = 20
MIN_RUN_CHARS = 24
DIGIT_GROUPS = 4
MIN_DISTINCT_CHARS = 8


def redact_words(text: str) -> str:
    """The text with such secrets replaced by `[redacted]`."""
    return _RUN.sub(_judged, text)


def _judged(match: re.Match[str]) -> str:
    run = match.group()
    starts = [found.start() for pattern in (_PREFIX, _SK) if (found := pattern.search(run)) and _is_key(run, found)]
    if starts:
        return run[: min(starts)] + REDACTED
    rest = _ORDINARY.sub("", run)
    return REDACTED if _has_odd_hex(rest) or _looks_random(rest) else run


def _is_key(run: str, found: re.Match[str]) -> bool:
    return found.group() != "eyJ" or "." in run[found.end() :] or len(run) - found.start() >= MIN_WORD_CHARS


def _has_odd_hex(run: str) -> bool:
    return any(len(set(digits)) >= MIN_DISTINCT_CHARS for digits in _HEX.findall(run))


def _looks_random(run: str) -> bool:
    """Whether upper case, lower case and digits change as they do in no words, names, versions and paths.

    Of random letters and digits it misses about 3 in 100 of 20 characters, 1 in 1,000 of 32, none of 43.
    """
    words = [word for word in _WORD.findall(run) if len(word) >= MIN_WORD_CHARS]
    return any(map(_word_looks_random, words)) or (len(run) >= MIN_RUN_CHARS and _is_mixed(run, 0.4, digits=True))


def _word_looks_random(word: str) -> bool:
    if word.isdigit() or len(set(word)) < MIN_DISTINCT_CHARS:
        return False
    if len(_DIGITS.findall(word)) >= DIGIT_GROUPS or _is_mixed(word, 0.7, digits=True):
        return True
    return len(word) >= MIN_RUN_CHARS and _is_mixed(word, 0.5, digits=False)


def _is_mixed(text: str, readable_part: float, *, digits: bool) -> bool:
    """Whether it has both cases, and digits if asked, and less than this part of it reads like words."""
    tests = (str.islower, str.isupper, str.isdigit) if digits else (str.islower, str.isupper)
    readable = sum(len(word) for word in _SPOKEN.findall(text) if _VOWEL.search(word))
    return all(any(map(test, text)) for test in tests) and readable < readable_part * len(text)
