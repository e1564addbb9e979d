"""The Docker Engine API, as much of it as Jett may use: a ping, five reads and three changes, each one fixed path.

Two of the reads can also be held open: a log that is followed, and what a container takes, second by second.

No path is put together from anything but a name that the guard let through, and no other method, body or parameter can
be sent: the engine's `exec`, `create`, images, networks and volumes have no code here. Over a local socket, TLS, or a
socket proxy on the tunnel's address. The environment's proxies and certificate bundles are not looked at.
The engine takes the beginning of an id for a name where no container has that name: what could be one (`db`, `cafe`) is
looked up, must have exactly that name, and is then called by its whole id. An answer about another name is none.
The ping tells which version of the API to speak (`docker_version`): asked once, and again after the engine was out of
reach. API reference: https://docs.docker.com/reference/api/engine/. Called by `book` and `operations`.
"""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx

from jett.core.errors import ConfigError, OperationError
from jett.ops.docker_address import exposed
from jett.ops.docker_version import PING, SPOKEN, OtherVersion, api_of, refuses_version
from jett.ops.seen import Seen, Usage, log_text, seen_in_inspection, seen_in_list, tells_usage, usage_of
from jett.ops.unix_socket import UnixTransport

STOP_WITHIN_S = 10
_LARGEST_BYTES = 4_000_000
_LARGEST_LOG_BYTES = 1_000_000
_LARGEST_LINE_BYTES = 1_000_000
_QUIET_S = 90.0
"""A stream of events that says nothing for so long is looked after by a new one."""

_QUIET_STATS_S = 15.0

Change = Literal["start", "stop", "restart"]
_CHANGE_PATHS: dict[Change, str] = {
    "start": "/containers/{name}/start",
    "stop": f"/containers/{{name}}/stop?t={STOP_WITHIN_S}",
    "restart": f"/containers/{{name}}/restart?t={STOP_WITHIN_S}",
}
_FIXES = {
    403: "the socket proxy does not permit it",
    404: "there is no such container",
    409: "the container is in a state that forbids it",
}
_LIKE_AN_ID = re.compile("[0-9a-f]{1,64}")
_ID = re.compile("[0-9a-f]{64}")
_EVENTS = "/events?filters=%7B%22type%22%3A%5B%22container%22%5D%7D"


@dataclass(frozen=True, slots=True)
class Tls:
    """Files of a client certificate, and of the authority that signed the engine's."""

    ca: Path
    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class ContainerEvent:
    """Something happened to a container: start, die, health_status: healthy, …"""

    name: str
    action: str


