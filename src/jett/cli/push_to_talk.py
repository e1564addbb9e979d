"""Push-to-talk: the space bar or Enter in the terminal wakes Jett. Called by `jett talk`."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from jett.core.errors import ConfigError

_KEYS = frozenset(b" \r\n")


def check_terminal() -> None:
    """Refuse at once what would fail after the engines have loaded. Raises ConfigError."""
    try:
        import termios  # noqa: F401 - Windows has none
    except ImportError:
        raise ConfigError("talk: --push-to-talk reads keys as Unix terminals give them; leave it out here") from None
    if not sys.stdin.isatty():
        raise ConfigError(
            "talk: --push-to-talk reads the space bar from a terminal, and standard input is none; "
            "start it in a terminal, without a pipe"
        )


@contextmanager
def pressed(wake: Callable[[], None]) -> Iterator[None]:
    """While the block lasts, each press calls `wake` on the event loop; keys are neither shown nor left behind."""
    import termios
    import tty

    terminal, loop = sys.stdin.fileno(), asyncio.get_running_loop()
    before = termios.tcgetattr(terminal)

    def read() -> None:
        keys = os.read(terminal, 64)
        if not keys:  # the terminal is gone
            loop.remove_reader(terminal)
        elif _KEYS & set(keys):
            wake()

    tty.setcbreak(terminal)
    loop.add_reader(terminal, read)
    try:
        yield
    finally:
        loop.remove_reader(terminal)
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
