"""docs/commands.md, printed from the commands themselves: `python -m jett.cli.reference > docs/commands.md`.

A test compares the page with this, so that no command or option is left undocumented.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import typer.main

from jett.cli import failures
from jett.cli.commands import app

_INTRODUCTION = """# Commands

<!-- Made by `python -m jett.cli.reference`; do not edit. -->

`jett COMMAND --help` says the same in the terminal; `jett --install-completion` teaches the shell to complete it.
`python -m jett` is the same as `jett`. Results go to stdout, progress and errors to stderr. A command that fails with
`--json` also prints `{"error": "…", "exit_code": n}`, in place of the result or after the lines that were done.

"""


def markdown() -> str:
    """The whole page."""
    root = typer.main.get_command(app)
    exit_codes = (failures.__doc__ or "").partition("\n\n")[2].strip()
    sections = [text for name, command in _walk("jett", root) for text in _section(name, command)]
    return _INTRODUCTION + exit_codes + "\n\n" + "\n".join(sections)


def _walk(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    """Every command with its full name, a group before its own."""
    yield name, command
    for part, inner in getattr(command, "commands", {}).items():
        yield from _walk(f"{name} {part}", inner)


def _section(name: str, command: Any) -> Iterator[str]:
    level = "##" if len(name.split()) <= 2 else "###"
    yield f"{level} {name}\n"
    yield "\n\n".join(" ".join(part.split()) for part in (command.help or "").split("\n\n")) + "\n"
    rows = [_row(parameter) for parameter in command.params if not parameter.hidden]
    if rows:
        yield "| option | default | meaning |\n|---|---|---|"
        yield "\n".join(rows) + "\n"
    if command.epilog:
        yield _examples(command.epilog)


def _row(parameter: Any) -> str:
    is_option = parameter.param_type_name == "option"
    more = "" if is_option or parameter.nargs == 1 else "..."
    names = parameter.opts if is_option else [(parameter.metavar or parameter.name.upper()) + more]
    default = parameter.default
    shown = "" if default in (None, False, (), "") or callable(default) else f"`{default}`"
    words = ", ".join(f"`{name}`" for name in names)
    return f"| {words} | {shown} | {' '.join((parameter.help or '').split())} |"


def _examples(epilog: str) -> str:
    commands = epilog.removeprefix("Examples: ").removeprefix("Example: ")
    for mark in ("  ·  ", "; "):
        commands = commands.replace(mark, "\n")
    return f"```\n{commands}\n```\n"


if __name__ == "__main__":
    sys.stdout.buffer.write(markdown().encode())
