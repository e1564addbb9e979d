"""Units of measure: how each is written and said."""

from __future__ import annotations

from jett.turns.spoken_text_numbers import pairs

_NAMED = pairs(
    "kB kilobyte, KB kilobyte, MB megabyte, GB gigabyte, TB terabyte, PB petabyte, KiB kibibyte, MiB mebibyte, "
    "GiB gibibyte, TiB tebibyte, kbit kilobit, Mbit megabit, Gbit gigabit, Kb kilobit, Mb megabit, Gb gigabit, "
    "ns nanosecond, µs microsecond, μs microsecond, us microsecond, ms millisecond, s second, sec second, secs second, "
    "min minute, mins minute, h hour, hr hour, hrs hour, d day, "
    "nm nanometer, µm micrometer, mm millimeter, cm centimeter, m meter, km kilometer, mi mile, yd yard, "
    "mg milligram, µg microgram, g gram, kg kilogram, t ton, lb pound, lbs pound, oz ounce, "
    "l liter, L liter, ml milliliter, mL milliliter, ha hectare, "
    "W watt, mW milliwatt, kW kilowatt, MW megawatt, GW gigawatt, V volt, mV millivolt, kV kilovolt, A amp, "
    "mA milliamp, Ω ohm, J joule, kJ kilojoule, cal calorie, kcal kilocalorie, N newton, "
    "Pa pascal, kPa kilopascal, hPa hectopascal, px pixel, dB decibel"
)
"""Said with an s for several."""

_UNCHANGED = pairs(
    "B B, Hz hertz, kHz kilohertz, MHz megahertz, GHz gigahertz, THz terahertz, bar bar, psi PSI, dpi DPI, rpm RPM, "
    "dBFS decibels full scale"
)
"""Said alike for one and for several. `8B` is the size of a model, not eight bytes."""

_PHRASES = {
    "°C": ("degree Celsius", "degrees Celsius"),
    "℃": ("degree Celsius", "degrees Celsius"),
    "°F": ("degree Fahrenheit", "degrees Fahrenheit"),
    "℉": ("degree Fahrenheit", "degrees Fahrenheit"),
    "°": ("degree", "degrees"),
    "ft": ("foot", "feet"),
    "sq ft": ("square foot", "square feet"),
    "Wh": ("watt hour", "watt hours"),
    "kWh": ("kilowatt hour", "kilowatt hours"),
    "MWh": ("megawatt hour", "megawatt hours"),
    "Ah": ("amp hour", "amp hours"),
    "mAh": ("milliamp hour", "milliamp hours"),
}
_PER_HOUR = pairs("mph mile, kph kilometer")
_PER_SECOND = pairs("bps bit, kbps kilobit, Kbps kilobit, Mbps megabit, Gbps gigabit, fps frame")
PERIODS = pairs(
    "s second, sec second, second second, min minute, minute minute, h hour, hr hour, hour hour, day day, "
    "week week, mo month, month month, yr year, year year"
)
_RATED = pairs("tokens token, tok token, req request, requests request, frames frame, words word, B byte")

ATTACHED_ONLY = frozenset({"B", "t", "A", "l", "J", "N", "us", "L", "bar"})
"""Units that are words or letters of their own when a space comes before them: `5 A` is rarely amperes."""


def _table() -> dict[str, tuple[str, str]]:
    units = {unit: (word, word + "s") for unit, word in _NAMED.items()}
    units |= {unit: (word, word) for unit, word in _UNCHANGED.items()}
    units |= _PHRASES
    units |= {unit: (f"{word} per hour", f"{word}s per hour") for unit, word in _PER_HOUR.items()}
    units |= {unit: (f"{word} per second", f"{word}s per second") for unit, word in _PER_SECOND.items()}
    for unit in ("m", "km", "cm", "mm"):
        for marks, word in (("2", "square"), ("3", "cubic")):
            for power in (marks, "^" + marks):
                units[unit + power] = (f"{word} {_NAMED[unit]}", f"{word} {_NAMED[unit]}s")
    return units


UNITS = _table()
"""Written unit to (said for one, for several)."""

RATED = {unit: (word, word + "s") for unit, word in (_NAMED | _RATED).items()}
"""The same for what may stand before `/s`: `MB/s`, `tokens/s`."""


def begins_with_unit(text: str) -> bool:
    """Whether what is before the first slash is a unit, as in `km/h` or `GB/32 GB`."""
    unit = text.partition("/")[0]
    return unit in UNITS or unit in RATED