class DockerEngine:
    """One engine. `address`: `unix:///run/docker.sock`, `tcp://10.0.0.2:2375` (the tunnel), `https://…` with `tls`.

    Every method raises OperationError, whose text names what was asked and never what a container printed.
    """

    def __init__(
        self, address: str, *, tls: Tls | None = None, timeout_s: float = 5.0, tunnel_hosts: Collection[str] = ()
    ) -> None:
        """`tunnel_hosts`: names that plain text may be spoken to. Raises ConfigError."""
        self._address = address
        self._timeout_s = timeout_s
        self._api = ""  # unknown until the engine was asked
        base_url, transport = _transport(address, tls, tunnel_hosts)
        self._http = httpx.AsyncClient(
            base_url=base_url, transport=transport, trust_env=False, follow_redirects=False, timeout=timeout_s
        )

    async def containers(self) -> tuple[Seen, ...]:
        """All of them, running or not."""
        return tuple(seen_in_list(entry) for entry in _list(await self._read("/containers/json?all=true")))

    async def inspect(self, name: str) -> Seen:
        """The one with exactly that name."""
        return seen_in_inspection(await self._inspected(name))

    async def logs(self, name: str, lines: int) -> str:
        """The last lines, untrusted and unredacted."""
        path = f"/containers/{await self._called(name)}/logs?stdout=true&stderr=true&tail={int(lines)}"
        return log_text(await self._read(path, largest_bytes=_LARGEST_LOG_BYTES, cut=True))

    async def stats(self, name: str) -> Usage:
        """What it takes now; the engine needs one to two seconds to know."""
        return usage_of(_object(await self._read(f"/containers/{await self._called(name)}/stats?stream=false")))

    async def follow(self, name: str, lines: int) -> AsyncGenerator[bytes, None]:
        """The last lines, then whatever is logged, as the engine sends it; ends with the container."""
        path = f"/containers/{await self._called(name)}/logs?stdout=true&stderr=true&follow=true&tail={int(lines)}"
        async with aclosing(self._flow(path, quiet_s=None)) as blocks:
            async for block in blocks:
                yield block

    async def usages(self, name: str) -> AsyncGenerator[Usage, None]:
        """What it takes, about once a second, while it runs."""
        path = f"/containers/{await self._called(name)}/stats?stream=true"
        rest = b""
        async with aclosing(self._flow(path, quiet_s=_QUIET_STATS_S)) as blocks:
            async for block in blocks:
                *entries, rest = (rest + block).split(b"\n")
                if len(rest) > _LARGEST_LINE_BYTES:
                    raise OperationError("docker: a line of the statistics does not end; is this an engine?")
                for entry in map(_object, filter(None, entries)):
                    if tells_usage(entry):
                        yield usage_of(entry)

    async def change(self, change: Change, name: str) -> None:
        """Ask once, never again: a change that may have happened is looked at, not repeated.

        What was refused for the version of its API alone has not happened.
        """
        path = _CHANGE_PATHS[change].format(name=await self._called(name))
        try:
            await self._post(path, f"{change} {name}")
        except OtherVersion:
            await self._post(path, f"{change} {name}")

    async def _inspected(self, name: str) -> dict[str, Any]:
        path = f"/containers/{_safe(name)}/json"
        entry = _object(await self._read(path))
        if entry.get("Name") != f"/{name}":
            raise OperationError(f"docker: {path}: the engine answered of another one; {_FIXES[404]}")
        return entry

    async def _called(self, name: str) -> str:
        """What a path calls the container with that name, so that no other can be meant."""
        if not _LIKE_AN_ID.fullmatch(_safe(name)):
            return name
        whole = str((await self._inspected(name)).get("Id", ""))
        if not _ID.fullmatch(whole):
            raise OperationError(f"docker: {name}: the engine's answer has no id; is this an engine?")
        return whole

    async def _post(self, path: str, what: str) -> None:
        async with self._told(what):
            path = await self._versioned(path)
            response = await self._http.post(path, timeout=httpx.Timeout(self._timeout_s, read=STOP_WITHIN_S + 20.0))
            await self._check(response, what, ok=(204, 304))

    async def events(self) -> AsyncGenerator[ContainerEvent, None]:
        """Container events from now on. Ends when the engine goes; raises OperationError when it is not there."""
        timeout = httpx.Timeout(self._timeout_s, read=_QUIET_S)
        what = "watch the containers"
        async with self._told(what):
            path = await self._versioned(_EVENTS)
            async with self._http.stream("GET", path, timeout=timeout) as response:
                await self._check(response, what)
                async for line in response.aiter_lines():
                    event = _event(line)
                    if event is not None:
                        yield event
            self._api = ""  # it goes; another may come back

    async def _flow(self, path: str, *, quiet_s: float | None) -> AsyncGenerator[bytes, None]:
        """One GET whose answer does not end by itself; `quiet_s`: how long it may say nothing."""
        what = path.partition("?")[0]
        async with self._told(what):
            path = await self._versioned(path)
            timeout = httpx.Timeout(self._timeout_s, read=quiet_s)
            async with self._http.stream("GET", path, timeout=timeout) as response:
                await self._check(response, what)
                async for block in response.aiter_bytes():
                    yield block

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _read(self, path: str, *, largest_bytes: int = _LARGEST_BYTES, cut: bool = False) -> bytes:
        """One GET, and once more if the connection failed or the engine is another now: a read changes nothing."""
        what = path.partition("?")[0]
        try:
            return await self._get(path, what, largest_bytes, cut)
        except OperationError as error:
            if not (error.unreachable or isinstance(error, OtherVersion)):
                raise
        return await self._get(path, what, largest_bytes, cut)

    async def _get(self, path: str, what: str, largest_bytes: int, cut: bool) -> bytes:
        async with self._told(what):
            path = await self._versioned(path)
            async with self._http.stream("GET", path) as response:
                await self._check(response, what)
                content = bytearray()
                async for block in response.aiter_bytes():
                    content += block
                    if len(content) > largest_bytes:
                        if cut:
                            break
                        raise OperationError(f"docker: {what} is larger than {largest_bytes} bytes; is this an engine?")
                return bytes(content)

    async def _versioned(self, path: str) -> str:
        """The path in the version that both know; the engine is asked for it where this is not known."""
        if not self._api:
            async with self._http.stream("GET", PING) as response:
                await self._check(response, PING)
                self._api = api_of(response.headers.get("Api-Version"))
        return self._api + path

    async def _check(self, response: httpx.Response, what: str, ok: tuple[int, ...] = (200,)) -> None:
        if response.status_code in ok:
            return
        if response.status_code == 400 and refuses_version(400, await _beginning(response)):
            spoken, self._api = self._api, ""
            raise OtherVersion(
                f"docker: {what}: the engine refuses the API {spoken[2:]}, Jett speaks {SPOKEN}; "
                "update Docker on the server, or Jett"
            )
        if what == PING and response.status_code == 404:
            raise OperationError(f"docker: what answers at {self._address} is no Docker engine; correct ops.docker")
        fix = _FIXES.get(response.status_code, f"look into the engine's log at {self._address}")
        raise OperationError(f"docker: {what}: the engine answered {response.status_code}; {fix}")

    @asynccontextmanager
    async def _told(self, what: str) -> AsyncGenerator[None, None]:
        """httpx's errors as ours. Who was out of reach may be another engine when it is back."""
        try:
            yield
        except httpx.TimeoutException as error:
            self._api = ""
            raise OperationError(
                f"docker: {what}: no answer from {self._address} within {self._timeout_s} s; is the tunnel up?",
                unreachable=True,
            ) from error
        except (httpx.HTTPError, OSError) as error:
            self._api = ""
            raise OperationError(
                f"docker: {what}: {self._address} cannot be reached ({type(error).__name__}); "
                "is the engine running, and the tunnel up?",
                unreachable=True,
            ) from error


