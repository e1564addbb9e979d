"""`jett sleep` and push-to-talk: real processes, a real signal, a real terminal; the conversation only notes."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

HANG_LIMIT_S = 60.0
_TALKS = """
import sys, anyio
from types import SimpleNamespace
from jett.cli.push_to_talk import pressed
from jett.cli.running import only_one
from jett.cli.sleep import sent_to_sleep

async def main():
    ended = anyio.Event()
    def note(word):
        print(word, flush=True)
        ended.set()
    room = SimpleNamespace(can_sleep=sys.argv[1] == "sleeps", sleep=lambda: note("asleep"))
    if sys.argv[1] == "key":
        with pressed(lambda: note("awake")):
            print("ready", flush=True)
            await ended.wait()
        return
    with only_one(), sent_to_sleep(room):
        print("ready", flush=True)
        await ended.wait()

anyio.run(main)
"""


@contextmanager
def talking(folder: Path, how: str, stdin: int = subprocess.DEVNULL) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", _TALKS, how],
        env={**os.environ, "XDG_RUNTIME_DIR": str(folder)},
        stdin=stdin,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.communicate(timeout=HANG_LIMIT_S)


def jett_sleep(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "jett", "sleep"],
        env={**os.environ, "XDG_RUNTIME_DIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=HANG_LIMIT_S,
        check=False,
    )


def test_the_one_that_talks_is_sent_to_sleep(tmp_path: Path) -> None:
    with talking(tmp_path, "sleeps") as process:
        done = jett_sleep(tmp_path)
        assert (done.returncode, done.stdout) == (0, "Jett sleeps.\n"), done.stderr
        assert process.stdout is not None
        assert process.stdout.readline() == "asleep\n"
        assert process.wait(HANG_LIMIT_S) == 0


def test_one_that_always_listens_is_left_alone_and_the_fix_is_told(tmp_path: Path) -> None:
    """The signal would end it."""
    with talking(tmp_path, "listens") as process:
        done = jett_sleep(tmp_path)
        assert done.returncode == 6
        assert f"process {process.pid} always listens" in done.stderr
        assert "--push-to-talk" in done.stderr
        assert process.poll() is None


def test_where_none_talks_that_is_said(tmp_path: Path) -> None:
    done = jett_sleep(tmp_path)
    assert done.returncode == 6
    assert "no Jett of yours listens at a microphone now" in done.stderr


@pytest.mark.parametrize("key", [b" ", b"\r"])
def test_a_key_wakes_it_and_the_terminal_is_as_before(tmp_path: Path, key: bytes) -> None:
    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    try:
        with talking(tmp_path, "key", stdin=theirs) as process:
            assert termios.tcgetattr(theirs)[3] & (termios.ECHO | termios.ICANON) == 0
            os.write(ours, b"x")
            os.write(ours, key)
            assert process.stdout is not None
            assert process.stdout.readline() == "awake\n"
            assert process.wait(HANG_LIMIT_S) == 0
        assert termios.tcgetattr(theirs) == before
    finally:
        os.close(ours)
        os.close(theirs)


def test_without_a_terminal_push_to_talk_is_refused_at_once(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "jett", "talk", "--push-to-talk"],
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=HANG_LIMIT_S,
        check=False,
    )
    assert done.returncode == 2
    assert "standard input is none; start it in a terminal" in done.stderr
