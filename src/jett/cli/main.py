"""Where `jett` begins: everything a person may meet at the end of a command is decided here, before the first import.

Only the standard library is imported at the top, so that Ctrl-C during the other imports ends as quietly as later.
Called by the `jett` script and `python -m jett`.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from types import FrameType
from typing import TextIO

from jett.cli.environment import keep_to_ourselves

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells count it: 128 + SIGINT."""
_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG}
_TERMINATED = 128 + 15


def run() -> int:
    """Run the command line in `sys.argv`; the exit code. Never lets a traceback out."""
    terminated: list[int] = []

    def end_like_ctrl_c(number: int, frame: FrameType | None) -> None:
        terminated.append(number)
        signal.raise_signal(signal.SIGINT)

    _open_what_is_closed()
    _listen_to_whoever_ends_us(end_like_ctrl_c)
    keep_to_ourselves(os.environ)
    try:
        code = _run_command()
    except KeyboardInterrupt:
        code = INTERRUPTED
    return _TERMINATED if terminated else code


def _open_what_is_closed() -> None:
    """A shell may close standard output (`>&-`): then nobody wants it, and Python has None in its place."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - until the end


def _listen_to_whoever_ends_us(handler: signal._HANDLER) -> None:
    """A closed terminal and a polite kill clean up as Ctrl-C does; not every system has both signals."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, handler)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # started in the background by a shell script
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _run_command() -> int:
    from jett.cli.failures import crashed

    try:
        return _code_of_command()
    except BrokenPipeError:
        # The reader of our output has left (`jett … | head`): nothing more can be said.
        _forget(sys.stdout)
        _forget(sys.stderr)
        return 1
    except OSError as error:
        if error.filename is not None or error.errno not in _FULL:  # not of standard output
            return crashed(error)
        sys.stderr.write(
            f"error: cannot write standard output: {error.strerror}; free some space, or write elsewhere\n"
        )
        _forget(sys.stdout)
        return 1
    except Exception as error:  # noqa: BLE001 - the outermost boundary of the process
        return crashed(error)


def _code_of_command() -> int:
    """All output is written when this returns."""
    from jett.cli.commands import app

    code = 0
    try:
        app()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    sys.stdout.flush()
    return code


def _forget(stream: TextIO) -> None:
    """Let what `stream` still holds go nowhere, so that the interpreter's end does not fail on it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
