"""The `jett` command: its options that hold for every command, and the list of commands. Each has its own file."""

from __future__ import annotations

import logging
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from jett.cli import completion, log_text
from jett.cli.failures import DEBUG_VARIABLE, failure_line, report
from jett.cli.help_page import plain
from jett.cli.lazy import Command, Commands, Group
from jett.cli.profile import PROFILE_OPTION
from jett.core.errors import JettError, first_failure
from jett.guard import redact
from jett.settings.keys import CONFIG_VARIABLE, ENV_PREFIX

_JSON = "jett.json"
_COMMANDS: dict[str, Command | Group] = {
    "talk": Command(),
    "serve": Command(),
    "link": Command(),
    "sleep": Command(),
    "ask": Command(),
    "transcribe": Command(),
    "say": Command(),
    "doctor": Command(),
    "devices": Command(),
    "vram": Command(),
    "bench": Command({"allow_extra_args": True, "ignore_unknown_options": True}),
    "models": Group("Examples: jett models list  ·  jett models pull"),
    "ops": Group("Examples: jett ops list  ·  jett ops restart n8n"),
    "wake": Group("Examples: jett wake list  ·  jett wake test call.wav  ·  jett wake meter"),
    "guard": Group('Examples: jett guard check  ·  jett guard explain "restart n8n"'),
    "memory": Group('Examples: jett memory list  ·  jett memory search "my sister"'),
    "voice": Group("Examples: jett voice enroll anna  ·  jett voice test question.wav"),
    "mcp": Group("Examples: jett mcp tools  ·  jett mcp serve --token-file token"),
    "audit": Group("Examples: jett audit tail  ·  jett audit verify"),
    "history": Group("Examples: jett history list  ·  jett history search backup"),
    "token": Group("Examples: jett token create phone --verb list  ·  jett token list"),
    "config": Group("Examples: jett config show  ·  jett config path"),
    "deploy": Group("Example: jett deploy check --public vps.example.org"),
}


class JettCommands(TyperGroup):
    """Turns the errors that Jett raises on purpose into a line and an exit code, for every command alike."""

    def __init__(self, **about: Any) -> None:
        super().__init__(**about)
        self.commands = Commands(_COMMANDS)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        ctx.meta[_JSON] = "--json" in args
        plain(self, ctx, inner=False)
        return super().parse_args(ctx, args)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        command = super().get_command(ctx, cmd_name)
        if command is not None:
            plain(command, ctx)
        return command

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (JettError, ExceptionGroup) as error:
            failure = first_failure(error)
            if not isinstance(failure, JettError):
                raise
            if os.environ.get(DEBUG_VARIABLE):
                sys.stderr.write(redact("".join(traceback.format_exception(failure))))
            report(failure, as_json=ctx.meta[_JSON])
            raise typer.Exit(failure.exit_code) from None
        except TyperException as error:  # a wrong option: typer itself says so on stderr
            if ctx.meta[_JSON]:
                typer.echo(failure_line(error.format_message(), error.exit_code))
            raise


app = typer.Typer(
    cls=JettCommands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Examples: jett talk  ·  jett talk --input question.wav --output reply.wav  ·  jett doctor",
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"jett {metadata.version('jett')}")
        raise typer.Exit


@app.callback()
def jett(
    ctx: typer.Context,
    profile: Annotated[
        str | None,
        typer.Option(
            help="Set of defaults: cpu, gpu-8gb or remote; else the settings or the machine say.",
            metavar="PROFILE",
            autocompletion=completion.profiles,
        ),
    ] = None,
    config_file: Annotated[
        Path | None,
        typer.Option("--config", help="Settings file, instead of the usual one (`jett config path`).", metavar="FILE"),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Log much, and show tracebacks.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """A private voice assistant. Every model runs on your machine; what you say never leaves it."""
    chosen = {
        ENV_PREFIX + "PROFILE": profile,
        CONFIG_VARIABLE: str(config_file) if config_file else None,
        DEBUG_VARIABLE: "1" if debug else None,
    }
    ctx.with_resource(_option(profile))
    ctx.with_resource(_environment({name: value for name, value in chosen.items() if value is not None}))
    log_text.set_up(logging.INFO if debug else logging.ERROR)


@contextmanager
def _option(profile: str | None) -> Iterator[None]:
    """Known to be an option's; it is in the environment too, for whoever reads only that."""
    token = PROFILE_OPTION.set(profile)
    try:
        yield
    finally:
        PROFILE_OPTION.reset(token)


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """Options of `jett` itself are the environment of its commands, and of theirs, for as long as they run."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
