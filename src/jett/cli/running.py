"""Which Jetts run now, and that one at a time has a user's microphone: a lock that the system frees with the process.

Reading who holds it needs no lock; `jett doctor` does. Conversations from files take no part in the lock.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import platformdirs
import psutil
from filelock import FileLock, Timeout

from jett.core.errors import AlreadyRunning, NotRunning


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
        _write_note(sleeps=False)
        yield
    finally:
        note.unlink(missing_ok=True)
        lock.release()


@contextmanager
def noted_as_sleeper() -> Iterator[None]:
    """While the block lasts, whoever asks is told that this process can be sent to sleep. Only inside `only_one`."""
    _write_note(sleeps=True)
    try:
        yield
    finally:
        _write_note(sleeps=False)


def running_pid() -> int | None:
    """The process that talks now, or None."""
    return _running()[0]


def running_sleeper() -> int:
    """The process that talks now and can be sent to sleep. Raises NotRunning."""
    pid, sleeps = _running()
    if pid is None:
        raise NotRunning("sleep: no Jett of yours listens at a microphone now; start one with jett talk, or jett serve")
    if not sleeps:
        raise NotRunning(
            f"sleep: process {pid} always listens, since nothing could wake it; "
            "start it with a wake word, or with jett talk --push-to-talk"
        )
    return pid


def _running() -> tuple[int | None, bool]:
    try:
        noted = json.loads((runtime_folder() / "talk.json").read_text(encoding="utf-8"))
        pid, started_s, sleeps = int(noted["pid"]), float(noted["started_s"]), noted.get("sleeps") is True
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None, False
    # A process number is given again after a while: only one that began at the same moment is the one that wrote it.
    return (pid, sleeps) if abs(_started_s(pid) - started_s) < 1.0 else (None, False)


def _write_note(*, sleeps: bool) -> None:
    noted = {"pid": os.getpid(), "started_s": _started_s(os.getpid()), "sleeps": sleeps}
    (runtime_folder() / "talk.json").write_text(json.dumps(noted), encoding="utf-8")


@dataclass(frozen=True, slots=True)
class RunningJett:
    """A process that runs a `jett` command; `fetches` where it may be connected to a source of models."""

    pid: int
    command: str
    fetches: bool


def running_jetts() -> list[RunningJett]:
    """Every `jett` of this user that runs now, but this process and those that started it."""
    me = psutil.Process()
    ours = {me.pid, *(parent.pid for parent in me.parents())}
    talking = running_pid()
    found = {} if talking is None or talking in ours else {talking: RunningJett(talking, "talk", fetches=False)}
    for process in psutil.process_iter(["pid", "username", "cmdline"]):
        pid, words = process.info["pid"], jett_words(process.info["cmdline"] or ())
        if words is None or pid in ours or pid in found or process.info["username"] != me.username():
            continue
        command = next((word for word in words if word in _COMMANDS), "")
        found[pid] = RunningJett(pid, command, fetches=command == "models" or "--first-run" in words)
    return list(found.values())


_COMMANDS = (
    "talk",
    "serve",
    "link",
    "sleep",
    "history",
    "memory",
    "voice",
    "ask",
    "transcribe",
    "say",
    "doctor",
    "devices",
    "vram",
    "bench",
    "models",
    "config",
)
_OPTIONS_WITH_VALUE = ("-X", "-W", "--check-hash-based-pycs")


def jett_words(command_line: Sequence[str]) -> list[str] | None:
    """What stands after `jett` in a command line; None when it runs something else."""
    words = list(command_line)
    if words and _names_jett(words[0]):
        return words[1:]
    if not words or "python" not in Path(words[0]).name.lower():
        return None
    words = words[1:]
    while words and words[0].startswith("-") and words[0] != "-m":
        words = words[2 if words[0] in _OPTIONS_WITH_VALUE else 1 :]
    if words[:2] == ["-m", "jett"]:
        return words[2:]
    return words[1:] if words and _names_jett(words[0]) else None


def _names_jett(word: str) -> bool:
    return Path(word).name in ("jett", "jett.exe")


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
