"""Whether a server keeps the promises of deploy/: what answers in the tunnel, what refuses outside, what is forbidden.

Every request is one that could do no harm if it were permitted, since that it is refused is what has to be proved:
a read; a change of a container, image, volume or network whose name was made up a moment ago; a creation without a
body, which the engine refuses before it looks at anything. What has no harmless form (`prune`, a pull, stopping
PostgreSQL) is never asked; tests/deploy/test_socket_proxy.py holds those against the shipped patterns instead.
Called by `jett deploy check`. Facts about the engine: https://docs.docker.com/reference/api/engine/.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

import httpx

from jett.core.errors import OperationError
from jett.ops.deploy_probes import Door, answer, is_scram, knock, postgres_asks_for, way_to
from jett.ops.docker_version import NEWEST, OLDEST, PING, SPOKEN, api_of
from jett.ops.workflows import HEADER

PORTS = {"n8n": 5678, "postgres": 5432, "qdrant": 6333, "portainer": 9443, "socket-proxy": 2375}
"""What deploy/compose.yaml publishes."""
OTHERS = {
    "Docker with TLS": 2376,
    "n8n's task broker": 5679,
    "Qdrant's gRPC": 6334,
    "Portainer without TLS": 9000,
    "Portainer's agents": 8000,
}
"""What the same programs may open beside it, and nobody asked for."""
PROBE_WORKFLOW = "jett-probe"
"""A workflow that does nothing (deploy/n8n/jett-probe.json): asking for it without its token harms nobody."""
_REFUSALS = (403, 405)
"""What the proxy answers; 404 and 400 are the engine's, so the request came through."""


class Proof(StrEnum):
    """What a look has shown."""

    HOLDS = "holds"
    BROKEN = "broken"
    UNPROVED = "unproved"


