"""One Jett at a time has a user's microphone: a lock that the system frees when the process dies, and who holds it.

Reading who holds it needs no lock; `jett doctor` does. Conversations from files take no part in this.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs
import psutil
from filelock import FileLock, Timeout

from jett.core.errors import AlreadyRunning


def runtime_folder() -> Path:
    """Where the lock is: the user's runtime folder."""
    if sys.platform == "linux" and not os.environ.get("XDG_RUNTIME_DIR"):
        return platformdirs.user_state_path("jett", appauthor=False)  # no login session: its guess would be in /tmp
    return platformdirs.user_runtime_path("jett", appauthor=False)


@contextmanager
def only_one() -> Iterator[None]:
    """Own the microphone while the block lasts. Raises AlreadyRunning."""
    folder = runtime_folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock, note = FileLock(folder / "talk.lock"), folder / "talk.json"
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise AlreadyRunning(_who(running_pid())) from None
    try:
        note.write_text(json.dumps({"pid": os.getpid(), "started_s": _started_s(os.getpid())}), encoding="utf-8")
        yield
    finally:
        note.unlink(missing_ok=True)
        lock.release()


def running_pid() -> int | None:
    """The process that talks now, or None."""
    try:
        noted = json.loads((runtime_folder() / "talk.json").read_text(encoding="utf-8"))
        pid, started_s = int(noted["pid"]), float(noted["started_s"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    # A process number is given again after a while: only one that began at the same moment is the one that wrote it.
    return pid if abs(_started_s(pid) - started_s) < 1.0 else None


def _started_s(pid: int) -> float:
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return 0.0


def _who(pid: int | None) -> str:
    name = f"process {pid}" if pid else "another process"
    return (
        f"talk: {name} has the microphone, allowed is one Jett a user; end it with Ctrl-C where it runs, "
        "or answer a recording meanwhile: jett talk --input FILE"
    )
