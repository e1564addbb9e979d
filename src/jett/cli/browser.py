"""Opens a link in the desktop's browser, without showing it to other users of the machine.

A command line can be read by everybody (`ps`), so the browser is given a file of this user's that goes on to the link.
"""

from __future__ import annotations

import html
import os
import sys
import webbrowser
from pathlib import Path

from jett.cli.running import runtime_folder

_PAGE = """<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url={link}"><title>Jett</title><a href="{link}">Jett</a>
"""


def open_browser(link: str, *, wanted: bool | None) -> bool:
    """Whether a browser was told to open it. `wanted` None: only where there is a desktop to show it on."""
    if wanted is False or (wanted is None and not _has_desktop()):
        return False
    page = _page(link)
    try:
        return webbrowser.open(page.as_uri())
    except webbrowser.Error:
        return False


def _has_desktop() -> bool:
    if not sys.stderr.isatty() or os.environ.get("SSH_CONNECTION"):
        return False
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _page(link: str) -> Path:
    folder = runtime_folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    page = folder / "open.html"
    page.unlink(missing_ok=True)
    handle = os.open(page, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(_PAGE.format(link=html.escape(link)))
    return page
