"""`--help` as people know it: a flag takes no value, and an argument is called once, in capitals.

typer says `--json <bool>` and `TEXT <str>`, and breaks lines where the source does; its own options (`--help`, those
of completion) can be reached only from here.
"""

from __future__ import annotations

from typing import Any


def plain(command: Any, ctx: Any, *, inner: bool = True) -> None:
    """Tidy the help of `command`, and of all below it if `inner`. `ctx` knows what `--help` is called."""
    command.help = "\n\n".join(" ".join(part.split()) for part in (command.help or "").split("\n\n"))
    for parameter in [*command.params, command.get_help_option(ctx)]:
        if getattr(parameter, "is_flag", False):
            parameter.metavar = ""
        elif parameter.param_type_name == "argument":
            parameter.display_type_rich = _nothing
    for below in getattr(command, "commands", {}).values() if inner else ():
        plain(below, ctx)


def _nothing(ctx: Any) -> str:
    return ""
