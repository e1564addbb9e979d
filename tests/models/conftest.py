"""A package index, a hub and a mirror on loopback that really serve, stall, cut and lie; stores that pull from it."""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from jett.models.disk import FreeBytes, free_bytes
from jett.models.manifest import Manifest, parse_manifest
from jett.models.progress import PullEvent
from jett.models.store import Store

_PULL = """
import sys
from pathlib import Path
from jett.models.manifest import parse_manifest
from jett.models.store import Store
store = Store(Path(sys.argv[1]), manifest=parse_manifest(Path(sys.argv[2]).read_text()))
store.pull(sys.argv[3], lambda event: print(event, flush=True))
"""


@dataclass
class Loopback:
    """What the server has and how it behaves; keys are URL paths."""

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    knows_ranges: bool = True
    stall_at: dict[str, int] = field(default_factory=dict)
    """Send so many bytes of a path, then wait for `go`."""
    cut_at: dict[str, list[int]] = field(default_factory=dict)
    """Close the connection at these offsets, one per request."""
    go: threading.Event = field(default_factory=threading.Event)
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Each request's path and Range header."""

    def ranges_of(self, path: str) -> list[str]:
        return [asked for requested, asked in self.asked if requested == path]


_OLDER_PIP = 'data-dist-info-metadata="true"'
"""The name of `data-core-metadata` before pip 23.3."""


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    loopback: Loopback

    def do_GET(self) -> None:
        self.loopback.asked.append((self.path, self.headers.get("Range", "")))
        body = self.loopback.files.get(self.path)
        if body is None:
            self.send_error(404)
            return
        self._send(body, self._start(body))

    def _start(self, body: bytes) -> int:
        asked = self.headers.get("Range", "")
        start = int(asked.removeprefix("bytes=").rstrip("-") or 0) if self.loopback.knows_ranges else 0
        if start >= len(body) > 0:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(body)}")
        elif start:
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        else:
            self.send_response(200)
        return start

    def _send(self, body: bytes, start: int) -> None:
        html = self.path.startswith("/simple/")
        self.send_header("Content-Type", "text/html" if html else "application/octet-stream")
        self.send_header("Content-Length", str(len(body[start:])))
        self.end_headers()
        cuts = self.loopback.cut_at.get(self.path, [])
        end = cuts.pop(0) if cuts else len(body)
        stall = self.loopback.stall_at.get(self.path, end)
        try:
            self.wfile.write(body[start:stall])
            if stall < end:
                self.wfile.flush()
                self.loopback.go.wait(60)
                self.wfile.write(body[max(start, stall) : end])
        except ConnectionError:
            pass  # the client was killed, as the test meant
        if end < len(body):
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Tests read `asked` instead."""


@dataclass
class Lab:
    """One folder with a server beside it, and what a test needs to pull from it."""

    folder: Path
    server: Loopback
    environment: dict[str, str]
    models: list[str] = field(default_factory=list)
    events: list[PullEvent] = field(default_factory=list)

    @property
    def root(self) -> Path:
        return self.folder / "store"

    def noise(self, size_bytes: int, seed: int = 0) -> bytes:
        """Content that does not compress."""
        return random.Random(seed).randbytes(size_bytes)

    def hub_file(self, name: str, content: bytes) -> str:
        """Serve a file at the hub; its URL path."""
        path = f"/lab/weights/resolve/main/{name}"
        self.server.files[path] = content
        return path

    def wheel(self, package: str, members: Mapping[str, bytes], version: str = "1.0.0") -> str:
        """Serve a wheel at the index; its URL path."""
        stem = f"{package.replace('-', '_')}-{version}"
        metadata = f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n".encode()
        info = {"METADATA": metadata, "WHEEL": b"Wheel-Version: 1.0\nTag: py3-none-any\n", "RECORD": b""}
        content = zipped({**members, **{f"{stem}.dist-info/{name}": text for name, text in info.items()}})
        path = f"/wheels/{stem}-py3-none-any.whl"
        attributes = f'data-core-metadata="true" {_OLDER_PIP}'
        page = f'<a href="{path}#sha256={digest(content)}" {attributes}>{path.rpartition("/")[2]}</a>'
        self.server.files |= {path: content, f"{path}.metadata": metadata, f"/simple/{package}/": page.encode()}
        return path

    def model(
        self,
        model_id: str,
        contents: Mapping[str, bytes],
        sources: Sequence[str] = ('kind = "hub"\nrepo = "lab/weights"\nrevision = "main"\npath = "{name}"',),
    ) -> None:
        """Add a model to the manifest; sources are TOML, in order."""
        rows = (
            f'{{ name = "{name}", size_bytes = {len(content)}, sha256 = "{digest(content)}" }},'
            for name, content in contents.items()
        )
        words = {"id": model_id, "role": "vad", "licence": "MIT", "licence_note": "", "about": "", "card": ""}
        lines = ["[[model]]", *(f'{key} = "{word}"' for key, word in words.items()), "files = [", *rows, "]"]
        lines += [f"[[model.source]]\n{source}" for source in sources]
        self.models.append("\n".join(lines))

    def manifest(self) -> Manifest:
        return parse_manifest("\n".join(self.models))

    def store(self, *, mirror: str = "", free: FreeBytes = free_bytes) -> Store:
        return Store(self.root, mirror=mirror, manifest=self.manifest(), environment=self.environment, free=free)

    def pull(self, model_id: str, *, mirror: str = "", free: FreeBytes = free_bytes) -> Path:
        store = self.store(mirror=mirror, free=free)
        store.pull(model_id, self.events.append)
        return store.path(model_id)

    def run(self, code: str, model_id: str) -> subprocess.Popen[str]:
        """A child process with this lab's manifest; its arguments are the store, the manifest and the model."""
        manifest = self.folder / "manifest.toml"
        manifest.write_text("\n".join(self.models))
        command = [sys.executable, "-c", code, str(self.root), str(manifest), model_id]
        return subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE, text=True)

    def pulling(self, model_id: str) -> subprocess.Popen[str]:
        """A child process that pulls and prints each event."""
        return self.run(_PULL, model_id)

    def blobs(self) -> list[str]:
        folder = self.root / "blobs" / "sha256"
        return sorted(path.name for path in folder.iterdir()) if folder.exists() else []

    def partials(self) -> list[Path]:
        return sorted((self.root / "partial").iterdir())


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def zipped(members: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    """A real HTTP server on a free port of loopback."""
    state = Loopback()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Answer", (_Answer,), {"loopback": state}))
    state.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield state
    state.go.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def lab(tmp_path: Path, loopback: Loopback) -> Lab:
    """A store with a server of its own, far from the user's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(("PIP_", "JETT_", "NPM_"))}
    own = {
        "PIP_INDEX_URL": f"{loopback.address}/simple",
        "PIP_CONFIG_FILE": os.devnull,
        "HF_ENDPOINT": loopback.address,
        "npm_config_registry": loopback.address,
        "npm_config_cache": str(tmp_path / "npm"),
    }
    return Lab(tmp_path, loopback, kept | own)


@pytest.fixture
def line_with() -> Callable[[subprocess.Popen[str], str], str]:
    """Read a child's output up to a line that contains a text."""

    def read(child: subprocess.Popen[str], text: str) -> str:
        assert child.stdout is not None
        for line in child.stdout:
            if text in line:
                return line
        raise AssertionError(f"the child ended with {child.wait()} before it said {text!r}")

    return read


@pytest.fixture
def npm_package(lab: Lab) -> Callable[[str, bytes], None]:
    """Serve a package archive as an npm registry does."""

    def publish(package: str, archive: bytes) -> None:
        import base64

        integrity = "sha512-" + base64.b64encode(hashlib.sha512(archive).digest()).decode()
        tarball = f"/{package}/-/{package}-1.0.0.tgz"
        dist = {"tarball": lab.server.address + tarball, "integrity": integrity}
        version = {"name": package, "version": "1.0.0", "dist": dist}
        packument = {"name": package, "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": version}}
        lab.server.files |= {tarball: archive, f"/{package}": json.dumps(packument).encode()}

    return publish
