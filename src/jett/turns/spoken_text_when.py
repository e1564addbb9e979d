"""Dates and times of day as they are spoken. Each rule is a pattern and what to say for it."""

from __future__ import annotations

import re

from jett.turns.spoken_text_numbers import cardinal, ordinal, year

_MONTHS = [
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
]
_MONTH_OF = {name[:3].lower(): name for name in _MONTHS} | {"sept": "September"}
_MONTH = (
    r"(?P<month>Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?"
    r"|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b\.?"
)
_DAY = r"(?P<day>3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>[12]\d{3})"
_HALF = r"(?:\s*(?P<half>[ap])\.?\s?m\b\.?(?P<end>(?=\s+[A-Z])|(?=\s*$))?)"

_ISO = re.compile(
    r"(?<![\w.-])(?P<year>[12]\d{3})-(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12]\d|3[01])(?![\d-])(?P<more>T|\s(?=\d\d?:\d\d))?"
)
_SLASHED = re.compile(r"(?<![\w./])(?P<a>\d{1,2})(?P<mark>[/.])(?P<b>\d{1,2})(?P=mark)(?P<year>(?:19|20)\d\d)(?![\w/])")
_MONTH_DAY = re.compile(rf"\b{_MONTH}\s+{_DAY}(?!\w|[.:]\d)(?:,?\s+{_YEAR}\b)?", re.IGNORECASE)
_DAY_MONTH = re.compile(rf"(?<![\w.:])(?P<the>the\s+)?{_DAY}(?:\s+of)?\s+{_MONTH}(?:,?\s+{_YEAR}\b)?", re.IGNORECASE)
_CLOCK = re.compile(
    rf"(?<![\w.:])(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d)(?:\.\d+)?)?(?![\w:]*\d)"
    rf"{_HALF}?(?P<zone>Z\b)?",
    re.IGNORECASE,
)
_HOUR = re.compile(rf"(?<![\w.:,$€£])(?P<hour>1[0-2]|[1-9]){_HALF}", re.IGNORECASE)
_DECADE = re.compile(r"(?<![\w.])['’]?(?P<century>1[89]|20)?(?P<tens>[1-9])0['’]?s\b")
_CENTURY = re.compile(r"(?<![\w.])(1[1-9])00s\b")
_HUNDREDS = re.compile(r"(?<![\w.,])(?:(?P<hundreds>100)|1,?000)s\b")
_YEAR_NAMED = re.compile(
    r"\b(?P<lead>(?:in|since|by|from|until|till|of|year|before|after|during|late|early|mid)\s+)(?P<year>1[1-9]\d\d)\b(?![,.]\d|\s*[%°$€£/:])",
    re.IGNORECASE,
)
_YEARS = re.compile(r"(?<![\w.,:$€£/#+-])(?P<a>(?:19|20)\d\d)\s?[-–]\s?(?P<b>(?:19|20)?\d\d)(?!\w|[,.:-]\d)")
_YEAR_ALONE = re.compile(r"(?<![\w.,:$€£/#+-])(?P<year>(?:19|20)\d\d)(?!\w|[.,:/-]\d|\s*[%°$€£×])")


def say_times(text: str) -> str:
    """Dates, times, decades and years in `text` as words."""
    for pattern, say in _RULES:
        text = pattern.sub(say, text)
    return text


_VERBS = frozenset({"may", "mar", "march"})
"""In lower case these are no months."""


def _date(day: int, month: str, year_text: str | None) -> str:
    return f"{month} {ordinal(day)}" + (f", {year(int(year_text))}" if year_text else "")


def _say_iso(found: re.Match[str]) -> str:
    tail = " at " if found["more"] else ""
    return _date(int(found["day"]), _MONTHS[int(found["month"]) - 1], found["year"]) + tail


def _say_slashed(found: re.Match[str]) -> str:
    a, b = int(found["a"]), int(found["b"])
    month, day = (b, a) if found["mark"] == "." or a > 12 else (a, b)
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return found.group()
    return _date(day, _MONTHS[month - 1], found["year"])


def _say_named(found: re.Match[str]) -> str:
    if found["month"] in _VERBS:
        return found.group()
    return _date(int(found["day"]), _MONTH_OF[found["month"][:3].lower()], found["year"])


def _say_day_first(found: re.Match[str]) -> str:
    if found["month"] in _VERBS:
        return found.group()
    month = _MONTH_OF[found["month"][:3].lower()]
    when = f" {year(int(found['year']))}" if found["year"] else ""
    return f"the {ordinal(int(found['day']))} of {month}{when}"


def _say_half(found: re.Match[str]) -> str:
    if not found["half"]:
        return ""
    dot = "." if found["end"] is not None and "." in found.group()[-1:] else ""
    return f" {found['half'].upper()}M{dot}"


def _say_clock(found: re.Match[str]) -> str:
    hour, minute = int(found["hour"]), int(found["minute"])
    if minute == 0:
        words = cardinal(hour) if found["half"] else f"{cardinal(hour)} o'clock" if 1 <= hour <= 12 else _hundred(hour)
    else:
        words = f"{cardinal(hour)} {'oh ' if minute < 10 else ''}{cardinal(minute)}"
    if found["second"] and int(found["second"]):
        seconds = int(found["second"])
        words += f" and {cardinal(seconds)} second{'s' if seconds != 1 else ''}"
    return words + _say_half(found) + (" UTC" if found["zone"] else "")


def _hundred(hour: int) -> str:
    return "midnight" if hour in (0, 24) else f"{cardinal(hour)} hundred"


def _say_hour(found: re.Match[str]) -> str:
    return cardinal(int(found["hour"])) + _say_half(found)


def _say_decade(found: re.Match[str]) -> str:
    tens = cardinal(int(found["tens"]) * 10) if found["tens"] != "1" else "ten"
    plural = tens[:-1] + "ies" if tens.endswith("y") else tens + "s"
    return f"{cardinal(int(found['century']))} {plural}" if found["century"] else plural


def _say_years(found: re.Match[str]) -> str:
    end = found["b"] if len(found["b"]) == 4 else found["a"][:2] + found["b"]
    return f"{year(int(found['a']))} to {year(int(end))}"


_RULES = (
    (_ISO, _say_iso),
    (_SLASHED, _say_slashed),
    (_MONTH_DAY, _say_named),
    (_DAY_MONTH, _say_day_first),
    (_CLOCK, _say_clock),
    (_HOUR, _say_hour),
    (_DECADE, _say_decade),
    (_CENTURY, lambda found: f"{cardinal(int(found[1]))} hundreds"),
    (_HUNDREDS, lambda found: "hundreds" if found["hundreds"] else "thousands"),
    (_YEARS, _say_years),
    (_YEAR_NAMED, lambda found: found["lead"] + year(int(found["year"]))),
    (_YEAR_ALONE, lambda found: year(int(found["year"]))),
)
