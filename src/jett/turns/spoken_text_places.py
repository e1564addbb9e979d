"""Where things are in a computer: URLs, e-mail, IP addresses, paths, files, versions, flags, as they are spoken."""

from __future__ import annotations

import re

from jett.turns.spoken_text_ipv6 import IPV6, is_ipv6, say_ipv6, spelled
from jett.turns.spoken_text_numbers import amount, cardinal, digits, paired, pairs
from jett.turns.spoken_text_phones import PHONE, say_phone
from jett.turns.spoken_text_units import begins_with_unit

_TLD = (
    "com|org|net|io|dev|ai|app|eu|at|de|uk|fr|ch|it|es|us|ca|au|jp|info|edu|gov|me|sh|co|tv|xyz|"
    "cloud|local|lan|internal"
)
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_URL = re.compile(
    r"\b(?:https?|wss?|ftp|ssh|git)://(?:[^\s/@]{1,80}@)?(?P<host>\[[0-9a-fA-F:]+\]|[^\s/:?#\"'<>()\[\]]+)(?::(?P<port>\d{1,5}))?(?P<rest>[/?#][^\s<>\"]*)?"
)
_MAIL = re.compile(rf"(?<![\w.+-])(?:mailto:)?(?P<name>[\w.+-]{{1,64}})@(?P<host>(?:{_LABEL}\.)+[A-Za-z]{{2,24}})\b")
_DOMAIN = re.compile(
    rf"(?<![\w.@/-])(?P<host>(?:{_LABEL}\.)+(?:{_TLD}))(?::(?P<port>\d{{1,5}}))?(?P<rest>/[^\s<>\"]*)?(?![\w-])(?!\.\w)"
)
_IPV4 = re.compile(
    r"(?<![\w.])(?P<host>\d{1,3}(?:\.\d{1,3}){3})(?:/(?P<net>\d{1,2}))?(?::(?P<port>\d{1,5}))?(?![\w]|\.\d)"
)
_HOST_PORT = re.compile(r"(?<![\w.:/])(?P<host>localhost|[a-z][\w-]*[a-z]):(?P<port>\d{2,5})(?![\w:]|\.\d)")
_PORT = re.compile(r"\b(?P<word>[Pp]orts?)\s+(?P<port>\d{2,5})\b(?![.:]\d)")
_PORT_MAP = re.compile(r"(?<![\w.:])(?P<a>\d{2,5}):(?P<b>\d{2,5})(?![\w:]|\.\d)")
_LONG_CODE = re.compile(
    r"(?<![\w-])(?:sha256:)?(?=[0-9a-fA-F-]*[a-fA-F])(?=[0-9a-fA-F-]*\d)(?P<code>[0-9a-fA-F]{4}(?:[0-9a-fA-F]|-(?=[0-9a-fA-F])){8,})(?![\w-])"
)
_VERSION = re.compile(
    r"(?<![\w.])(?P<v>[vV](?:ersion\s)?)?(?!\d{1,2}\.\d{1,2}\.(?:19|20)\d\d\b)(?P<number>\d{1,5}(?:\.\d{1,5}){2,3}|(?<=[vV])\d+(?:\.\d+)?)(?P<tag>[-+](?:alpine|slim|alpha|beta|rc|dev|pre|post|lts|a|b)[.-]?\d*)?(?![\w.]*\w)"
)
_RELEASE = re.compile(
    r"\b(?P<of>[vV]ersion|Python|Node|Ubuntu|Debian|Fedora|PostgreSQL|Postgres|CUDA|[kK]ernel)\s"
    r"(?P<number>\d+\.\d{2,})(?![\w.]*\d)"
)
_WINDOWS_PATH = re.compile(r"(?<![\w:])(?P<drive>[A-Za-z]):\\(?P<rest>[\w.\\$~-]*)")
_PATH = re.compile(r"(?<![\w/.~:<>])(?P<path>(?:~|\.{1,2})?(?:/[\w.@+~-]+)+/?|~/)(?![\w/])")
_RELATIVE = re.compile(r"(?<![\w/.~:@+-])(?=[^\s/]{0,99}[A-Za-z_])(?P<path>[\w.@+-]{1,100}(?:/[\w.@+-]+)+/?)(?![\w/])")
_EXTENSIONS = pairs(
    "json jason, yml yammel, yaml yammel, toml tommel, txt text, wav wave, onnx onyx, conf conf, log log, env env, "
    "lock lock, zip zip, tar tar, go go, bin bin, service service, config config, local local, bak back, ini ini, "
    "sock sock, example example, pem pem, key key, timer timer, socket socket, bat bat, jpeg J peg, gif gif"
)
_SPELLED = (
    "py|js|ts|tsx|jsx|md|sh|html|css|sql|csv|gguf|exe|gz|rs|png|jpg|pdf|cfg|xml|mp3|mp4|svg|cpp|c|h|db|iso|deb|rpm|"
    "ps1|so|java|kt|rb|php|vue|ipynb|xlsx|docx|pptx|doc|xls|ppt|tgz|xz|bz2|7z|flac|ogg|webm|mkv|dll"
)
_SUFFIX = "|".join(sorted([*_EXTENSIONS, *_SPELLED.split("|")], key=len, reverse=True))
_FILE = re.compile(rf"(?<![\w./@])(?P<name>\.?[\w+-]*(?:\.[\w+-]+)*?)\.(?P<suffix>{_SUFFIX})(?![\w-]|\.\w)")
_DOTFILE = re.compile(r"(?<![\w./])\.(?P<name>[a-z][\w-]+)\b")
_FLAG = re.compile(r"(?<![\w-])(?P<dashes>--?)(?P<name>[A-Za-z][\w-]*)(?P<equals>=)?")
_ASSIGNED = re.compile(r"\b(?P<name>[A-Za-z_]\w*)=(?=\S)")


