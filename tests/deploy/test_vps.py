"""The server of deploy/ for real: its stack on a real engine, seen over a real tunnel and from outside."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from jett.ops.deploy_check import OTHERS, PORTS
from tests.deploy.support import TUNNEL
from tests.deploy.test_compose import SERVICES
from tests.deploy.vps import PUBLIC, Vps, tunnel_name

pytestmark = [pytest.mark.stage, pytest.mark.root, pytest.mark.timeout(300)]

THROUGH_THE_DOOR = """
import sys, anyio
from jett.core.errors import OperationError
from jett.ops.docker_engine import DockerEngine

async def main():
    engine = DockerEngine("tcp://10.0.0.2:2375")
    print(*sorted(seen.name for seen in await engine.containers()))
    await engine.inspect("n8n")
    await engine.logs("postgres", 5)
    await engine.stats("qdrant")
    await engine.change("restart", "qdrant")
    for change, name in (("stop", "postgres"), ("restart", "socket-proxy"), ("start", "other")):
        try:
            await engine.change(change, name)
        except OperationError as error:
            print(change, name, "403" in str(error))
    await engine.aclose()

anyio.run(main)
"""


@pytest.fixture(autouse=True)
def without_firewall(server: Vps) -> None:
    """Each test loads it if it wants it: binding to the tunnel's address has to hold alone."""
    server.drop_firewall()


def broken(report: dict[str, Any]) -> list[str]:
    return [f"{look['promise']}: {look['seen']}" for look in report["looks"] if look["proof"] != "holds"]


def test_the_hardened_stack_comes_up_healthy(server: Vps) -> None:
    server.compose("up", "--detach", "--wait", "--pull", "never")
    for name in SERVICES:
        assert server.engine.state(name, ".State.Health.Status") == "healthy"
        seen = json.loads(server.engine.docker("inspect", name))[0]
        host = seen["HostConfig"]
        assert host["ReadonlyRootfs"] is True
        assert host["CapDrop"] == ["ALL"]
        assert host["SecurityOpt"] == ["no-new-privileges:true"]
        assert host["PidsLimit"] > 0
        assert host["Memory"] > 0
        assert not host["Privileged"]
        assert not seen["Config"]["User"].startswith("0")
        status = server.engine.docker("exec", name, "cat", "/proc/1/status")
        assert "CapEff:\t0000000000000000" in status
        assert "NoNewPrivs:\t1" in status


@pytest.mark.parametrize("with_firewall", [False, True], ids=["bound", "bound and filtered"])
def test_published_ports_answer_in_the_tunnel_and_refuse_outside(server: Vps, with_firewall: bool) -> None:
    if with_firewall:
        server.load_firewall()
    for port in PORTS.values():
        assert server.knock(server.desktop, TUNNEL, port) == "open"
        assert server.knock(server.desktop, PUBLIC, port) == ("silent" if with_firewall else "refused")
        assert server.knock(server.server, "127.0.0.1", port) == "refused"
    for port in OTHERS.values():
        assert server.knock(server.desktop, TUNNEL, port) in ("refused", "silent")


def test_the_firewall_hides_even_a_port_published_on_every_address(server: Vps) -> None:
    server.engine.docker(
        "run", "-d", "--name", "mistake", "-p", "8080:5678", "-v", f"{server.data}/n8n:/home/node/.n8n", "jett-test-n8n"
    )
    try:
        assert server.knock(server.desktop, PUBLIC, 8080) == "open"
        server.load_firewall()
        assert server.knock(server.desktop, PUBLIC, 8080) == "silent"
        assert server.knock(server.desktop, TUNNEL, PORTS["n8n"]) == "open"
    finally:
        server.engine.docker("rm", "-f", "mistake")


def test_without_the_tunnel_nothing_of_ours_goes_to_a_stranger_and_no_neighbour_gets_in(server: Vps) -> None:
    """A machine beside the server can send to 10.0.0.2 by the cable and is answered: binding alone is not enough."""
    by_the_cable = ("via", PUBLIC)
    file = str(server.folder / f"{tunnel_name('d')}.conf")
    server.inside(server.desktop, "wg-quick", "down", file)
    server.inside(server.desktop, "ip", "route", "add", "default", *by_the_cable)
    try:
        for port in PORTS.values():
            assert server.knock(server.desktop, TUNNEL, port) == "unreachable"
        server.inside(server.desktop, "ip", "route", "add", f"{TUNNEL}/32", *by_the_cable)
        assert server.knock(server.desktop, TUNNEL, PORTS["n8n"]) == "open"
        server.load_firewall()
        for port in PORTS.values():
            assert server.knock(server.desktop, TUNNEL, port) == "silent"
        server.inside(server.desktop, "ip", "route", "delete", f"{TUNNEL}/32", *by_the_cable)
    finally:
        server.inside(server.desktop, "ip", "route", "delete", "default", check=False)
        server.inside(server.desktop, "wg-quick", "up", file)
    assert server.knock(server.desktop, TUNNEL, PORTS["n8n"]) == "open"


