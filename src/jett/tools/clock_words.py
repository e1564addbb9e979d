"""The time and the date as they are said; `turns.spoken_text` turns the numbers into words. Pure."""

from __future__ import annotations

from datetime import datetime

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def spoken_time(now: datetime) -> str:
    """ "It is 4:05 PM." """
    hour = now.hour % 12 or 12
    return f"It is {hour}:{now.minute:02d} {'AM' if now.hour < 12 else 'PM'}."


def spoken_date(now: datetime) -> str:
    """ "Today is Tuesday, November 24, 2026." """
    return f"Today is {day_name(now)}, {month_name(now)} {now.day}, {now.year}."


def day_name(at: datetime) -> str:
    """ "Tuesday" """
    return _DAYS[at.weekday()]


def month_name(at: datetime) -> str:
    """ "November" """
    return _MONTHS[at.month - 1]
