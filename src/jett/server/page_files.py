"""The dashboard's built pages, read into memory once: nothing that a request names is ever looked up on the disk."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from mimetypes import guess_type

from starlette.requests import Request
from starlette.responses import Response

_FOR_EVER = "public, max-age=31536000, immutable"
"""Of files whose names change with their content."""
_ASSETS = "/_next/static/"
_WORTH_PACKING = 1024
_SCRIPT = re.compile(rb"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)
_TYPES = {".js": "text/javascript; charset=utf-8", ".txt": "text/plain; charset=utf-8", ".woff2": "font/woff2"}


@dataclass(frozen=True, slots=True)
class Page:
    """One file, as it goes out."""

    content: bytes
    packed: bytes
    """With gzip; empty where that saves nothing."""
    kind: str
    etag: str
    cache: str


class Pages:
    """All files below a folder, by the path that a browser asks for; `…/index.html` is also `…/` and without it."""

    def __init__(self, folder: Traversable) -> None:
        self._pages = dict(_read(folder, "/"))
        for path in [path for path in self._pages if path.endswith("/index.html")]:
            self._pages[path.removesuffix("index.html")] = self._pages[path]
            self._pages[path.removesuffix("/index.html") or "/"] = self._pages[path]

    @property
    def paths(self) -> frozenset[str]:
        """Everything there is."""
        return frozenset(self._pages)

    @property
    def script_hashes(self) -> list[str]:
        """Of the inline scripts, for the policy that lets no other run (CSP Level 3, 2.3.1)."""
        hashes = {
            base64.b64encode(hashlib.sha256(script).digest()).decode()
            for page in self._pages.values()
            if page.kind.startswith("text/html")
            for script in _SCRIPT.findall(page.content)
        }
        return sorted(f"sha256-{each}" for each in hashes)

    def answer(self, request: Request) -> Response | None:
        """The file that is asked for; None where there is none."""
        page = self._pages.get(request.scope["path"])
        if page is None:
            return None
        headers = {"ETag": page.etag, "Cache-Control": page.cache, "Vary": "Accept-Encoding"}
        if request.headers.get("if-none-match") == page.etag:
            return Response(status_code=304, headers=headers)
        packed = bool(page.packed) and "gzip" in request.headers.get("accept-encoding", "")
        if packed:
            headers["Content-Encoding"] = "gzip"
        content = page.packed if packed else page.content
        return Response(content if request.method == "GET" else b"", media_type=page.kind, headers=headers)


def _read(folder: Traversable, path: str) -> Iterator[tuple[str, Page]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _read(entry, f"{path}{entry.name}/")
        else:
            yield f"{path}{entry.name}", _page(f"{path}{entry.name}", entry.read_bytes())


def _page(path: str, content: bytes) -> Page:
    suffix = path[path.rfind(".") :]
    kind = _TYPES.get(suffix) or guess_type(path)[0] or "application/octet-stream"
    if kind == "text/html":
        kind = "text/html; charset=utf-8"
    packed = gzip.compress(content, mtime=0) if len(content) >= _WORTH_PACKING else b""
    if len(packed) > len(content) * 0.9:
        packed = b""
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    return Page(content, packed, kind, etag, _FOR_EVER if path.startswith(_ASSETS) else "no-cache")
