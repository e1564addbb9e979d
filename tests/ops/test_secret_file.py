"""Files with secrets: read where they are nobody else's business, refused with the fix elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jett.app.mcp import read_token
from jett.app.record import audit_log
from jett.core.errors import OperationError, TokenError
from jett.ops.mcp_http import http_client
from jett.ops.secret_file import read_secret
from jett.settings import Settings


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text("hush\n")
    path.chmod(0o600)
    return path


def test_a_secret_of_its_owner_is_read(file: Path) -> None:
    assert read_secret(file, "x") == "hush\n"
    file.chmod(0o400)
    assert read_secret(file, "x") == "hush\n"
    assert read_token(file) == "hush"


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o602])
def test_a_secret_that_is_open_to_others_is_refused_with_the_fix(mode: int, file: Path) -> None:
    file.chmod(mode)
    with pytest.raises(OSError, match=rf"'{file}' is open to others \(mode {mode:04o}\); run: chmod 600 {file}$"):
        read_secret(file, "x")


def test_what_cannot_be_read_is_told_with_what_named_it(file: Path) -> None:
    with pytest.raises(OSError, match=r"'/nowhere/x' cannot be read \(No such file or directory\); correct ops\.x$"):
        read_secret(Path("/nowhere/x"), "ops.x")
    file.write_bytes(b"\xff")
    with pytest.raises(OSError, match=r"cannot be read \(not text\); correct ops\.x$"):
        read_secret(file, "ops.x")


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_whoever_reads_one_says_so(file: Path, tmp_path: Path) -> None:
    """A token of Jett's own, one of an MCP server, and the password of the anchor."""
    file.chmod(0o644)
    with pytest.raises(TokenError, match=r"^mcp: the token's file .* chmod 600"):
        read_token(file)
    with pytest.raises(OperationError, match=r"^mcp: the token's file .* chmod 600"):
        http_client(file, 1.0)
    ops = {
        "ops.audit_dir": tmp_path / "audit",
        "ops.anchor": tmp_path / "anchor",
        "ops.anchor_database": "postgresql://jett_audit@127.0.0.1:1/jett",
        "ops.anchor_password_file": file,
    }
    _, database = audit_log(Settings.load(env={}, overrides=ops)).anchors
    with pytest.raises(OSError, match=r"the password's file .* chmod 600"):
        database.heads()
    database.close()
