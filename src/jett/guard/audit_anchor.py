"""The second place that knows the chain's newest record, so that a shortened or rewritten log is found out.

`FileAnchor` keeps it in another folder, best on another disk; a database on another machine is better, and is an
`Anchor` as well.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Protocol

from jett.guard.audit_record import Head
from jett.guard.files import write_atomically


class Anchor(Protocol):
    """Keeps one Head. Both raise OSError when the place is out of reach; `load` also when what it holds is no head."""

    def store(self, head: Head) -> None: ...

    def load(self) -> Head | None: ...


class FileAnchor:
    """A Head in a small file, replaced as a whole and synced."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def store(self, head: Head) -> None:
        write_atomically(self._path, json.dumps({"seq": head.seq, "hash": head.hash}).encode() + b"\n")

    def load(self) -> Head | None:
        try:
            found = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise OSError(f"{self._path} holds no head") from error
        if not isinstance(found, dict) or type(found.get("seq")) is not int or type(found.get("hash")) is not str:
            raise OSError(f"{self._path} holds no head")
        return Head(found["seq"], found["hash"])