def say_places(text: str) -> str:
    """Addresses, paths, versions and flags in `text` as words."""
    for pattern, say in _RULES:
        text = pattern.sub(say, text)
    return text


def _port(port: str | None) -> str:
    return f" port {paired(port)}" if port else ""


def _ending(rest: str | None) -> str:
    """The punctuation that only looks like the end of an address."""
    found = re.search(r"[.,;:!?)\]'*]+$", rest or "")
    return found.group() if found else ""


def _host(host: str) -> str:
    ending = _ending(host)
    bare = host[: len(host) - len(ending)].strip("[]")
    if re.fullmatch(r"\d{1,3}(\.\d{1,3}){3}", bare):
        return _ip(bare) + ending
    if is_ipv6(bare):
        return spelled(bare) + ending
    labels = bare.removeprefix("www.").split(".")
    spoken = [label.replace("-", " dash ") for label in labels]
    if len(labels[-1]) == 2 and len(labels) > 1:
        spoken[-1] = labels[-1].upper()
    return " dot ".join(spoken) + ending


def _ip(address: str) -> str:
    return " dot ".join(amount(part) for part in address.split("."))


def _say_url(found: re.Match[str]) -> str:
    return _host(found["host"]) + _port(found["port"]) + _ending(found["rest"])


def _say_mail(found: re.Match[str]) -> str:
    name = re.sub(r"[._+-]", lambda mark: _MAIL_MARKS[mark.group()], found["name"])
    return f"{name} at {_host(found['host'])}"


_MAIL_MARKS = {".": " dot ", "_": " underscore ", "-": " dash ", "+": " plus "}


def _say_ip(found: re.Match[str]) -> str:
    net = f" slash {cardinal(int(found['net']))}" if found["net"] else ""
    return _ip(found["host"]) + net + _port(found["port"])


