"""Numbers in English words: cardinal, ordinal, decimal, year, digit by digit, in pairs. No text is searched here."""

from __future__ import annotations

_ONES = [
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
]
_TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SCALES = ["", "thousand", "million", "billion", "trillion"]
_ODD_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
MAX_CARDINAL_DIGITS = 15
"""Longer numbers are read digit by digit: nobody follows quadrillions."""


def cardinal(number: int) -> str:
    """`42` as "forty-two"; below a quadrillion, negative too."""
    if number < 0:
        return "minus " + cardinal(-number)
    if number < 1000:
        return _below_thousand(number)
    groups: list[str] = []
    for scale in _SCALES:
        number, group = divmod(number, 1000)
        if group:
            groups.insert(0, f"{_below_thousand(group)} {scale}".strip())
    return " ".join(groups)


def _below_thousand(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    words = [f"{_ONES[hundreds]} hundred"] if hundreds else []
    if rest or not words:
        words.append(_below_hundred(rest))
    return " ".join(words)


def _below_hundred(number: int) -> str:
    if number < 20:
        return _ONES[number]
    tens, ones = divmod(number, 10)
    return _TENS[tens] + (f"-{_ONES[ones]}" if ones else "")


def ordinal(number: int) -> str:
    """`21` as "twenty-first"."""
    words = cardinal(number)
    head, joint, last = words.rpartition("-") if "-" in words.split()[-1] else words.rpartition(" ")
    regular = last[:-1] + "ieth" if last.endswith("y") else last + "th"
    return head + joint + _ODD_ORDINALS.get(last, regular)


def digits(text: str) -> str:
    """`007` as "zero zero seven"; what is no digit is left out."""
    return " ".join(_ONES[int(char)] for char in text if char.isdecimal())


def year(number: int) -> str:
    """`1999` as "nineteen ninety-nine", `2005` as "two thousand five"; 1000 to 2999."""
    century, rest = divmod(number, 100)
    if rest == 0:
        return cardinal(number) if century % 10 == 0 else f"{_below_hundred(century)} hundred"
    if century % 10 == 0 and rest < 10:
        return cardinal(number)
    return f"{_below_hundred(century)} {'oh ' if rest < 10 else ''}{_below_hundred(rest)}"


def paired(text: str) -> str:
    """A port or a model's number as people read it: `8080` "eighty eighty", `443` "four forty-three"."""
    if len(text) not in (3, 4) or text[0] == "0" or text.endswith("00"):
        return amount(text)
    head, tail = text[:-2], text[-2:]
    return f"{cardinal(int(head))} {'oh ' if tail[0] == '0' else ''}{cardinal(int(tail))}"


def amount(text: str) -> str:
    """A written number, `1,234.50` or `-3` or `007`, as words."""
    sign = "minus " if text[:1] in "-−–" and text[:1] else ""
    whole, point, fraction = text.lstrip("-−–+").replace(",", "").partition(".")
    if (len(whole) > 1 and whole[0] == "0") or len(whole) > MAX_CARDINAL_DIGITS:
        words = digits(whole)
    else:
        words = cardinal(int(whole or "0"))
    return f"{sign}{words} point {digits(fraction)}" if point and fraction else sign + words


def pairs(table: str) -> dict[str, str]:
    """`"km kilometer, m meter"` as a dictionary: the tables of the other files, kept short."""
    return {word: spoken for word, _, spoken in (entry.strip().partition(" ") for entry in table.split(","))}
