"""Where Jett may listen: on this machine and in private networks, and nowhere else."""

from __future__ import annotations

import socket
import sys

import pytest

from jett.core.errors import ConfigError
from jett.server.address import Address, listening, parse_address
from jett.settings import Settings

GOOD = [
    ("127.0.0.1:8765", Address("127.0.0.1", 8765)),
    ("127.8.9.1:1", Address("127.8.9.1", 1)),
    ("10.0.0.1:8765", Address("10.0.0.1", 8765)),
    ("172.31.255.255:65535", Address("172.31.255.255", 65_535)),
    ("192.168.1.20:80", Address("192.168.1.20", 80)),
    ("169.254.3.4:80", Address("169.254.3.4", 80)),
    ("[::1]:8765", Address("::1", 8765)),
    ("[fd00::1]:8765", Address("fd00::1", 8765)),
    ("[FE80:0::1]:8765", Address("fe80::1", 8765)),
]
BAD = {
    "every address": "0.0.0.0:8765",
    "every address, version 6": "[::]:8765",
    "every address, within version 6": "[::ffff:0.0.0.0]:8765",
    "a private one, within version 6": "[::ffff:10.0.0.1]:8765",
    "a public one": "203.0.113.7:8765",
    "just beyond a private network": "172.32.0.1:8765",
    "shared with a provider's customers": "100.64.0.1:8765",
    "multicast": "224.0.0.1:8765",
    "broadcast": "255.255.255.255:8765",
    "public, version 6": "[2001:db8::1]:8765",
    "a name": "localhost:8765",
    "another name": "10.0.0.1.example.org:8765",
    "no host": ":8765",
    "no port": "127.0.0.1",
    "port 0": "127.0.0.1:0",
    "a port that is none": "127.0.0.1:65536",
    "a long port": "127.0.0.1:000080",
    "octal": "0177.0.0.1:8765",
    "three parts": "10.0.1:8765",
    "a URL": "http://127.0.0.1:8765",
    "a zone": "[fe80::1%eth0]:8765",
    "no brackets": "::1:8765",
    "space": " 127.0.0.1:8765",
    "a line after it": "127.0.0.1:8765\n",
    "other digits": "１２７.0.0.1:8765",
}


@pytest.mark.parametrize(("text", "address"), GOOD)
def test_private_addresses_are_taken(text: str, address: Address) -> None:
    assert parse_address(text) == address
    assert Settings.load(env={}, overrides={"ops.announcements": text}).ops.announcements == text


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_whatever_else_is_refused_by_the_settings_with_what_is_needed(text: str) -> None:
    with pytest.raises(ConfigError, match=r"ops\.announcements is .*need an address of this machine or of a private"):
        Settings.load(env={}, overrides={"ops.announcements": text})


def test_a_client_may_name_the_address_and_on_this_machine_localhost() -> None:
    assert Address("10.0.0.1", 8765).hosts == {"10.0.0.1:8765"}
    assert Address("::1", 8765).hosts == {"[::1]:8765", "localhost:8765"}


def test_a_port_in_use_is_told_with_the_fix() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"127\.0\.0\.1:{port} is in use by another program; .*another port"):
            listening(Address("127.0.0.1", port), "ops.announcements")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can listen before the address is there")
def test_an_address_that_comes_later_is_listened_on_already() -> None:
    """The tunnel may come up after Jett; TEST-NET-1 stands for it, which no machine has."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    listener, is_there = listening(Address("192.0.2.77", port), "ops.announcements")
    with listener:
        assert not is_there
        assert listener.getsockname() == ("192.0.2.77", port)


def test_an_address_that_never_can_be_is_told_with_the_fix() -> None:
    with pytest.raises(ConfigError, match=r"correct ops\.announcements"):
        listening(Address("fe80::1", 8765), "ops.announcements")