def _say_code(found: re.Match[str]) -> str:
    return "a code that starts with " + " ".join(
        digits(char) if char.isdigit() else char.upper() for char in found["code"].replace("-", "")[:4]
    )


def _say_version(found: re.Match[str]) -> str:
    number = " point ".join(amount(part) for part in found["number"].split("."))
    tag = re.sub(r"[-+.]+|(?<=[a-z])(?=\d)", " ", found["tag"] or "")
    tag = re.sub(r"\brc\b", "RC", tag)
    return ("version " if found["v"] else "") + number + tag.rstrip()


def _say_windows_path(found: re.Match[str]) -> str:
    return f"{found['drive'].upper()} drive " + _segments(found["rest"].replace("\\", "/"))


def _say_path(found: re.Match[str]) -> str:
    path, ending = found["path"], ""
    if path.endswith("."):
        path, ending = path.rstrip("."), "."
    whole = path.count("/") <= _KEPT_SEGMENTS
    lead = "home slash " if path.startswith("~") else "slash " if path.startswith("/") and whole else ""
    return lead + _segments(re.sub(r"^(?:~|\.{1,2})?/", "", path)) + ending


def _say_relative(found: re.Match[str]) -> str:
    path = found["path"]
    if begins_with_unit(path):
        return path
    if path.lower() in _EITHER:
        return _EITHER[path.lower()]
    ending = "." if path.endswith(".") else ""
    return _segments(path.rstrip(".")) + ending


_EITHER = {"and/or": "and or", "w/o": "without", "he/she": "he or she", "his/her": "his or her", "n/a": "not available"}
_KEPT_SEGMENTS = 4


def _segments(path: str) -> str:
    """The parts of a path; of a long one only the last two, which is what a person would read out."""
    parts = [part for part in path.split("/") if part]
    if len(parts) > _KEPT_SEGMENTS:
        parts = parts[-2:]
    return " slash ".join(_DOTFILE.sub(_say_dotfile, _FILE.sub(_say_file, part)) for part in parts)


def _say_file(found: re.Match[str]) -> str:
    suffix = found["suffix"]
    spoken = _EXTENSIONS.get(suffix) or suffix.upper()
    name = re.sub(r"(?<=\w)\.(?=\w)", " dot ", found["name"])
    name = "dot " + name[1:] if name.startswith(".") else name
    return f"{name} dot {spoken}".strip()


def _say_dotfile(found: re.Match[str]) -> str:
    return f"dot {found['name']}"


def _say_flag(found: re.Match[str]) -> str:
    dashes = "dash dash" if found["dashes"] == "--" else "dash"
    return f"{dashes} {found['name'].replace('-', ' ')}" + (" equals " if found["equals"] else "")


_RULES = (
    (_URL, _say_url),
    (_MAIL, _say_mail),
    (_DOMAIN, _say_url),
    (_WINDOWS_PATH, _say_windows_path),
    (_PATH, _say_path),
    (_RELATIVE, _say_relative),
    (IPV6, say_ipv6),
    (PHONE, say_phone),
    (_IPV4, _say_ip),
    (_HOST_PORT, lambda found: found["host"] + _port(found["port"])),
    (_PORT, lambda found: found["word"] + _port(found["port"]).removeprefix(" port")),
    (_PORT_MAP, lambda found: found.group() if _is_clock(found) else f"{paired(found['a'])} to {paired(found['b'])}"),
    (_LONG_CODE, _say_code),
    (_VERSION, _say_version),
    (_RELEASE, lambda found: f"{found['of']} " + " point ".join(amount(part) for part in found["number"].split("."))),
    (_FILE, _say_file),
    (_DOTFILE, _say_dotfile),
    (_FLAG, _say_flag),
    (_ASSIGNED, lambda found: f"{found['name']} equals "),
)


def _is_clock(found: re.Match[str]) -> bool:
    return len(found["a"]) == 2 and int(found["a"]) <= 24 and len(found["b"]) == 2 and int(found["b"]) < 60
