"""How a failure looks: one line on stderr, an exit code, and with `--json` one JSON object. Used by every command.

| exit code | means |
|---|---|
| 0 | done |
| 1 | something else failed, `jett doctor` found that Jett cannot talk, or `jett deploy check` a promise not kept |
| 2 | wrong options or settings |
| 3 | a device or an audio file |
| 4 | a model is missing, damaged or too large |
| 5 | an engine failed |
| 6 | another Jett has the microphone |
| 7 | the guard refused, or its record was touched or cannot be written |
| 8 | a server did not do, or did not tell, what was asked |
| 9 | the memory cannot be reached, is full, or was given a secret |
| 10 | a voice cannot be enrolled, or the enrolled ones cannot be read |
| 130 | Ctrl-C |
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import platformdirs
import typer

from jett.core.errors import JettError, first_failure
from jett.guard import redact

DEBUG_VARIABLE = "JETT_DEBUG"


def failure_line(error: str, exit_code: int) -> str:
    """What a script reads of a failure."""
    return json.dumps({"error": without_secrets(error), "exit_code": exit_code})


def error_lines(error: JettError) -> str:
    """The error for a terminal: each mistake is marked as one; lines that go on with it are indented."""
    return "\n".join(
        line if line.startswith(" ") else f"error: {line}" for line in without_secrets(str(error)).splitlines()
    )


def without_secrets(error: str) -> str:
    """The error's text, redacted; that it is about tokens is no name of a secret."""
    area, colon, rest = error.partition(": ")
    return f"{area}{colon}{redact(rest)}" if area in ("token", "tokens") else redact(error)


def report(error: JettError, *, as_json: bool) -> None:
    """Say what went wrong on stderr, and on stdout too where a script reads it."""
    typer.echo(error_lines(error), err=True)
    if as_json:
        typer.echo(failure_line(str(error), error.exit_code))


def show_each(files: Iterable[Path], show: Callable[[Path], None], *, as_json: bool) -> None:
    """`show` each of `files`; one that fails keeps no other from being shown. Raises Exit with the first one's code."""
    failures: list[JettError] = []
    for file in files:
        try:
            show(file)
        except JettError as error:
            failures.append(error)
            typer.echo(f"error: {error}", err=True)
            if as_json:
                row = {"file": str(file), "error": str(error), "exit_code": error.exit_code}
                typer.echo(json.dumps(row, ensure_ascii=False))
    if failures:
        raise typer.Exit(failures[0].exit_code)


def crashed(error: Exception) -> int:
    """A mistake of ours: say so shortly, keep the traceback (places, no values) in a file. Returns the exit code."""
    if os.environ.get(DEBUG_VARIABLE) or "--debug" in sys.argv:
        sys.stderr.write(redact("".join(traceback.format_exception(error))))
        return 1
    place = platformdirs.user_log_path("jett", appauthor=False) / "last-failure.txt"
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(_places(error), encoding="utf-8")
        kept = f"where it happened is in {place}; `jett --debug …` shows it at once"
    except OSError:
        kept = "`jett --debug …` shows where it happened"
    with suppress(OSError):  # a closed terminal
        sys.stderr.write(f"error: Jett made a mistake ({type(error).__name__}); {kept}\n")
    return 1


def _places(error: BaseException) -> str:
    """Names and lines of code only: a message could carry what somebody said."""
    inner = first_failure(error)
    return f"{type(inner).__name__}\n" + "".join(traceback.format_tb(inner.__traceback__))
