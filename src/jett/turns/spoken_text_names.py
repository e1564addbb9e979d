"""Names and abbreviations that are not said as they are written. The owner's own come from the settings."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from jett.turns.spoken_text_numbers import pairs

PRONUNCIATIONS: dict[str, str] = {
    "n8n": "n eight n",
    "nginx": "engine x",
    "qdrant": "quadrant",
    "postgres": "post gress",
    "postgresql": "post gress QL",
    "psql": "P SQL",
    "mysql": "my SQL",
    "sqlite": "SQ lite",
    "mongodb": "mongo DB",
    "redis": "reddis",
    "traefik": "traffic",
    "kubectl": "cube control",
    "k8s": "kubernetes",
    "k3s": "K three S",
    "etcd": "et CD",
    "systemctl": "system control",
    "systemd": "system D",
    "localhost": "local host",
    "ollama": "oh llama",
    "llama.cpp": "llama CPP",
    "vllm": "VLLM",
    "qwen": "kwen",
    "vram": "V RAM",
    "cuda": "kooda",
    "node.js": "node JS",
    "next.js": "next JS",
    "vue.js": "view JS",
    ".net": "dot net",
    "c++": "C plus plus",
    "c#": "C sharp",
    "f#": "F sharp",
    "async": "ay sink",
    "json": "jason",
    "yaml": "yammel",
    "toml": "tommel",
    "onnx": "onyx",
    "gui": "gooey",
    "ci/cd": "CI CD",
    "tcp/ip": "TCP IP",
    "i/o": "IO",
    "wi-fi": "WiFi",
    "pypi": "pie P I",
    "numpy": "num pie",
    "stdin": "standard in",
    "stdout": "standard out",
    "stderr": "standard error",
    "ph.d.": "PhD",
    "chmod": "change mod",
    "grafana": "grafahna",
}
"""Whole words, any case. A setting adds to them or replaces them."""

_TITLES = pairs(
    "Dr Doctor, Mr Mister, Mrs Missus, Ms Miz, Prof Professor, St Saint, Mt Mount, Gen General, Sgt Sergeant, "
    "Capt Captain, Lt Lieutenant, Sen Senator, Gov Governor, Rev Reverend"
)
_BEFORE_MORE = pairs(
    "vs versus, approx approximately, dept department, avg average, incl including, excl excluding, resp respectively"
)
_BEFORE_NUMBER = pairs("fig figure, vol volume, ca circa, est estimated, ch chapter, pp pages, p page, sec section")
_ANYWHERE = pairs(
    "etc et cetera, Inc Incorporated, Ltd Limited, Corp Corporation, Jr Junior, Sr Senior, min minutes, max maximum, "
    "Jan January, Feb February, Apr April, Aug August, Sept September, Oct October, Nov November, Dec December"
)
_TITLE = re.compile(rf"\b({'|'.join(_TITLES)})\.\s+(?=[A-Z])")
_TITLE_ALONE = re.compile(r"\b(Mr|Mrs)\.(?=\s)")
_STREET = re.compile(r"(?<=[a-z]\s)St\.(?=\s+[a-z]|,)")
_MORE = re.compile(rf"\b({'|'.join(_BEFORE_MORE)})\.(?=\s+\S)", re.IGNORECASE)
_NUMBER = re.compile(rf"\b({'|'.join(_BEFORE_NUMBER)})\.(?=\s*\d)", re.IGNORECASE)
_SHORTENED = re.compile(rf"\b({'|'.join(_ANYWHERE)})\.(?P<end>(?=\s*$|\s+[A-Z\"“]))?")
_FOR_EXAMPLE = re.compile(r"\b(?:e\.\s?g\.|eg\.),?\s*", re.IGNORECASE)
_THAT_IS = re.compile(r"\b(?:i\.\s?e\.|ie\.),?\s*", re.IGNORECASE)
_INITIALS = re.compile(r"\b(?:[A-Za-z]\.){2,}(?P<end>(?=\s*$|\s+(?:The|It|I|In|A|This|That|But|And|So)\b))?")
_WITH = re.compile(r"(?<!\S)w/\s?(?=\w)")
_SNAKE = re.compile(r"(?<=\w)_+(?=\w)")


def say_abbreviations(text: str) -> str:
    """Titles, Latin and business short forms, initials."""
    text = _FOR_EXAMPLE.sub("for example, ", text)
    text = _THAT_IS.sub("that is, ", text)
    text = _TITLE.sub(lambda found: _TITLES[found[1]] + " ", text)
    text = _TITLE_ALONE.sub(lambda found: _TITLES[found[1]], text)
    text = _STREET.sub("Street", text)
    text = _MORE.sub(lambda found: _BEFORE_MORE[found[1].lower()], text)
    text = _NUMBER.sub(lambda found: _BEFORE_NUMBER[found[1].lower()], text)
    text = _SHORTENED.sub(lambda found: _ANYWHERE[found[1]] + _dot(found), text)
    text = _INITIALS.sub(lambda found: found.group().replace(".", "").upper() + _dot(found), text)
    return _WITH.sub("with ", text)


def _dot(found: re.Match[str]) -> str:
    return "." if found["end"] is not None else ""


def say_names(text: str, own: Mapping[str, str], *, with_marks: bool) -> str:
    """Known names in `text`; first those with a mark inside (`node.js`), later, when paths are gone, the plain ones."""
    return _sayer(frozenset(own.items()), with_marks)(text)


@lru_cache(maxsize=16)
def _sayer(own: frozenset[tuple[str, str]], with_marks: bool) -> Callable[[str], str]:
    names = PRONUNCIATIONS | {name.lower(): spoken for name, spoken in own if name.strip()}
    chosen = {name: spoken for name, spoken in names.items() if name.isalnum() is not with_marks}
    if not chosen:
        return lambda text: text
    longest_first = sorted(chosen, key=len, reverse=True)
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?![^\W\d])", re.IGNORECASE)
    return lambda text: pattern.sub(lambda found: chosen[found.group().lower()], text)


def say_identifiers(text: str) -> str:
    """`snake_case` as two words."""
    return _SNAKE.sub(" ", text)
