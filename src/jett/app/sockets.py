"""Which sockets a process has open and what each is for, judged by where it leads. Opens none itself.

Jett's own are few: the embedded language model's server on loopback, the connection to it, the addresses of the
dashboard, of Wyoming and for announcements, and servers that the settings name. Only what this process itself opened is
called its own. What else stays on this machine is told as unknown, since another Jett's port cannot be told from a
stranger's; what leaves it is called unexpected.

Used by `jett doctor`, the dashboard's privacy page and the privacy tests.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import psutil

from jett.engines.llm.own_ports import OWN_PORTS
from jett.server.address import parse_address
from jett.settings import Settings


@dataclass(frozen=True, slots=True)
class OpenSocket:
    """One socket; `expected` is False for one that Jett has no use for."""

    pid: int
    kind: str
    local: str
    remote: str
    status: str
    purpose: str
    expected: bool


def open_sockets(pid: int, settings: Settings, *, fetches: bool = False) -> list[OpenSocket]:
    """The sockets of a process and of its children; empty when it has ended or may not be looked at.

    With `fetches` the process may be connected to where models come from.
    """
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        return [
            _described(one.pid, connection, settings, fetches) for one in family for connection in _connections(one)
        ]
    except psutil.Error:
        return []


def _connections(process: Any) -> Iterable[Any]:
    """Internet sockets, and local ones that lead to somebody; a process's talk with itself is left out."""
    for connection in process.net_connections(kind="all"):
        if connection.family.name != "AF_UNIX" or connection.laddr or connection.raddr:
            yield connection


def _described(pid: int, connection: Any, settings: Settings, fetches: bool) -> OpenSocket:
    purpose, expected = _purpose(pid, connection, settings)
    if fetches and not expected and connection.raddr:
        purpose, expected = "fetches models, from where pip, npm, the hub or models.mirror lie", True
    kind = {"SOCK_STREAM": "tcp", "SOCK_DGRAM": "udp"}.get(connection.type.name, connection.type.name)
    if connection.family.name == "AF_UNIX":
        kind = "unix"
    return OpenSocket(
        pid, kind, _address(connection.laddr), _address(connection.raddr), connection.status, purpose, expected
    )


def _purpose(pid: int, connection: Any, settings: Settings) -> tuple[str, bool]:
    if connection.family.name == "AF_UNIX":
        path = f"{connection.laddr}{connection.raddr}".lower()
        sound = any(word in path for word in ("pulse", "pipewire", "native"))
        return ("the sound server of this machine" if sound else "another program of this machine, no network"), True
    local, remote = connection.laddr, connection.raddr
    for what, setting in _doors(settings):
        if local and setting and _is_at(local, setting):
            return what, True
    own = OWN_PORTS if pid == os.getpid() else frozenset[int]()
    if not remote:
        if local and _is_loopback(local.ip):
            if local.port in own:
                return "embedded language model's server: this machine only, with a key that only Jett knows", True
            return f"unknown: port {local.port} of process {pid}, for this machine only", True
        return "unexpected: open to the network; please report it", False
    for what, url, usual in _servers(settings):
        if _port(url, usual) == remote.port:
            return f"{what} server that the settings name: {url}", True
    if _is_loopback(remote.ip):
        if local.port in own or remote.port in own:
            return "between Jett and its own embedded language model", True
        return f"unknown: between port {local.port} of process {pid} and port {remote.port}, on this machine only", True
    return "unexpected: leads off this machine; please report it", False


def _doors(settings: Settings) -> Iterable[tuple[str, str]]:
    """What is told of each address that Jett may listen on, and the address."""
    yield "announcements, where ops.announcements says, for programs with a token", settings.ops.announcements
    yield "the dashboard and its clients, where server.address says, for a session or a token", settings.server.address
    yield "Wyoming, where server.wyoming says, for whoever is in that network", settings.server.wyoming


def _servers(settings: Settings) -> Iterable[tuple[str, str, int]]:
    """What each is, its address, and its port where the address names none."""
    ops = settings.ops
    yield "speech-to-text", settings.stt.url, 443
    yield "language model", settings.llm.url, 443
    yield "text-to-speech", settings.tts.url, 443
    yield "Docker", ops.docker, 443 if ops.docker.startswith("https") else 80
    yield "n8n", ops.n8n_url, 443 if ops.n8n_url.startswith("https") else 80
    yield "audit anchor's", ops.anchor_database, 5432
    yield "history's", settings.history.database, 5432
    yield "memory's", settings.memory.url, 443 if settings.memory.url.startswith("https") else 80
    traces = settings.telemetry.traces_url
    yield "traces'", traces, 443 if traces.startswith("https") else 80
    for name, server in ops.mcp.items():
        yield f"{name}, an MCP", server.url, 443 if server.url.startswith("https") else 80


def _port(url: str, usual: int) -> int | None:
    """The port of an address; None where there is none: a local socket, or an address that has a mistake."""
    try:
        parts = urlsplit(url)
        return (parts.port or usual) if parts.hostname else None
    except ValueError:
        return None


def _is_at(local: Any, setting: str) -> bool:
    address = parse_address(setting)
    return (local.ip, local.port) == (address.host, address.port)


def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address.split("%")[0]).is_loopback


def _address(address: Any) -> str:
    if not address:
        return ""
    return address if isinstance(address, str) else f"{address.ip}:{address.port}"
