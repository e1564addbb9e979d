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

from jett.cli import (
    ask,
    audit,
    bench,
    completion,
    config,
    deploy,
    devices,
    doctor,
    guard,
    history,
    link,
    log_text,
    mcp,
    memory,
    models,
    ops,
    say,
    serve,
    talk,
    token,
    transcribe,
    vram,
)
from jett.cli.failures import DEBUG_VARIABLE, failure_line, report
from jett.cli.help_page import plain
from jett.cli.loading import PROFILE_OPTION
from jett.core.errors import JettError, first_failure
from jett.guard import redact
from jett.settings.keys import CONFIG_VARIABLE, ENV_PREFIX

_JSON = "jett.json"


class JettCommands(TyperGroup):
    """Turns the errors that Jett raises on purpose into a line and an exit code, for every command alike."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        ctx.meta[_JSON] = "--json" in args
        plain(self, ctx)
        return super().parse_args(ctx, args)

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

app.command(epilog=talk.EPILOG)(talk.talk)
app.command(epilog=serve.EPILOG)(serve.serve)
app.command(epilog=link.EPILOG)(link.link)
app.command(epilog=ask.EPILOG)(ask.ask)
app.command(epilog=transcribe.EPILOG)(transcribe.transcribe)
app.command(epilog=say.EPILOG)(say.say)
app.command(epilog=doctor.EPILOG)(doctor.doctor)
app.command(epilog="Examples: jett devices  ·  jett devices --json")(devices.devices)
app.command(epilog=vram.EPILOG)(vram.vram)
app.command(epilog=bench.EPILOG, context_settings=bench.CONTEXT)(bench.bench)
app.add_typer(models.app, name="models", epilog="Examples: jett models list  ·  jett models pull")
app.add_typer(ops.app, name="ops", epilog="Examples: jett ops list  ·  jett ops restart n8n")
app.add_typer(guard.app, name="guard", epilog='Examples: jett guard check  ·  jett guard explain "restart n8n"')
app.add_typer(memory.app, name="memory", epilog='Examples: jett memory list  ·  jett memory search "my sister"')
app.add_typer(mcp.app, name="mcp", epilog="Examples: jett mcp tools  ·  jett mcp serve --token-file token")
app.add_typer(audit.app, name="audit", epilog="Examples: jett audit tail  ·  jett audit verify")
app.add_typer(history.app, name="history", epilog="Examples: jett history list  ·  jett history search backup")
app.add_typer(token.app, name="token", epilog="Examples: jett token create phone --verb list  ·  jett token list")
app.add_typer(config.app, name="config", epilog="Examples: jett config show  ·  jett config path")
app.add_typer(deploy.app, name="deploy", epilog="Example: jett deploy check --public vps.example.org")


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
