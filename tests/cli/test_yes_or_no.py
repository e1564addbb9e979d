"""The yes/no question of `jett ops` at a real terminal (a pty), with real keys and real signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jett.cli.ops import _late
from jett.guard import Refused
from tests.cli.conftest import HANG_LIMIT_S, Jett

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a pty is a thing of Unix")

POLICY = """
version = 1
[workflows.backup]
[identities.terminal]
verbs = ["run_workflow"]
"""


class Terminal:
    """`jett ops run backup`, the leader of a session of its own on a terminal of its own."""

    def __init__(self, jett: Jett) -> None:
        self._ours, theirs = os.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", _ON_ITS_TERMINAL],
            cwd=jett.folder,
            env=jett.env,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)

    def read_until(self, words: str) -> str:
        shown = ""
        while words not in shown and (more := self._read()):
            shown += more
        assert words in shown, shown
        return shown

    def type(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def end(self) -> tuple[int, str]:
        """Its exit code, and all that it still shows."""
        rest = ""
        while more := self._read():
            rest += more
        return self.process.wait(HANG_LIMIT_S), rest

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._ours)

    def _read(self) -> str:
        try:
            return os.read(self._ours, 4096).decode()
        except OSError:  # nobody has the other side any more
            return ""


_ON_ITS_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-m", "jett", "ops", "run", "backup"])
"""


@pytest.fixture
def terminal(bare: Jett) -> Iterator[Terminal]:
    (bare.folder / "policy.toml").write_text(POLICY, "utf-8")
    terminal = Terminal(bare)
    yield terminal
    terminal.close()


def confirmations(folder: Path) -> list[str]:
    """What the record says that was answered."""
    (segment,) = (folder / "audit").glob("*.jsonl")
    records = [json.loads(line) for line in segment.read_text("utf-8").splitlines()]
    return [record["verdict"] for record in records if record["kind"] == "confirmation"]


def test_one_ctrl_c_means_no(terminal: Terminal, bare: Jett) -> None:
    """The key, which the terminal makes a SIGINT of; nothing but the refusal is shown."""
    terminal.read_until("Run the workflow backup? [y/N]: ")
    terminal.type("\x03")
    code, shown = terminal.end()
    assert (code, shown.replace("^C", "").strip()) == (130, "All right, I won't.")
    assert confirmations(bare.folder) == ["no"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_means_no(terminal: Terminal, bare: Jett, number: signal.Signals, code: int) -> None:
    terminal.read_until("[y/N]: ")
    terminal.process.send_signal(number)
    ended, shown = terminal.end()
    assert (ended, shown.strip()) == (code, "All right, I won't.")
    assert confirmations(bare.folder) == ["no"]


@pytest.mark.parametrize("keys", ["n\n", "\n", "no, don't\n", "\x04"])
def test_a_no_is_taken_plainly(terminal: Terminal, bare: Jett, keys: str) -> None:
    """It is no error, though the exit code says that nothing was done."""
    terminal.read_until("[y/N]: ")
    terminal.type(keys)
    code, shown = terminal.end()
    assert (code, shown.splitlines()[-1]) == (7, "All right, I won't.")
    assert "error" not in shown
    assert confirmations(bare.folder) == ["no"]


def test_an_unclear_answer_is_asked_for_once_more(terminal: Terminal, bare: Jett) -> None:
    terminal.read_until("[y/N]: ")
    terminal.type("perhaps\n")
    terminal.read_until("Please say yes or no. Run the workflow backup? [y/N]: ")
    terminal.type("perhaps\n")
    code, shown = terminal.end()
    assert (code, shown.splitlines()[-1]) == (7, "All right, I won't.")
    assert confirmations(bare.folder) == ["unclear", "unclear"]


@pytest.mark.parametrize("keys", ["y\n", "Yes, please.\n"])
def test_a_yes_is_one(terminal: Terminal, bare: Jett, keys: str) -> None:
    terminal.read_until("[y/N]: ")
    terminal.type(keys)
    assert terminal.end()[0] == 8, "n8n is not set up here"
    assert confirmations(bare.folder) == ["yes"]


@pytest.mark.parametrize(
    ("words", "rule", "reason"),
    [
        ("no", "confirmation.no", "All right, I won't."),
        ("yes", "confirmation.none", "The answer came more than 15 seconds after the question; ask again."),
    ],
)
def test_an_answer_to_a_lapsed_question_does_nothing_and_says_why(words: str, rule: str, reason: str) -> None:
    told = _late(Refused("confirmation.none", "There is nothing to confirm.", "1"), words)
    assert (told.rule, told.reason) == (rule, reason)
