"""Which addresses nobody on the internet has, so that what is said to them stays in the owner's networks. Pure.

A name is none: what it stands for is somebody else's to say. Used where something goes over a connection in plain text.
"""

from __future__ import annotations

import ipaddress

_PLAIN = [
    ipaddress.ip_network(network)
    for network in (
        "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",  # RFC 1918, 3927
        "100.64.0.0/10",  # RFC 6598, which tunnels use too
        "::1/128", "fc00::/7", "fe80::/10",  # RFC 4193, 4291
    )
]  # fmt: skip
NEED = "this machine, a private address (10/8, 172.16/12, 192.168/16, 100.64/10, 169.254/16, fc00::/7, fe80::/10)"
"""In words, for a message."""


def is_private(host: str) -> bool:
    """Whether `host` is this machine or an address of a private network. False for every name but localhost."""
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return any(address in network for network in _PLAIN)
