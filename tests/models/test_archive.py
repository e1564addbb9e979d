"""Hostile and broken packages: only the named member, only at its size, or SourceFailed."""

from __future__ import annotations

import io
import stat
import struct
import tarfile
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jett.models.archive import Archive
from jett.models.locate import SourceFailed

_CONTENT = bytes(range(256)) * 20


def _read(archive: bytes, member: str = "data/model.bin", size_bytes: int = len(_CONTENT)) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "package"
        path.write_bytes(archive)
        package = Archive(path)
        try:
            content = b"".join(package.read(member, size_bytes))
        finally:
            package.close()
        assert list(Path(folder).iterdir()) == [path], "reading writes nothing"
    return content


def _zip(members: dict[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def _tar(members: list[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for info, content in members:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return file.getvalue()


def _symlink() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("data/model.bin")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def _tar_symlink() -> tarfile.TarInfo:
    info = tarfile.TarInfo("data/model.bin")
    info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
    return info


def _with_claimed_size(archive: bytes, size_bytes: int) -> bytes:
    """The same zip, whose index says another unpacked size for its only member."""
    at = archive.rindex(b"PK\x01\x02")
    return archive[: at + 24] + struct.pack("<I", size_bytes) + archive[at + 28 :]


_GOOD_ZIP = _zip({"data/model.bin": _CONTENT, "../../evil.bin": b"x", "/etc/evil.bin": b"x"})
_GOOD_TAR = _tar([(tarfile.TarInfo("../../evil.bin"), b"x"), (tarfile.TarInfo("data/model.bin"), _CONTENT)])


@pytest.mark.parametrize("archive", [_GOOD_ZIP, _GOOD_TAR], ids=["zip", "tar"])
def test_only_the_named_member_is_read_whatever_lies_beside_it(archive: bytes) -> None:
    assert _read(archive) == _CONTENT


@pytest.mark.parametrize(
    ("archive", "reason"),
    [
        pytest.param(_zip({"other": b"x"}), "no file 'data/model.bin'", id="zip without the member"),
        pytest.param(_tar([]), "no file 'data/model.bin'", id="tar without the member"),
        pytest.param(_zip({"data/model.bin": _CONTENT + b"x"}), "has 5121 bytes, need 5120", id="zip member too long"),
        pytest.param(_zip({"data/model.bin": _CONTENT[1:]}), "has 5119 bytes, need 5120", id="zip member too short"),
        pytest.param(_zip({_symlink(): _CONTENT}), "not a plain file", id="zip symlink"),
        pytest.param(_tar([(_tar_symlink(), b"")]), "no file", id="tar symlink"),
        pytest.param(_zip({"data/model.bin": _CONTENT}, zipfile.ZIP_BZIP2), "not a plain file", id="unusual method"),
        pytest.param(_with_claimed_size(_zip({"data/model.bin": bytes(9_000_000)}), 5120), "damaged", id="zip bomb"),
        pytest.param(b"", "damaged", id="empty"),
        pytest.param(b"<html>sign in first</html>", "damaged", id="a web page"),
        pytest.param(_GOOD_ZIP[:-30], "damaged", id="cut zip"),
        pytest.param(_GOOD_TAR[:-30], "damaged", id="cut tar"),
    ],
)
def test_a_hostile_or_broken_package_is_a_failed_source(archive: bytes, reason: str) -> None:
    with pytest.raises(SourceFailed, match=reason):
        _read(archive)


@given(st.sampled_from([_GOOD_ZIP, _GOOD_TAR]), st.data())
def test_whatever_bytes_a_package_has_the_member_has_its_size_or_the_source_failed(
    base: bytes, data: st.DataObject
) -> None:
    changed = bytearray(base)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(base) - 1))] = data.draw(st.integers(0, 255))
    try:
        content = _read(bytes(changed))
    except SourceFailed:
        return
    assert len(content) == len(_CONTENT)
