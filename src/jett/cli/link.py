"""`jett link`: a one-time link that lets one more browser into the dashboard; or sign all of them out."""

from __future__ import annotations

import json
import socket
from typing import Annotated

import typer

from jett.app.browsers import browser_sessions, login_link, server_url
from jett.cli.browser import open_browser
from jett.cli.loading import progress, user_settings, warn
from jett.ops.operations import now
from jett.settings import Settings

EPILOG = "Examples: jett link  ·  jett link --open  ·  jett link --sign-out-all"
_ANSWERS_WITHIN_S = 2.0


def link(
    open_it: Annotated[bool, typer.Option("--open", help="Open it in a browser of this machine.")] = False,
    sign_out_all: Annotated[
        bool, typer.Option("--sign-out-all", help="End every browser's session and void every link.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON for scripts.")] = False,
) -> None:
    """Print a link to the dashboard of `jett serve`: good once, for ten minutes."""
    settings = user_settings()
    sessions = browser_sessions(settings)
    if sign_out_all:
        count = sessions.leave_all(now())
        typer.echo(json.dumps({"signed_out": count}) if as_json else f"signed out: {count}")
        return
    made = login_link(server_url(settings), sessions, now())
    typer.echo(json.dumps({"link": made}) if as_json else made)
    if not _answers(settings):
        where = settings.server.listens_on.netloc
        warn(f"nothing answers at {where}; the link is good once this runs, for ten minutes: jett serve")
    if open_it and not open_browser(made, wanted=True):
        progress("link: no browser could be opened here; open the address above yourself")


def _answers(settings: Settings) -> bool:
    """Whether anybody listens where the link leads."""
    address = settings.server.listens_on
    try:
        with socket.create_connection((address.host, address.port), timeout=_ANSWERS_WITHIN_S):
            return True
    except OSError:
        return False
