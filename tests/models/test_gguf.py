"""What VRAM planning says of a GGUF file that it cannot use."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from jett.core.errors import ModelError
from jett.models.gguf import read_header

_OF_AN_UNKNOWN_TYPE = b"GGUF" + struct.pack("<IQQQ", 3, 1, 0, 1) + b"t" + struct.pack("<IQIQ", 1, 8, 999, 0) + bytes(99)


@pytest.mark.parametrize("content", [b"PK\x03\x04" + bytes(40), _OF_AN_UNKNOWN_TYPE])
def test_a_broken_file_is_refused_with_the_reason_and_the_fix(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(content)
    with pytest.raises(ModelError, match=r"models: .*model\.gguf is not a usable GGUF file: .+; fetch it again"):
        read_header(tmp_path / "model.gguf")


def test_a_missing_file_is_a_model_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        read_header(tmp_path / "none.gguf")
