"""Money, percentages, measures, ranges, fractions and plain numbers as they are spoken. After it no digit is left."""

from __future__ import annotations

import re
from collections.abc import Iterable

from jett.turns.spoken_text_numbers import amount, cardinal, digits, ordinal, paired
from jett.turns.spoken_text_units import ATTACHED_ONLY, PERIODS, RATED, UNITS

_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+"
_SIGN = r"(?:(?<![\w.)])[-−–](?=[\d.]))?"
_DASH = r"\s?(?:[-–—]|\bto\b)\s?"
_SCALE = r"(?:\s?(?P<scale>thousand|million|billion|trillion)\b|(?P<short>k|K|M|m|bn|B|T)\b)?"
_SHORT = {"k": "thousand", "m": "million", "b": "billion", "bn": "billion", "t": "trillion"}
_MONEY = {
    "$": ("dollar", "dollars", "cent"),
    "US$": ("US dollar", "US dollars", "cent"),
    "€": ("euro", "euros", "cent"),
    "£": ("pound", "pounds", "penny"),
    "¥": ("yen", "yen", ""),
    "₹": ("rupee", "rupees", "paisa"),
    "USD": ("US dollar", "US dollars", "cent"),
    "EUR": ("euro", "euros", "cent"),
    "GBP": ("pound", "pounds", "penny"),
    "CHF": ("Swiss franc", "Swiss francs", "centime"),
    "JPY": ("yen", "yen", ""),
    "BTC": ("bitcoin", "bitcoins", ""),
}
_PLURAL_CENTS = {"penny": "pence", "paisa": "paise"}
_CODES = "|".join(re.escape(code) for code in _MONEY)
_MONEY_BEFORE = re.compile(
    rf"(?<!\w)(?P<sign>[-−–])?(?P<code>US\$|[$€£¥₹]|USD\s|EUR\s|GBP\s|CHF\s)\s?(?P<number>{_NUMBER})(?:{_DASH}[$€£]?(?P<upto>{_NUMBER}))?{_SCALE}"
)
_MONEY_AFTER = re.compile(
    rf"(?<![\w.,])(?P<sign>)(?P<number>{_NUMBER})(?:{_DASH}(?P<upto>{_NUMBER}))?{_SCALE}\s?(?P<code>[€£¥₹]|(?:{_CODES})\b)(?!\w)"
)


