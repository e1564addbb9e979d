"""Images for the shipped stack where none can be pulled: PostgreSQL from the host's server, stand-ins for the rest."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterable
from pathlib import Path

from tests.system.docker_engine import TestEngine

_STANDIN = Path(__file__).parent / "standin"
_BUSYBOX = Path("/bin/busybox")
_PEOPLE = "root:x:0:0::/:/bin/sh\npostgres:x:999:999::/:/bin/sh\nnode:x:1000:1000::/:/bin/sh\n"
_ENTRYPOINT = """#!/bin/sh
# As PostgreSQL's own image begins: make the cluster once, run the scripts beside it, serve.
set -eu
PGPASSWORD="$(cat "$POSTGRES_PASSWORD_FILE")"
export PGPASSWORD
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    initdb -D "$PGDATA" -U postgres --pwfile="$POSTGRES_PASSWORD_FILE" --locale=C -E UTF8 $POSTGRES_INITDB_ARGS
    echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
    pg_ctl -D "$PGDATA" -w -o "-c listen_addresses=''" start
    for script in /docker-entrypoint-initdb.d/*; do "$script"; done
    pg_ctl -D "$PGDATA" -w stop
fi
unset PGPASSWORD
exec postgres -D "$PGDATA" -c "listen_addresses=*"
"""


def postgres_programs() -> Path | None:
    """The newest server on this machine."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


def go_tool() -> str | None:
    """Go, beside this Python or on PATH."""
    return shutil.which("go", path=str(Path(sys.executable).parent)) or shutil.which("go")


def build_standin(folder: Path) -> Path:
    """One static program (ten seconds, or at once where Go has it in its cache)."""
    go = go_tool()
    assert go is not None
    program = folder / "standin"
    quiet = {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-buildvcs=false", "GOPROXY": "off"}
    done = subprocess.run(
        [go, "build", "-trimpath", "-o", str(program), "."],
        cwd=_STANDIN,
        env={**os.environ, **quiet},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return program


def load_images(engine: TestEngine, standin: Path) -> dict[str, str]:
    """One image for each service; their names."""
    names = {}
    for service in ("n8n", "qdrant", "portainer", "socket-proxy"):
        files = {f"bin/{service}": standin, "healthcheck": standin}
        if service == "qdrant":
            files |= _with_libraries([Path("/bin/bash")])
        names[service] = _import(engine, service, files, {}, f"/bin/{service}")
    names["socket-proxy-view"] = names["socket-proxy"]
    names["postgres"] = _postgres(engine)
    return names


def _postgres(engine: TestEngine) -> str:
    programs = postgres_programs()
    assert programs is not None
    version = programs.parts[-2]
    libraries = programs.parent / "lib"
    wanted = [path for path in programs.iterdir() if path.is_file()]
    modules = [path for path in libraries.glob("*.so") if not path.name.startswith("llvmjit")]
    files = _with_libraries([*wanted, *modules])
    share = Path(f"/usr/share/postgresql/{version}")
    files |= {str(path)[1:]: path for path in share.rglob("*") if path.is_file() and "man" not in path.parts}
    files |= {str(path)[1:]: path for path in Path("/usr/share/zoneinfo").glob("Etc/*") if path.is_file()}
    texts = {"bin/entrypoint": _ENTRYPOINT}
    return _import(engine, "postgres", files, texts, "/bin/entrypoint", path=f"{programs}:/usr/bin:/bin")


def _with_libraries(programs: Iterable[Path]) -> dict[str, Path]:
    """The programs and every library that `ldd` names, where they lie."""
    files = {str(path)[1:]: path for path in programs}
    told = subprocess.run(
        ["ldd", *map(str, files.values())], capture_output=True, text=True, timeout=60, check=False
    ).stdout
    for library in set(re.findall(r"(?:=> )?(/\S+) \(0x", told)):
        files[library.lstrip("/")] = Path(library)
    return files


def _import(
    engine: TestEngine, service: str, files: dict[str, Path], texts: dict[str, str], entrypoint: str, path: str = "/bin"
) -> str:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name in ("tmp", "run", "run/secrets", "var", "etc", "docker-entrypoint-initdb.d"):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(folder)
        _link(tar, "var/run", "../run")
        tar.add(_BUSYBOX.resolve(), "bin/busybox")
        applets = subprocess.run([_BUSYBOX, "--list"], capture_output=True, text=True, check=True).stdout.split()
        for applet in applets:
            if f"bin/{applet}" not in files and applet != "busybox":
                _link(tar, f"bin/{applet}", "busybox")
        for name, content in {"etc/passwd": _PEOPLE, **texts}.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o755
            tar.addfile(entry, io.BytesIO(content.encode()))
        for name, source in files.items():
            entry = tar.gettarinfo(str(source.resolve()), name)
            entry.mode |= 0o555
            with source.open("rb") as opened:
                tar.addfile(entry, opened)
    tag = f"jett-test-{service}:latest"
    changes = [f'ENTRYPOINT ["{entrypoint}"]', f"ENV PATH={path}", "WORKDIR /"]
    subprocess.run(
        ["docker", "-H", engine.address, "import", *[word for one in changes for word in ("--change", one)], "-", tag],
        input=archive.getvalue(),
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=60,
    )
    return tag


def _link(tar: tarfile.TarFile, name: str, target: str) -> None:
    link = tarfile.TarInfo(name)
    link.type, link.linkname = tarfile.SYMTYPE, target
    tar.addfile(link)
