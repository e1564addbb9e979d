"""`jett sleep`: send the Jett that talks now to sleep, from another terminal; and the other end of it.

By a signal: it needs no open port, and the system lets only the same user send it. Nothing is sent to a process that
has not said that it takes it, since others would end.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from jett.cli.running import noted_as_sleeper, running_sleeper
from jett.core.errors import NotRunning
from jett.session.conversation import Conversation

EPILOG = "Example: jett sleep"
_SIGNAL: signal.Signals | None = getattr(signal, "SIGUSR1", None)
"""Windows has none."""


def sleep() -> None:
    """Have the Jett that talks now fall silent and sleep until it is called, or until its key is pressed."""
    if _SIGNAL is None:
        raise NotRunning("sleep: this system has no signal for it; say 'go to sleep', or use the dashboard")
    pid = running_sleeper()
    try:
        os.kill(pid, _SIGNAL)
    except OSError as error:
        raise NotRunning(f"sleep: process {pid} cannot be reached ({error.strerror}); is it still there?") from error
    typer.echo("Jett sleeps.")


@contextmanager
def sent_to_sleep(conversation: Conversation) -> Iterator[None]:
    """While the block lasts, `jett sleep` sends this conversation to sleep; where it never sleeps, it is refused."""
    if _SIGNAL is None or not conversation.can_sleep:
        yield
        return
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(_SIGNAL, conversation.sleep)
    try:
        with noted_as_sleeper():
            yield
    finally:
        loop.remove_signal_handler(_SIGNAL)
        signal.signal(_SIGNAL, signal.SIG_IGN)  # one that is on its way ends nothing
