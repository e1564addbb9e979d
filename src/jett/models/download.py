"""One resumable download over HTTP(S) or from a file URL, checked against the digest its index states.

Bytes go into a partial file that stays when the process dies; the next call asks the server for the rest.
It decides nothing about models; called by `fetch`.
"""

from __future__ import annotations

import hashlib
import os
import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit
from urllib.request import url2pathname

import certifi
import httpx

from jett.core.errors import DigestMismatch
from jett.models.disk import CHUNK_BYTES, FreeBytes, explained, require_room
from jett.models.locate import Location, SourceFailed

_ATTEMPTS_WITHOUT_PROGRESS = 4
_FIRST_PAUSE_S = 0.5
_PIECE_BYTES = 1 << 16
"""What is at most lost when the process dies."""
_TIMEOUT_S = 30.0
"""Silence of a server after which the connection is given up and resumed."""

OnBytes = Callable[[int, int | None], None]
"""Called with bytes on disk and the total, None when unknown."""


class Interrupted(Exception):
    """The connection failed in a way that another try may mend."""


class Downloader:
    """Downloads with one connection pool; close it. `free` and `pause` are arguments so that tests can decide them."""

    def __init__(
        self, environment: Mapping[str, str], free: FreeBytes, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._free = free
        self._pause = pause
        self._http = httpx.Client(
            verify=trusted_certificates(environment),
            timeout=_TIMEOUT_S,
            follow_redirects=True,
            headers={"Accept-Encoding": "identity", "User-Agent": "jett"},
        )

    def close(self) -> None:
        self._http.close()

    def get(self, location: Location, partial: Path, on_bytes: OnBytes, expected_bytes: int | None = None) -> None:
        """Complete `partial` from `location`.

        Raises SourceFailed, StoreFull, or DigestMismatch, after which the partial file is gone. A partial of another
        content (the file changed at its source) is noticed by the digest and fetched once more from its start.
        """
        resumed = partial.exists()
        self._fill(location, partial, on_bytes, expected_bytes)
        try:
            _check(location, partial)
        except DigestMismatch:
            partial.unlink()
            if not resumed:
                raise
            self.get(location, partial, on_bytes, expected_bytes)

    def _fill(self, location: Location, partial: Path, on_bytes: OnBytes, expected_bytes: int | None) -> None:
        if urlsplit(location.url).scheme == "file":
            self._copy(location, partial, on_bytes)
            return
        failures = 0
        while True:
            before = _size(partial)
            try:
                self._receive(location, partial, on_bytes, expected_bytes)
                return
            except Interrupted as interruption:
                failures = 1 if _size(partial) > before else failures + 1
                if failures >= _ATTEMPTS_WITHOUT_PROGRESS:
                    raise SourceFailed(f"{location.shown}: {interruption}; fix: check the network") from interruption
            self._pause(_FIRST_PAUSE_S * 2 ** (failures - 1))

    def _receive(self, location: Location, partial: Path, on_bytes: OnBytes, expected_bytes: int | None) -> None:
        held = _size(partial)
        headers = {"Range": f"bytes={held}-"} if held else {}
        with _network_troubles(), self._http.stream("GET", location.url, headers=headers) as response:
            if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                _settle_unsatisfied(response, partial, held)
                return
            _require_success(location, response)
            held = _start_of(response, held)
            total = _total(response, held)
            if expected_bytes is not None and total is not None and total != expected_bytes:
                raise SourceFailed(f"{location.shown} has {total} bytes, need {expected_bytes}")
            require_room(partial.parent, (total or held) - held, self._free)
            with explained(partial.parent), _opened_at(partial, held) as file:
                for chunk in response.iter_raw(_PIECE_BYTES):
                    file.write(chunk)
                    held += len(chunk)
                    on_bytes(held, total)

    def _copy(self, location: Location, partial: Path, on_bytes: OnBytes) -> None:
        path = Path(url2pathname(urlsplit(location.url).path))
        try:
            source = path.open("rb")
        except OSError as refusal:
            raise SourceFailed(f"{path}: {refusal.strerror}") from refusal
        with source:
            total, held = os.fstat(source.fileno()).st_size, 0
            require_room(partial.parent, total - _size(partial), self._free)
            with explained(partial.parent), _opened_at(partial, 0) as file:
                while chunk := source.read(CHUNK_BYTES):
                    file.write(chunk)
                    held += len(chunk)
                    on_bytes(held, total)


def trusted_certificates(environment: Mapping[str, str]) -> ssl.SSLContext:
    """What the user trusts already: the system's certificates and the bundles that their tools are told to use."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    for name in ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        bundle = Path(environment.get(name) or ".")
        if bundle.is_file():
            context.load_verify_locations(bundle)
    return context


@contextmanager
def _network_troubles() -> Iterator[None]:
    """Turn what the client raises into Interrupted (try again) or SourceFailed (useless)."""
    try:
        yield
    except (httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.TooManyRedirects) as useless:
        raise SourceFailed(f"the address cannot be used: {useless}") from useless
    except httpx.TransportError as trouble:
        raise Interrupted(str(trouble) or type(trouble).__name__) from trouble


@contextmanager
def _opened_at(partial: Path, offset: int) -> Iterator[IO[bytes]]:
    """`partial` open for writing from `offset` on; on disk when the block ends well."""
    with partial.open("r+b" if partial.exists() else "wb") as file:
        file.truncate(offset)
        file.seek(offset)
        yield file
        file.flush()
        os.fsync(file.fileno())


def _settle_unsatisfied(response: httpx.Response, partial: Path, held: int) -> None:
    """A range past the end: either everything is here, or the partial file is of something else."""
    if response.headers.get("Content-Range", "").rpartition("/")[2] != str(held):
        partial.unlink()
        raise Interrupted("the partial download did not fit the file at its source")


def _require_success(location: Location, response: httpx.Response) -> None:
    if response.status_code >= 500 or response.status_code == httpx.codes.TOO_MANY_REQUESTS:
        raise Interrupted(f"the server answered {response.status_code}")
    if not response.is_success:
        raise SourceFailed(f"{location.shown}: the server answered {response.status_code}")


def _start_of(response: httpx.Response, asked: int) -> int:
    """The offset that the body begins at: what was asked for, or 0 from a server without ranges."""
    if response.status_code != httpx.codes.PARTIAL_CONTENT:
        return 0
    given = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    if given is None or int(given[1]) != asked:
        raise SourceFailed(f"the server gave another range than bytes={asked}-")
    return asked


def _total(response: httpx.Response, held: int) -> int | None:
    length = response.headers.get("Content-Length", "")
    return held + int(length) if length.isdigit() else None


def _check(location: Location, partial: Path) -> None:
    if not location.digest:
        return
    with partial.open("rb") as file:
        got = hashlib.file_digest(file, location.algorithm).hexdigest()
    if got != location.digest:
        raise DigestMismatch(f"{location.shown} has {location.algorithm} {got}, expected {location.digest}")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
