"""Telephone numbers: digit by digit, with a pause between groups of three or four, as they are dictated."""

from __future__ import annotations

import re

from jett.turns.spoken_text_numbers import digits

PHONE = re.compile(
    r"(?<![\w+])(?:tel:)?\+\d[\d ()/-]{5,20}\d(?!\w|[.,]\d)"  # +49 30 1234567
    r"|(?<![\w.,/-])(?:1[ .-])?(?:\(\d{3}\) ?|\d{3}[.-])\d{3}[.-]\d{4}(?![\w-]|[.,]\d)"  # (555) 123-4567
    r"|(?<![\w.,:/+-])0(?:\d{2,4}[ /-]\d(?:[ -]?\d){4,9}|\d(?: \d\d){4})(?![\w/:-]|[.,]\d)"  # 030 1234567
)
_ONE_DIGIT_CODES = "17"
_TWO_DIGIT_CODES = (
    "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 "
    "91 92 93 94 95 98"
)
"""Of countries, ITU-T E.164 (2016); all others have three digits."""
_LONGEST_GROUP = 4
_FEWEST_DIGITS = 7


def say_phone(found: re.Match[str]) -> str:
    """The number as its writer grouped it; groups too long to be remembered are divided."""
    number = found.group().removeprefix("tel:")
    groups = re.findall(r"\d+", number)
    if sum(map(len, groups)) < _FEWEST_DIGITS:
        return found.group()
    if number.startswith("+"):
        groups = [*_with_code(groups[0]), *groups[1:]]
    said = ", ".join(digits(part) for group in groups for part in _divided(group))
    return f"plus {said}" if number.startswith("+") else said


def _with_code(group: str) -> list[str]:
    """The country's code apart from what follows it."""
    length = 1 if group[0] in _ONE_DIGIT_CODES else 2 if group[:2] in _TWO_DIGIT_CODES else 3
    return [part for part in (group[:length], group[length:]) if part]


def _divided(group: str) -> list[str]:
    """In threes, the last of up to four."""
    parts = []
    while len(group) > _LONGEST_GROUP:
        parts.append(group[:3])
        group = group[3:]
    return [*parts, group]