@dataclass(frozen=True, slots=True)
class Look:
    """One promise looked at; `fix` mends what is broken or unproved."""

    subject: str
    promise: str
    proof: Proof
    seen: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to look: the server's address in the tunnel and outside, ours in the tunnel; `token` reads n8n's token."""

    tunnel: str
    desktop: str
    public: str = ""
    token: Callable[[], str] | None = None
    timeout_s: float = 3.0


async def looks(place: Place) -> AsyncGenerator[Look, None]:
    """Every promise in turn. Nothing is sent to the tunnel's address by another way than the tunnel.

    Without it the same address may be a stranger's, in a hotel's network for instance.
    """
    answering = False
    way = way_to(place.tunnel)
    yield _look(
        "tunnel",
        f"the way to {place.tunnel} is the tunnel",
        way == place.desktop,
        f"from {way or 'nowhere'}, expected {place.desktop}",
        "bring the tunnel up (`wg-quick up jett`), or name this machine's address in it with --desktop",
    )
    parts: tuple[Callable[[Place], AsyncGenerator[Look, None]], ...] = ()
    if way == place.desktop:
        async for look in _tunnel(place):
            answering = answering or look.proof is Proof.HOLDS
            yield look
    if answering:
        parts = (_unpublished, _proxy, _accounts, _webhook)
    for part in (*parts, *((_outside,) if place.public else ())):
        async for look in part(place):
            yield look


async def _tunnel(place: Place) -> AsyncGenerator[Look, None]:
    for name, port in PORTS.items():
        door = await knock(place.tunnel, port, place.timeout_s)
        yield _look(
            "tunnel",
            f"{name} answers on {place.tunnel}:{port}",
            door is Door.OPEN,
            door.value,
            f"bring the tunnel up (`wg-quick up jett`), then look at `docker compose ps {name}` on the server",
        )


async def _unpublished(place: Place) -> AsyncGenerator[Look, None]:
    for name, port in OTHERS.items():
        door = await knock(place.tunnel, port, place.timeout_s)
        yield _look(
            "tunnel",
            f"{name} ({port}) is not published",
            door is not Door.OPEN,
            door.value,
            f"find who publishes {port} with `docker ps` or `ss -ltnp` on the server, and stop it",
        )


async def _outside(place: Place) -> AsyncGenerator[Look, None]:
    for name, port in {**PORTS, **OTHERS}.items():
        door = await knock(place.public, port, place.timeout_s)
        yield Look(
            "outside",
            f"{name} ({port}) refuses on {place.public}",
            {Door.OPEN: Proof.BROKEN, Door.UNREACHABLE: Proof.UNPROVED}.get(door, Proof.HOLDS),
            door.value,
            ""
            if door in (Door.REFUSED, Door.SILENT)
            else f"bind {port} to the tunnel's address in compose.yaml, and load firewall.nft"
            if door is Door.OPEN
            else "name an address that this machine can reach",
        )


async def _proxy(place: Place) -> AsyncGenerator[Look, None]:
    base = f"http://{place.tunnel}:{PORTS['socket-proxy']}"
    version = await answer("GET", f"{base}/version", place.timeout_s)
    yield _engine_version(version)
    api = _spoken(await answer("GET", base + PING, place.timeout_s))
    listed = await answer("GET", f"{base}{api}/containers/json", place.timeout_s)
    yield _look(
        "proxy",
        "the list of containers is given",
        listed is not None and listed.status_code == 200,
        _status(listed),
        "see `docker logs socket-proxy`: is JETT_DESKTOP_ADDRESS this machine's address in the tunnel?",
    )
    for what, method, path in forbidden(f"jett-check-{secrets.token_hex(8)}", api):
        response = await answer(method, base + path, place.timeout_s)
        yield Look(
            "proxy",
            f"{what} is refused",
            Proof.UNPROVED if response is None else Proof.HOLDS if response.status_code in _REFUSALS else Proof.BROKEN,
            _status(response),
            ""
            if response is not None and response.status_code in _REFUSALS
            else "put the shipped socket-proxy and its patterns (deploy/compose.yaml) before the engine",
        )


def forbidden(ghost: str, api: str) -> Iterator[tuple[str, str, str]]:
    """What the proxy must refuse, in a form that does nothing where it does not. `ghost` is nobody's name.

    Asked in the version that Jett would speak, which is the one that the proxy lets through.
    """
    yield "making a container", "POST", f"{api}/containers/create"
    yield "a command in a container", "POST", f"{api}/containers/{ghost}/exec"
    yield "starting a command", "POST", f"{api}/exec/{ghost}/start"
    yield "removing a container", "DELETE", f"{api}/containers/{ghost}"
    for verb in ("kill", "pause", "unpause", "rename", "update", "wait", "attach"):
        yield f"{verb} of a container", "POST", f"{api}/containers/{ghost}/{verb}"
    for verb in ("start", "stop", "restart"):
        yield f"{verb} of an unlisted container", "POST", f"{api}/containers/{ghost}/{verb}"
        yield f"{verb} by another API", "POST", f"/containers/{ghost}/{verb}"
    for part in ("json", "logs", "archive?path=/", "export", "attach/ws", "changes", "top"):
        yield f"{part.partition('?')[0]} of an unlisted container", "GET", f"{api}/containers/{ghost}/{part}"
    yield "writing into a container", "PUT", f"{api}/containers/{ghost}/archive?path=/"
    yield "the list of images", "GET", f"{api}/images/json"
    yield "naming an image", "POST", f"{api}/images/{ghost}/tag?repo={ghost}"
    yield "removing an image", "DELETE", f"{api}/images/{ghost}"
    for kind in ("volumes", "networks"):
        yield f"the list of {kind}", "GET", f"{api}/{kind}"
        yield f"removing one of the {kind}", "DELETE", f"{api}/{kind}/{ghost}"
    yield "what the engine is", "GET", f"{api}/info"
    yield "the swarm's secrets", "GET", f"{api}/secrets"
    yield "the list by another API", "GET", "/containers/json"
    yield "the list by a longer path", "GET", f"/{api}/containers/json"


def _engine_version(response: httpx.Response | None) -> Look:
    promise = f"the engine speaks an API that Jett speaks ({SPOKEN})"
    try:
        found = response.json() if response is not None and response.status_code == 200 else {}
        oldest, newest = str(found["MinAPIVersion"]), str(found["ApiVersion"])
        speaks = _numbers(oldest) <= (1, NEWEST) and _numbers(newest) >= (1, OLDEST)
    except (ValueError, KeyError, TypeError):
        return Look("proxy", promise, Proof.UNPROVED, _status(response), "see `docker logs socket-proxy`")
    fix = "update Docker on the server to 20.10 or newer, or update Jett (docs/deploy.md)"
    return _look("proxy", promise, speaks, f"{oldest} to {newest}", fix)


def _spoken(ping: httpx.Response | None) -> str:
    try:
        return api_of(ping.headers.get("Api-Version") if ping is not None else None)
    except OperationError:
        return f"/v1.{OLDEST}"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


async def _accounts(place: Place) -> AsyncGenerator[Look, None]:
    """Whoever is in the tunnel still has to say who it is."""
    asked = {
        "n8n": (f"http://{place.tunnel}:{PORTS['n8n']}/rest/workflows", "set up n8n's owner account"),
        "qdrant": (f"http://{place.tunnel}:{PORTS['qdrant']}/collections", "mount the secret qdrant_config"),
        "portainer": (f"https://{place.tunnel}:{PORTS['portainer']}/api/endpoints", "mount portainer_password"),
    }
    for name, (url, fix) in asked.items():
        response = await answer("GET", url, place.timeout_s)
        refused = response is not None and response.status_code in (401, 403)
        given = response is not None and response.status_code // 100 == 2
        yield Look(
            "accounts",
            f"{name} asks who is there",
            Proof.HOLDS if refused else Proof.BROKEN if given else Proof.UNPROVED,
            _status(response),
            "" if refused else f"{fix}, and see `docker logs {name}`",
        )
    code = await postgres_asks_for(place.tunnel, PORTS["postgres"], place.timeout_s)
    yield Look(
        "accounts",
        "postgres asks for a password by SCRAM",
        Proof.HOLDS if is_scram(code) else Proof.UNPROVED if code is None else Proof.BROKEN,
        "SCRAM" if is_scram(code) else "no answer" if code is None else f"method {code}",
        "" if is_scram(code) else "let pg_hba.conf say scram-sha-256 for every host",
    )


async def _webhook(place: Place) -> AsyncGenerator[Look, None]:
    """Asked of the workflow that does nothing, since a webhook that lets us in also runs."""
    url = f"http://{place.tunnel}:{PORTS['n8n']}/webhook/{PROBE_WORKFLOW}"
    publish = f"import deploy/n8n/{PROBE_WORKFLOW}.json into n8n, give it Jett's credential, and publish it"
    wrong = {HEADER: secrets.token_hex(16)}
    for how, headers in {"without its token": {}, "with a wrong token": wrong}.items():
        response = await answer("POST", url, place.timeout_s, headers)
        status = None if response is None else response.status_code
        yield Look(
            "webhook",
            f"n8n refuses a webhook {how}",
            Proof.HOLDS
            if status in (401, 403)
            else Proof.BROKEN
            if status is not None and status // 100 == 2
            else Proof.UNPROVED,
            _status(response),
            "" if status in (401, 403) else publish,
        )
    if place.token is not None:
        response = await answer("POST", url, place.timeout_s, {HEADER: place.token()})
        accepted = response is not None and response.status_code // 100 == 2
        yield _look("webhook", "n8n takes a webhook with its token", accepted, _status(response), publish)


def _look(subject: str, promise: str, holds: bool, seen: str, fix: str) -> Look:
    return Look(subject, promise, Proof.HOLDS if holds else Proof.BROKEN, seen, "" if holds else fix)


def _status(response: httpx.Response | None) -> str:
    return "no answer" if response is None else f"answered {response.status_code}"
