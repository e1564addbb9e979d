"""The question before a change, at a terminal. One Ctrl-C is a no; so are a kill and the end of the input.

It is asked on standard error, so that `> file` does not hide it, and read in the main thread, where signals arrive:
a thread that waits for a line could not be ended. Called by `jett ops`, whose event loop has nothing else to do then.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

import typer

from jett.core.errors import GuardError

_SHORT = {"y": "yes", "n": "no", "": "no"}


class Ended(StrEnum):
    """How a question ended without an answer. Either means no."""

    CTRL_C = "Ctrl-C"
    NO_INPUT = "the end of the input"


def ask(question: str, as_json: bool) -> str | Ended:
    """What a person answers, y and n written out; nobody but a person at a terminal can be asked. Raises GuardError."""
    if as_json or not sys.stdin.isatty():
        raise GuardError("guard: a change needs a yes, and there is no terminal to ask at; add --yes if you mean it")
    try:
        with _ctrl_c_raises():  # before the question is seen: who reads it may press Ctrl-C at once
            typer.echo(f"{question} [y/N]: ", nl=False, err=True)
            line = sys.stdin.readline()
    except KeyboardInterrupt:
        typer.echo(err=True)
        return Ended.CTRL_C
    if not line:
        typer.echo(err=True)
        return Ended.NO_INPUT
    words = line.strip()
    return _SHORT.get(words.lower(), words)


@contextmanager
def _ctrl_c_raises() -> Iterator[None]:
    """At once, and here; the event loop's own handler would wait until this function is over."""
    of_the_loop = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, of_the_loop)