def _any_of(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_UNIT = rf"(?:(?P<rated>{_any_of(RATED)})/(?P<per>{_any_of(PERIODS)})|(?P<unit>{_any_of(UNITS)}))"
_MEASURE = re.compile(
    rf"(?<![\w.,])(?P<sign>{_SIGN}|[~≈±+])(?P<number>{_NUMBER})(?:{_DASH}(?P<upto>{_NUMBER}))?"
    rf"(?P<gap>[ \u00a0\u202f-]?){_UNIT}(?![\w²³]|\^)"
)
_PERCENT = re.compile(
    rf"(?<![\w.,])(?P<sign>{_SIGN}|[~≈±+])(?P<number>{_NUMBER})(?:\s?%?{_DASH}(?P<upto>{_NUMBER}))?\s?(?P<unit>%|‰)"
)
_ORDINAL = re.compile(r"(?<![\w.,])(\d{1,3}(?:,\d{3})+|\d{1,15})(?:st|nd|rd|th)\b", re.IGNORECASE)
_NUMBERED = re.compile(r"(?:(?<!\w)#|\b(?P<no>[Nn])(?:o|os|r)\.\s?|№\s?)(?=\d)")
_HEX = re.compile(r"\b0[xX]([0-9a-fA-F]{1,16})\b")
_EXPONENT = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)[eE]([+-]?\d{1,3})\b")
_RESOLUTION = re.compile(r"(?<![\w.])(\d{1,5})\s?[x×]\s?(\d{1,5})(?:\s?[x×]\s?(\d{1,5}))?(?![\w.]*\d)")
_TIMES = re.compile(rf"(?<![\w.,])({_NUMBER})\s?[x×](?=[\s.,;:!?)]|$)")
_ABOUT = re.compile(r"~\s?(?=[$€£¥])")
_DIALLED = re.compile(r"\b(?P<verb>[Cc]all|[Dd]ial)\s(?P<number>\d{3}(?:-\d{4})?)\b(?![.,-]\d)")
_HEIGHT = re.compile(r"(?<![\w.])(\d)['’′](\d{1,2})[\"”″]")
_SPAN = re.compile(
    r"(?<![\w.,])(?:(?P<h>\d{1,3})\s?h(?:\s?(?P<hm>\d{1,2})\s?m(?:in)?\b)|(?P<m>\d{1,3})\s?m(?:in)?(?=\s?\d{1,2}\s?s\b))"
)
_ROMAN = re.compile(r"\b(?P<name>[A-Z][a-z]+)\s(?P<roman>(?=[XVI])X{0,2}(?:IX|IV|V?I{0,3}))\b")
_ROMAN_DIGITS = {"I": 1, "V": 5, "X": 10}
_COUNTED = frozenset(
    {
        "War",
        "Chapter",
        "Part",
        "Volume",
        "Act",
        "Phase",
        "Type",
        "Level",
        "Section",
        "Article",
        "Title",
        "Bowl",
        "Class",
    }
)
_PRODUCT = re.compile(r"\b(?P<name>RTX|GTX|RX|Ryzen|Core|Intel|Radeon|Arc|Xeon|GeForce)\s(?P<number>\d{3,4})(?!\d)")
_RATIO = re.compile(r"(?<![\w.,:])(\d{1,6}):(\d{1,6})(?![\w:]|\.\d)")
_DIFFERENCE = re.compile(rf"(?<![\w.,])({_NUMBER})\s+[-−–]\s+({_NUMBER})(?=\s*=)")
_SCREEN = re.compile(r"\b([48])K\b")
_RANGE = re.compile(rf"(?<![\w.,–-])({_NUMBER})\s?[-–—]\s?({_NUMBER})(?![\w–-]|[.,]\d)")
_FRACTION = re.compile(r"(?<![\w./,])(?:(?P<whole>\d{1,4})\s)?(?P<top>\d{1,4})/(?P<bottom>\d{1,4})(?![\w/]|\.\d)")
_SCALED = re.compile(rf"(?<![\w.,])(?P<sign>{_SIGN})(?P<number>{_NUMBER})(?P<short>k|K|M|bn)\b")
_PLAIN = re.compile(rf"(?P<sign>{_SIGN}|(?<!\w)[~≈±+])(?P<number>{_NUMBER})")
_SIGNS = {
    "": "",
    "-": "minus ",
    "−": "minus ",
    "–": "minus ",
    "~": "about ",
    "≈": "about ",
    "±": "plus or minus ",
    "+": "plus ",
}
_PARTS = {2: ("half", "halves"), 4: ("quarter", "quarters")}


def say_quantities(text: str) -> str:
    """Every number in `text` as words, with what it counts."""
    for pattern, say in _RULES:
        text = pattern.sub(say, text)
    return text


def _is_one(number: str, upto: str | None) -> bool:
    return number == "1" and not upto


def _span(found: re.Match[str]) -> str:
    words = _SIGNS[found["sign"] or ""] + amount(found["number"])
    return f"{words} to {amount(found['upto'])}" if found["upto"] else words


def _say_money(found: re.Match[str]) -> str:
    one, many, cent = _MONEY[found["code"].strip()]
    scale = found["scale"] or _SHORT.get((found["short"] or "").lower(), "")
    number, upto = found["number"], found["upto"]
    if scale or upto or not cent or not re.fullmatch(r"[\d,]*\.\d\d", number):
        currency = one if _is_one(number, upto) and not scale else many
        return " ".join(part for part in (_span(found), scale, currency) if part)
    whole, _, cents = number.partition(".")
    words = _SIGNS[found["sign"] or ""] + amount(whole) + " " + (one if whole == "1" else many)
    coins = cent if cents == "01" else _PLURAL_CENTS.get(cent, cent + "s")
    if cents == "00":
        return words
    small = f"{amount(str(int(cents)))} {coins}"
    return small if whole in ("", "0") else f"{words} and {small}"


def _say_measure(found: re.Match[str]) -> str:
    unit, gap = found["unit"], found["gap"]
    if unit in ATTACHED_ONLY and gap and gap != "-":
        return found.group()
    one, many = UNITS[unit] if unit else RATED[found["rated"]]
    singular = _is_one(found["number"], found["upto"]) or gap == "-"
    per = f" per {PERIODS[found['per']]}" if found["per"] else ""
    return f"{_span(found)} {one if singular else many}{per}"


