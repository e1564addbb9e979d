"""Reads named members out of wheels (zip) and npm packages (tar.gz). It never writes under a name from an archive,
never imports what is inside, and never reads more than the manifest says a member has. Called by `fetch`."""

from __future__ import annotations

import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from jett.models.disk import CHUNK_BYTES
from jett.models.locate import SourceFailed

_MOST_UNPACKED_BYTES = 4 << 30
"""What the members of a tar archive may hold together: its index can only be read by unpacking all of it."""

_DAMAGE = (zipfile.BadZipFile, tarfile.TarError, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError)
"""What the readers raise for bytes that are no archive: a wrong gzip header is an OSError, an unknown zip version a
NotImplementedError (a RuntimeError)."""

_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


class Archive:
    """An open package archive; close it. Raises SourceFailed when the file is no archive."""

    def __init__(self, path: Path) -> None:
        with _damage_explained():
            self._file = zipfile.ZipFile(path) if zipfile.is_zipfile(path) else tarfile.open(path, "r:gz")  # noqa: SIM115
        self._tar_members: dict[str, tarfile.TarInfo] | None = None

    def close(self) -> None:
        self._file.close()

    def read(self, member: str, size_bytes: int) -> Iterator[bytes]:
        """The member's content in chunks. Raises SourceFailed unless it is a plain file of just this size."""
        with _damage_explained(), self._opened(member, size_bytes) as stream:
            left = size_bytes
            while chunk := stream.read(min(CHUNK_BYTES, left + 1)):
                left -= len(chunk)
                if left < 0:
                    raise SourceFailed(f"'{member}' is longer than the {size_bytes} bytes it should have")
                yield chunk
            if left:
                raise SourceFailed(f"'{member}' ends {left} bytes early")

    def _opened(self, member: str, size_bytes: int) -> IO[bytes]:
        if isinstance(self._file, zipfile.ZipFile):
            return _zip_member(self._file, member, size_bytes)
        return self._tar_member(self._file, member, size_bytes)

    def _tar_member(self, tar: tarfile.TarFile, member: str, size_bytes: int) -> IO[bytes]:
        if self._tar_members is None:
            self._tar_members = _tar_index(tar)
        info = self._tar_members.get(member)
        stream = tar.extractfile(info) if info is not None and info.isreg() else None
        if info is None or stream is None:
            raise SourceFailed(f"the package has no file '{member}'")
        _require_size(member, info.size, size_bytes)
        return stream


def _zip_member(archive: zipfile.ZipFile, member: str, size_bytes: int) -> IO[bytes]:
    try:
        info = archive.getinfo(member)
    except KeyError:
        raise SourceFailed(f"the package has no file '{member}'") from None
    kind = stat.S_IFMT(info.external_attr >> 16)
    if info.is_dir() or kind not in (0, stat.S_IFREG) or info.flag_bits & 1 or info.compress_type not in _METHODS:
        raise SourceFailed(f"'{member}' is not a plain file")
    _require_size(member, info.file_size, size_bytes)
    return archive.open(info)


def _tar_index(tar: tarfile.TarFile) -> dict[str, tarfile.TarInfo]:
    index: dict[str, tarfile.TarInfo] = {}
    unpacked_bytes = 0
    while (info := tar.next()) is not None:
        unpacked_bytes += info.size
        if unpacked_bytes > _MOST_UNPACKED_BYTES:
            raise SourceFailed(f"the package unpacks to more than {_MOST_UNPACKED_BYTES} bytes")
        index[info.name] = info
    return index


def _require_size(member: str, got_bytes: int, need_bytes: int) -> None:
    if got_bytes != need_bytes:
        raise SourceFailed(f"'{member}' has {got_bytes} bytes, need {need_bytes}")


@contextmanager
def _damage_explained() -> Iterator[None]:
    try:
        yield
    except _DAMAGE as damage:
        raise SourceFailed(f"the package is damaged: {damage}") from damage
