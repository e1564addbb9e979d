"""Plain text to Docker: where it may go, and the addresses that only look as if they were near."""

from __future__ import annotations

import pytest

from jett.core.errors import ConfigError
from jett.ops.docker_address import exposed
from jett.ops.docker_engine import DockerEngine

NEAR = [
    "tcp://127.0.0.1:2375",
    "tcp://localhost:2375",
    "tcp://10.0.0.2:2375",
    "tcp://172.31.255.255:2375",
    "tcp://192.168.1.2:2375",
    "tcp://100.64.0.1:2375",
    "tcp://100.127.255.255:2375",
    "tcp://169.254.3.4:2375",
    "tcp://[::1]:2375",
    "tcp://[fd00::2]:2375",
    "tcp://[fe80::1]:2375",
    "http://10.0.0.2:2375",
]
FAR = [
    ("a public address", "tcp://203.0.113.9:2375"),
    ("one just outside 172.16/12", "tcp://172.32.0.1:2375"),
    ("one just outside 100.64/10", "tcp://100.128.0.1:2375"),
    ("a public one of IPv6", "tcp://[2001:db8::1]:2375"),
    ("a public one as IPv6", "tcp://[::ffff:203.0.113.9]:2375"),
    ("every address of a machine", "tcp://0.0.0.0:2375"),
    ("http is plain too", "http://203.0.113.9:2375"),
    ("a name", "tcp://vps.example:2375"),
    ("a name that begins like an address", "tcp://10.0.0.2.example:2375"),
    ("one number", "tcp://3405803785:2375"),
    ("a user that looks like an address", "http://10.0.0.2@203.0.113.9:2375"),
]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.parametrize("address", NEAR)
@pytest.mark.anyio
async def test_plain_text_stays_in_the_owners_networks(address: str) -> None:
    assert exposed(address, ()) == ""
    await DockerEngine(address).aclose()


@pytest.mark.parametrize(("what", "address"), FAR)
def test_anywhere_else_tls_is_demanded(what: str, address: str) -> None:
    with pytest.raises(ConfigError, match=r"need https://HOST:PORT with ops\.tls_ca.*ops\.tunnel_hosts; correct"):
        DockerEngine(address)


@pytest.mark.anyio
async def test_a_name_is_near_only_where_the_owner_says_so() -> None:
    await DockerEngine("tcp://VPS:2375", tunnel_hosts=["Vps"]).aclose()
    with pytest.raises(ConfigError, match=r"docker is 'tcp://vps2:2375'"):
        DockerEngine("tcp://vps2:2375", tunnel_hosts=["vps"])


@pytest.mark.parametrize("address", ["", "unix:///run/docker.sock", "https://203.0.113.9", "tcp://[::1"])
def test_what_is_no_plain_address_is_nobodys_business(address: str) -> None:
    assert exposed(address, ()) == ""
