"""Deleted is gone: SQLite keeps the bytes of a deleted row until they are overwritten, and this overwrites them.

Qdrant's local mode keeps one SQLite file a collection. `VACUUM` writes it anew without what was deleted; the old pages
go with `secure_delete`, which fills them with zeros. (What a disk keeps of blocks it has freed is beyond any file.)
Done after each deletion, and when a folder is opened, should the last deletion have been cut off in between.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path


def wipe_deleted(folder: Path) -> None:
    """Rewrite each SQLite file under `folder`. Raises sqlite3.Error, OSError."""
    for file in sorted(folder.rglob("*.sqlite")):
        with closing(sqlite3.connect(file, timeout=5, isolation_level=None)) as database:
            database.execute("PRAGMA secure_delete = ON")
            database.execute("VACUUM")
