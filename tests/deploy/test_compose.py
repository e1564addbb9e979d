"""The shipped Compose file: valid, hardened, published on the tunnel alone, without a secret in it."""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any

import pytest

from jett.guard import parse_policy
from tests.deploy.support import COMPOSE, DEPLOY, TUNNEL, shipped, tool

POLICY = DEPLOY.parent / "examples" / "policy.toml"
PORTS = {"n8n": 5678, "postgres": 5432, "qdrant": 6333, "portainer": 9443, "socket-proxy": 2375}
SERVICES = (*PORTS, "socket-proxy-view")


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = shipped()["services"]
    return found


def test_the_services_are_those_we_know(services: dict[str, Any]) -> None:
    assert set(services) == set(SERVICES)


def test_containers_are_named_as_the_policy_names_them(services: dict[str, Any]) -> None:
    named = {service["container_name"] for service in services.values()}
    assert set(parse_policy(POLICY.read_text("utf-8")).containers) <= named


@pytest.mark.parametrize("address", [TUNNEL, "10.9.0.7"])
def test_every_published_port_is_bound_to_the_tunnel_address(address: str) -> None:
    published = [
        (name, port)
        for name, service in shipped(JETT_TUNNEL_ADDRESS=address)["services"].items()
        for port in service.get("ports", [])
    ]
    assert {(name, port["target"]) for name, port in published} == set(PORTS.items())
    for name, port in published:
        assert port["host_ip"] == address, name
        assert port["published"] == str(port["target"]), name


@pytest.mark.parametrize("variables", [{"JETT_TUNNEL_ADDRESS": ""}, {}])
def test_an_empty_address_is_the_tunnel_and_never_every_address(variables: dict[str, str]) -> None:
    for service in shipped(**variables)["services"].values():
        assert {port["host_ip"] for port in service.get("ports", [])} <= {TUNNEL}


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_hardened(name: str, services: dict[str, Any]) -> None:
    service = services[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", service["user"]), "a number, and not root's"
    assert int(service["mem_limit"]) <= 2**30
    assert 0 < service["cpus"] <= 1
    assert 0 < service["pids_limit"] <= 256
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"][0] == "CMD"
    assert service["logging"]["options"] == {"max-size": "10m", "max-file": "3"}
    for forbidden in ("privileged", "network_mode", "pid", "ipc", "devices", "userns_mode", "build", "extra_hosts"):
        assert forbidden not in service, forbidden
    for mount in service.get("tmpfs", []):
        assert {"noexec", "nosuid", "nodev"} <= set(mount.partition(":")[2].split(",")), mount


@pytest.mark.parametrize("name", SERVICES)
def test_every_image_is_pinned_to_one_version(name: str, services: dict[str, Any]) -> None:
    _, _, tag = services[name]["image"].rpartition(":")
    assert re.match(r"v?\d+\.\d+", tag), "a version, not a name that moves"


def test_only_the_two_proxies_see_the_docker_socket(services: dict[str, Any]) -> None:
    holders = {name for name, service in services.items() if "docker.sock" in json.dumps(service.get("volumes", []))}
    assert holders == {"socket-proxy", "socket-proxy-view"}
    for name in holders:
        assert all(volume["read_only"] for volume in services[name]["volumes"])


def test_networks_keep_apart_what_need_not_meet(services: dict[str, Any]) -> None:
    networks = shipped()["networks"]
    members = {name: {one for one, service in services.items() if name in service["networks"]} for name in networks}
    assert members["backend"] == {"n8n", "postgres", "qdrant"}
    assert members["view"] == {"portainer", "socket-proxy-view"}
    assert members["tunnel"] == set(PORTS)
    assert members["outside"] == {"n8n"}
    assert networks["backend"]["internal"] is networks["view"]["internal"] is True
    assert networks["tunnel"]["driver_opts"] == {
        "com.docker.network.bridge.enable_icc": "false",
        "com.docker.network.bridge.enable_ip_masquerade": "false",
    }


def test_secrets_are_files_and_no_variable_holds_one(services: dict[str, Any]) -> None:
    """`docker inspect` shows every variable, and the proxy lets Jett and Portainer inspect."""
    assert all(secret["file"].startswith("/srv/jett/secrets/") for secret in shipped()["secrets"].values())
    for service in services.values():
        for variable, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|KEY|TOKEN|SECRET", variable):
                assert variable.endswith("_FILE"), variable
                assert value.startswith("/run/secrets/"), variable


def test_compose_refuses_to_guess_the_group_of_the_socket() -> None:
    assert "JETT_DOCKER_GID:?" in COMPOSE.read_text("utf-8")


def test_the_hardening_linter_finds_nothing_that_is_not_explained() -> None:
    linter = tool("compose-lint", fix="pip install compose-lint")
    done = subprocess.run(
        [linter, "check", "--strict-config", "--no-env", "--fail-on", "low", "compose.yaml"],
        cwd=DEPLOY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
