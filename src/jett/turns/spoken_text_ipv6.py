"""IPv6 addresses, sign by sign: `fe80::1` is "F E eight zero double colon one". What only looks like one stays."""

from __future__ import annotations

import ipaddress
import re

from jett.turns.spoken_text_numbers import amount, cardinal, digits, paired

IPV6 = re.compile(
    r"(?<![\w:.%])(?P<open>\[)?(?P<host>(?:[0-9A-Fa-f]{0,4}:){2,7}(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{1,4})?)"
    r"(?:%(?P<zone>[A-Za-z]\w{0,14}))?(?:/(?P<net>\d{1,3}))?(?(open)\](?::(?P<port>\d{1,5}))?)(?![\w:/%]|\.\d)"
)


def say_ipv6(found: re.Match[str]) -> str:
    """The address with its zone, network and port; a time, a ratio or a C++ name as it was."""
    host, ending = found["host"], ""
    if host.endswith(":") and not host.endswith("::"):
        host, ending = host[:-1], ":"
    if not is_ipv6(host) or not (found["open"] or found["net"] or re.search(r"\d", host)):
        return found.group()
    zone = f" on {found['zone']}" if found["zone"] else ""
    net = f" slash {cardinal(int(found['net']))}" if found["net"] else ""
    port = f" port {paired(found['port'])}" if found["port"] else ""
    return spelled(host) + zone + net + port + ending


def is_ipv6(host: str) -> bool:
    """Whether `host` is one, without brackets."""
    try:
        ipaddress.IPv6Address(host)
    except ValueError:
        return False
    return True


def spelled(host: str) -> str:
    """The signs of an address as words; an IPv4 address at its end keeps its numbers whole."""
    parts = re.findall(r"::|:|[^:]+", host)
    return " ".join({"::": "double colon", ":": "colon"}.get(part) or _group(part) for part in parts)


def _group(group: str) -> str:
    if "." in group:
        return " dot ".join(amount(part) for part in group.split("."))
    return " ".join(digits(char) if char.isdigit() else char.upper() for char in group)
