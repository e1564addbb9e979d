"""The second place that knows the chain's newest record, so that a shortened or rewritten log is found out.

`FileAnchor` keeps it in another folder, best on another disk. A database on another machine is better: it is an
`Anchor` as well (`ops/postgres_anchor.py`), and a log may have both. What a log does with them: `audit_keeping`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from jett.guard.audit_record import Head
from jett.guard.files import write_atomically


class Anchor(Protocol):
    """Keeps heads. `name` is how people are told of it; `append_only`: what it was given before stays.

    Everything but `heads` and `close` returns at once, however far the place is. They raise OSError when the place is
    out of reach, those that read also when what it holds is no head.
    """

    @property
    def name(self) -> str: ...

    @property
    def append_only(self) -> bool: ...

    def store(self, head: Head) -> None:
        """Keep this one; perhaps later, and then `behind` tells what is not kept yet."""

    def latest(self) -> Head | None:
        """The newest that it held before anything was stored by us, as far as this is known now."""

    def behind(self) -> str:
        """From which record on it lags, and why; empty when nothing failed."""

    def heads(self) -> Sequence[Head]:
        """All that it holds. May wait for the place, a bounded time."""

    def close(self) -> None:
        """Wait a bounded time until what was stored is kept, then let go of the place."""


class FileAnchor:
    """A Head in a small file, replaced as a whole and synced."""

    name = "the anchor file"
    append_only = False

    def __init__(self, path: Path) -> None:
        self._path = path

    def store(self, head: Head) -> None:
        write_atomically(self._path, json.dumps({"seq": head.seq, "hash": head.hash}).encode() + b"\n")

    def latest(self) -> Head | None:
        try:
            found = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise OSError(f"{self._path} holds no head") from error
        if not isinstance(found, dict) or type(found.get("seq")) is not int or type(found.get("hash")) is not str:
            raise OSError(f"{self._path} holds no head")
        return Head(found["seq"], found["hash"])

    def behind(self) -> str:
        return ""

    def heads(self) -> Sequence[Head]:
        found = self.latest()
        return () if found is None else (found,)

    def close(self) -> None:
        """Every store was synced already."""
