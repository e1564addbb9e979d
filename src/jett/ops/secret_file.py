"""A file with a secret in it, such as a token's: read only where nobody but its owner may."""

from __future__ import annotations

import os
from pathlib import Path

_OTHERS = 0o077


def read_secret(path: Path, setting: str) -> str:
    """Its text. Raises OSError, whose text begins with the path and ends with the fix; `setting` named the file."""
    try:
        with path.expanduser().open(encoding="utf-8") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "not text"
        raise OSError(f"'{path}' cannot be read ({why}); correct {setting}") from error
    if os.name == "posix" and mode & _OTHERS:
        raise OSError(f"'{path}' is open to others (mode {mode & 0o777:04o}); run: chmod 600 {path}")
    return text