def test_jett_operates_containers_through_the_door_and_no_others(server: Vps) -> None:
    started = server.engine.state("qdrant", ".State.StartedAt")
    told = server.inside(server.desktop, sys.executable, "-c", THROUGH_THE_DOOR).stdout.splitlines()
    assert told == [" ".join(sorted(SERVICES)), "stop postgres True", "restart socket-proxy True", "start other True"]
    assert server.engine.state("qdrant", ".State.StartedAt") != started


@pytest.mark.parametrize("with_firewall", [False, True], ids=["bound", "bound and filtered"])
@pytest.mark.parametrize("name", ["n8n", "qdrant", "portainer"])
def test_no_container_reaches_the_door_not_even_by_the_tunnels_address(
    server: Vps, name: str, with_firewall: bool
) -> None:
    if with_firewall:
        server.load_firewall()
    door = server.engine.docker(
        "inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", "socket-proxy"
    )
    for address in (TUNNEL, door, "socket-proxy"):
        asked = server.engine.docker(
            "exec", name, "wget", "-q", "-T", "2", "-O", "-", f"http://{address}:2375/version", check=False
        )
        assert asked == "", address


def test_portainer_sees_through_its_window_and_cannot_reach_out(server: Vps) -> None:
    base = "http://socket-proxy-view:2375"
    listed = server.engine.docker("exec", "portainer", "wget", "-q", "-O", "-", f"{base}/v1.41/containers/json")
    assert {entry["Names"][0][1:] for entry in json.loads(listed)} == set(SERVICES)
    for path in ("/v1.41/containers/n8n/archive?path=/run/secrets", "/v1.41/containers/n8n/export", "/v1.41/secrets"):
        asked = server.engine.docker("exec", "portainer", "wget", "-q", "-O", "-", base + path, check=False)
        assert asked == "", path
    changed = ("exec", "portainer", "wget", "-q", "-O", "-", "--post-data=", f"{base}/v1.41/containers/n8n/restart")
    assert server.engine.docker(*changed, check=False) == ""


@pytest.mark.parametrize("with_firewall", [False, True], ids=["bound", "bound and filtered"])
def test_deploy_check_proves_every_promise(server: Vps, with_firewall: bool) -> None:
    if with_firewall:
        server.load_firewall()
    code, report = server.check("--public", PUBLIC, "--n8n-token-file", str(server.token), "--timeout", "1")
    assert broken(report) == []
    assert code == 0
    assert report["holds"] is report["outside_checked"] is True
    assert len(report["looks"]) > 60
    assert {look["fix"] for look in report["looks"]} == {""}


def everything(server: Vps) -> list[str]:
    listed = ("ps", "-a", "--no-trunc", "--format", "{{.ID}} {{.Names}} {{.State}}")
    others = (server.engine.docker(kind, "ls", "-q") for kind in ("image", "volume", "network"))
    return [server.engine.docker(*listed), *("\n".join(sorted(ids.splitlines())) for ids in others)]


def wait_for_the_door(server: Vps) -> None:
    """Until the proxy that was just started listens; each look takes a process, so this does not spin."""
    assert any(server.knock(server.desktop, TUNNEL, 2375) == "open" for _ in range(40))


def test_deploy_check_does_no_harm_where_everything_is_permitted_and_says_so(server: Vps) -> None:
    server.engine.docker("stop", "socket-proxy")
    before = everything(server)
    anything = [f"-allow{method}=/.*" for method in ("GET", "POST", "PUT", "DELETE", "HEAD")]
    words = ["-listenip=10.0.0.2", "-allowfrom=10.0.0.1/32", f"-socketpath={server.engine.socket}", *anything]
    proxy = subprocess.Popen(["nsenter", f"--net=/run/netns/{server.server}", str(server.standin), *words])
    try:
        wait_for_the_door(server)
        code, report = server.check()
    finally:
        proxy.terminate()
        proxy.wait()
        after = everything(server)
        server.engine.docker("start", "socket-proxy")
        wait_for_the_door(server)
    assert code == 1
    refusals = [look for look in report["looks"] if look["promise"].endswith("is refused")]
    assert len(refusals) > 30
    assert {look["proof"] for look in refusals} == {"broken"}, [look for look in refusals if look["proof"] != "broken"]
    assert all(look["fix"] for look in refusals)
    assert after == before


def test_deploy_check_finds_a_stack_that_is_open_to_the_world(server: Vps) -> None:
    server.engine.docker(
        "run", "-d", "--name", "mistake", "-p", f"{PUBLIC}:9000:5678", "-v", f"{server.data}/n8n:/home/node/.n8n",
        "jett-test-n8n",
    )  # fmt: skip
    try:
        code, report = server.check("--public", PUBLIC)
    finally:
        server.engine.docker("rm", "-f", "mistake")
    assert code == 1
    assert broken(report) == [f"Portainer without TLS (9000) refuses on {PUBLIC}: open"]


def test_deploy_check_sends_nothing_when_the_way_is_not_the_tunnel(server: Vps) -> None:
    code, report = server.check("--desktop", "10.0.0.9", "--n8n-token-file", str(server.token))
    assert code == 1
    assert [look["promise"] for look in report["looks"]] == ["the way to 10.0.0.2 is the tunnel"]
