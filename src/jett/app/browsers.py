"""The browsers that are let in, from the user's settings: where they are kept, and a link for another one.

Light, so that `jett link` need not load what it does not use.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import platformdirs

from jett.server.browser_sessions import LOGIN, BrowserSessions
from jett.settings import Settings


def browser_sessions(settings: Settings) -> BrowserSessions:
    """The browsers that are let in; their file is in the user's state folder."""
    folder = Path(platformdirs.user_state_path("jett", appauthor=False))
    return BrowserSessions(folder / "browsers.json", session_days=settings.server.session_days)


def login_link(url: str, sessions: BrowserSessions, at: datetime) -> str:
    """A one-time link. Raises SessionError."""
    return f"{url}{LOGIN}?code={sessions.link(at)}"


def server_url(settings: Settings) -> str:
    """Where a browser finds the server of these settings."""
    scheme = "https" if settings.server.tls_certificate else "http"
    return f"{scheme}://{settings.server.listens_on.netloc}"
