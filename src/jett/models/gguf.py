"""The header of a GGUF file, when the plan of a card's memory may rely on it. Reading it is `core.gguf`'s.

Called by VRAM planning and by `jett vram`.
"""

from __future__ import annotations

from pathlib import Path

from jett.core import gguf
from jett.core.errors import ModelError


def read_header(path: Path) -> gguf.Header:
    """The header of a whole file, whose tensors all have a size. Raises ModelError: missing, damaged or not GGUF."""
    try:
        header = gguf.read_header(path)
        header.require_sizes()
    except OSError as error:
        raise ModelError(f"models: {path} cannot be read ({error.strerror}); check its path and mode") from error
    except gguf.Malformed as error:
        raise ModelError(f"models: {path} is not a usable GGUF file: {error}; fetch it again") from error
    return header
