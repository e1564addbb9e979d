"""A real Docker engine in a network namespace of its own, which then is the VPS; and small images to run in it.

Each engine has its own folder, namespace and socket and is stopped by its process id. `docker_engine` (in conftest.py)
gives one to a module of tests. Needs Linux, root, and the Debian packages `docker.io iptables iproute2 busybox-static`.
"""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

IMAGE = "jett-test:latest"
HANG_LIMIT_S = 60.0
_PACKAGES = {"dockerd": "docker.io", "docker": "docker.io", "iptables": "iptables", "ip": "iproute2"}
_numbers = count()
_BUSYBOX = Path("/bin/busybox")
_APPLETS = ("sh", "sleep", "cat", "echo", "test", "touch", "rm", "trap", "kill", "nc", "httpd", "date", "seq")


def why_no_docker() -> str:
    """What is missing, and the fix; empty where there is nothing."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "a Docker engine of the test's own needs Linux and root; run `sudo make test`"
    missing = {package for tool, package in _PACKAGES.items() if shutil.which(tool) is None}
    if not _BUSYBOX.exists():
        missing.add("busybox-static")
    return (
        f"missing: {', '.join(sorted(missing))}; run `apt-get install {' '.join(sorted(missing))}`" if missing else ""
    )


class TestEngine:
    """One running engine; make it with `docker_engine()`."""

    __test__ = False

    def __init__(self, folder: Path, namespace: str) -> None:
        self.folder = folder
        self.namespace = namespace
        self.socket = folder / "docker.sock"
        self.address = f"unix://{self.socket}"

    def docker(self, *arguments: str, check: bool = True) -> str:
        """The engine's own command line, for setting a scene; what it prints."""
        done = subprocess.run(
            ["docker", "-H", self.address, *arguments],
            capture_output=True,
            text=True,
            timeout=HANG_LIMIT_S,
            check=False,
        )
        assert not check or done.returncode == 0, f"docker {arguments}: {done.stderr}"
        return done.stdout.strip()

    def run(self, name: str, command: str, *options: str) -> None:
        """A container that runs a shell command, detached."""
        self.docker("run", "-d", "--name", name, "--network", "none", *options, IMAGE, "sh", "-c", command)

    def state(self, name: str, field: str = ".State.Status") -> str:
        """One field of `docker inspect`."""
        return self.docker("inspect", "-f", "{{" + field + "}}", name)

    def remove_all(self) -> None:
        """Every container, before another test."""
        ids = self.docker("ps", "-aq").split()
        if ids:
            self.docker("rm", "-f", *ids)


def _image() -> bytes:
    """A root folder of busybox alone, 2 MB."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.add(_BUSYBOX.resolve(), "bin/busybox")
        for applet in _APPLETS:
            link = tarfile.TarInfo(f"bin/{applet}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
        for path, text in {"etc/passwd": "root:x:0:0::/:/bin/sh\njett:x:1000:1000::/:/bin/sh\n"}.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
        folder = tarfile.TarInfo("tmp")
        folder.type, folder.mode = tarfile.DIRTYPE, 0o1777
        tar.addfile(folder)
    return archive.getvalue()


@contextmanager
def docker_engine() -> Iterator[TestEngine]:
    """Start one, load the image, and stop it at the end with all its containers."""
    namespace = f"jett-vps-{os.getpid()}-{next(_numbers)}"
    folder = Path(tempfile.mkdtemp(prefix="jett-docker-"))
    engine = TestEngine(folder, namespace)
    subprocess.run(["ip", "netns", "add", namespace], check=True)
    subprocess.run(["ip", "netns", "exec", namespace, "ip", "link", "set", "lo", "up"], check=True)
    log = (folder / "dockerd.log").open("wb")
    # nsenter, not `ip netns exec`, which hides the control groups
    daemon = subprocess.Popen(
        ["nsenter", f"--net=/run/netns/{namespace}", "dockerd", "--data-root", str(folder / "data"), "--exec-root",
         str(folder / "exec"), "--pidfile", str(folder / "docker.pid"), "-H", engine.address],
        stdout=log, stderr=log, start_new_session=True,
    )  # fmt: skip
    try:
        _wait_for(engine, daemon)
        subprocess.run(
            ["docker", "-H", engine.address, "import", "-", IMAGE],
            input=_image(),
            check=True,
            stdout=subprocess.DEVNULL,
        )
        yield engine
        engine.remove_all()
    finally:
        _stop(daemon)
        log.close()
        subprocess.run(["ip", "netns", "delete", namespace], check=False)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(engine: TestEngine, daemon: subprocess.Popen[bytes]) -> None:
    deadline_s = time.monotonic() + HANG_LIMIT_S
    while engine.docker("version", "-f", "{{.Server.APIVersion}}", check=False) == "":
        assert daemon.poll() is None, (engine.folder / "dockerd.log").read_text("utf-8")[-2000:]
        assert time.monotonic() < deadline_s, "dockerd did not come up"


def _stop(daemon: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(daemon.pid, signal.SIGTERM)
    try:
        daemon.wait(HANG_LIMIT_S)
    except subprocess.TimeoutExpired:
        os.killpg(daemon.pid, signal.SIGKILL)
        daemon.wait()