def _transport(address: str, tls: Tls | None, tunnel_hosts: Collection[str]) -> tuple[str, httpx.AsyncHTTPTransport]:
    if need := exposed(address, tunnel_hosts):
        raise ConfigError(f"ops: docker is '{address}', need {need}; correct ops.docker")
    parts = urlsplit(address)
    if parts.scheme == "unix" and parts.path:
        return "http://docker", UnixTransport(parts.path)
    if parts.hostname and (parts.scheme == "http" or (parts.scheme == "tcp" and parts.port)):
        return f"http://{parts.netloc}", httpx.AsyncHTTPTransport(trust_env=False)
    if parts.scheme == "https" and parts.hostname:
        if tls is None:
            raise ConfigError(f"ops: {address} needs ops.tls_ca, ops.tls_certificate and ops.tls_key; set all three")
        return f"https://{parts.netloc}", httpx.AsyncHTTPTransport(verify=_tls_context(tls), trust_env=False)
    raise ConfigError(
        f"ops: docker address '{address}' is not understood; use unix:///run/docker.sock, tcp://HOST:PORT or https://…"
    )


def _tls_context(tls: Tls) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(tls.ca))
        context.load_cert_chain(str(tls.certificate), str(tls.key))
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"ops: the certificates for Docker cannot be used ({error}); check ops.tls_*") from error
    return context


async def _beginning(response: httpx.Response, limit: int = 4096) -> bytes:
    content = bytearray()
    async for block in response.aiter_bytes():
        content += block
        if len(content) > limit:
            break
    return bytes(content[:limit])


def _safe(name: str) -> str:
    """The guard's names need no quoting in a path; anything else is a mistake in this program."""
    if not name or not all(character.isascii() and (character.isalnum() or character in "_.-") for character in name):
        raise OperationError("docker: this is not a container's name; ask the guard first")
    return name


def _list(content: bytes) -> list[dict[str, Any]]:
    parsed = _json(content)
    if not isinstance(parsed, list) or not all(isinstance(entry, dict) for entry in parsed):
        raise OperationError("docker: the engine's answer is not a list; is this an engine?")
    return parsed


def _object(content: bytes) -> dict[str, Any]:
    parsed = _json(content)
    if not isinstance(parsed, dict):
        raise OperationError("docker: the engine's answer is not an object; is this an engine?")
    return parsed


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError as error:
        raise OperationError("docker: the engine's answer is not JSON; is this an engine?") from error


def _event(line: str) -> ContainerEvent | None:
    try:
        entry = json.loads(line)
        return ContainerEvent(str(entry["Actor"]["Attributes"]["name"]), str(entry["Action"]))
    except (ValueError, KeyError, TypeError):
        return None