def _say_exponent(found: re.Match[str]) -> str:
    return f"{amount(found[1])} times ten to the {amount(found[2])}"


def _say_time_span(found: re.Match[str]) -> str:
    if found["h"]:
        return f"{_counted(found['h'], 'hour')} {_counted(found['hm'], 'minute')}"
    return _counted(found["m"], "minute")


def _counted(number: str, word: str) -> str:
    return f"{amount(number)} {word if number == '1' else word + 's'}"


def _say_roman(found: re.Match[str]) -> str:
    values = [_ROMAN_DIGITS[letter] for letter in found["roman"]]
    if len(values) < 2 and found["name"] not in _COUNTED:  # "Vitamin I" and the pronoun stay letters
        return found.group()
    number = sum(-value if value < after else value for value, after in zip(values, [*values[1:], 0], strict=True))
    return f"{found['name']} {cardinal(number) if found['name'] in _COUNTED else 'the ' + ordinal(number)}"


def _say_hex(found: re.Match[str]) -> str:
    return "hex " + " ".join(digits(char) if char.isdigit() else char.upper() for char in found[1])


def _say_fraction(found: re.Match[str]) -> str:
    top, bottom, whole = int(found["top"]), int(found["bottom"]), found["whole"]
    if (top, bottom) in ((24, 7), (50, 50)):
        return f"{cardinal(top)} {cardinal(bottom)}"
    lead = f"{amount(whole)} and " if whole else ""
    if not 0 < top < bottom <= 10:
        how = "out of" if top <= bottom else "over"
        before = f"{amount(whole)} " if whole else ""
        return f"{before}{amount(found['top'])} {how} {amount(found['bottom'])}"
    one, many = _PARTS.get(bottom, (ordinal(bottom), ordinal(bottom) + "s"))
    return f"{lead or ''}{'a' if top == 1 and whole else amount(found['top'])} {one if top == 1 else many}"


def _say_numbered(found: re.Match[str]) -> str:
    return "Number " if found["no"] == "N" else "number "


_RULES = (
    (_ABOUT, lambda found: "about "),
    (_MONEY_BEFORE, _say_money),
    (_MONEY_AFTER, _say_money),
    (_DIALLED, lambda found: f"{found['verb']} " + ", ".join(map(digits, found["number"].split("-")))),
    (_HEIGHT, lambda found: f"{amount(found[1])} foot {amount(found[2])}"),
    (_SPAN, _say_time_span),
    (_ROMAN, _say_roman),
    (_PERCENT, lambda found: _span(found) + (" percent" if found["unit"] == "%" else " per mille")),
    (_NUMBERED, _say_numbered),
    (_ORDINAL, lambda found: ordinal(int(found[1].replace(",", "")))),
    (_HEX, _say_hex),
    (_EXPONENT, _say_exponent),
    (_PRODUCT, lambda found: f"{found['name']} {paired(found['number'])}"),
    (_RESOLUTION, lambda found: " by ".join(paired(part) for part in found.groups() if part)),
    (_MEASURE, _say_measure),
    (_TIMES, lambda found: f"{amount(found[1])} times"),
    (_FRACTION, _say_fraction),
    (_DIFFERENCE, lambda found: f"{amount(found[1])} minus {amount(found[2])}"),
    (_RATIO, lambda found: f"{amount(found[1])} to {amount(found[2])}"),
    (_SCREEN, lambda found: f"{amount(found[1])} K"),
    (_RANGE, lambda found: f"{amount(found[1])} to {amount(found[2])}"),
    (_SCALED, lambda found: f"{_span_plain(found)} {_SHORT[found['short'].lower()]}"),
    (re.compile(r"(?<=[^\W\d])(?=\d)|(?<=\d)(?=[^\W\d])"), lambda found: " "),
    (_PLAIN, lambda found: _span_plain(found)),
    (re.compile(r"\d"), lambda found: f" {digits(found.group())} "),
)


def _span_plain(found: re.Match[str]) -> str:
    return _SIGNS[found["sign"] or ""] + amount(found["number"])
