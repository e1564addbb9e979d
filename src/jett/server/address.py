"""Where a server of Jett's may listen: this machine, or a private network such as the tunnel. Never every address.

Names are not taken, since what they mean is somebody else's to say. Used by the settings and by whoever listens.
"""

from __future__ import annotations

import errno
import ipaddress
import re
import socket
import sys
from dataclasses import dataclass

from jett.core.errors import ConfigError

BACKLOG = 16
_ADDRESS = re.compile(r"(?:\[(?P<six>[0-9a-fA-F:.]+)\]|(?P<four>[0-9.]+)):(?P<port>[0-9]{1,5})", re.ASCII)
_NEED = (
    "an address of this machine or of a private network, and a port from 1 to 65535, such as 127.0.0.1:8765, "
    "or 10.0.0.1:8765 in the tunnel"
)
# Not `is_private`, which also holds for 0.0.0.0, that is for every address of the machine.
_PRIVATE = [
    ipaddress.ip_network(network)
    for network in (
        "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
        "::1/128", "fc00::/7", "fe80::/10",
    )
]  # fmt: skip
_IP_FREEBIND = 15
"""ip(7); Python has no name for it."""


@dataclass(frozen=True, slots=True)
class Address:
    """One private address and a port."""

    host: str
    port: int

    @property
    def netloc(self) -> str:
        """As it stands in a URL and in a Host header."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches it."""
        return ipaddress.ip_address(self.host).is_loopback

    @property
    def hosts(self) -> frozenset[str]:
        """What a client that means this address may write into its Host header."""
        return frozenset({self.netloc, f"localhost:{self.port}"} if self.is_loopback else {self.netloc})


def parse_address(text: str) -> Address:
    """The address that `text` names. Raises ValueError, whose text says what is needed."""
    found = _ADDRESS.fullmatch(text)
    if found is None or not 1 <= int(found["port"]) <= 65_535:
        raise ValueError(_NEED)
    try:
        host = ipaddress.ip_address(found["six"] or found["four"])
    except ValueError:
        raise ValueError(_NEED) from None
    if not any(host in network for network in _PRIVATE):
        raise ValueError(_NEED)
    return Address(str(host), int(found["port"]))


def listening(address: Address, setting: str) -> tuple[socket.socket, bool]:
    """A socket that listens there, and whether the address is there already: the tunnel may come up later.

    `setting` is the one to correct. Raises ConfigError.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, sys.platform != "win32")
        is_there = _bind(listener, address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise ConfigError(_told(address, setting, error)) from error
    return listener, is_there


def _bind(listener: socket.socket, address: Address) -> bool:
    place = (address.host, address.port)
    try:
        listener.bind(place)
    except OSError as error:
        if error.errno != errno.EADDRNOTAVAIL or sys.platform != "linux" or listener.family != socket.AF_INET:
            raise
        listener.setsockopt(socket.SOL_IP, _IP_FREEBIND, 1)
        listener.bind(place)
        return False
    return True


def _told(address: Address, setting: str, error: OSError) -> str:
    where = f"{setting}: {address.netloc}"
    if error.errno == errno.EADDRINUSE:
        return f"{where} is in use by another program; end that one, or name another port in {setting}"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{where} is no address of this machine; bring the tunnel up, or correct {setting}"
    return f"{where} cannot be listened on ({error.strerror}); correct {setting}"
