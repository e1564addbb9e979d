"""What the dashboard's pages about the policy and about privacy say, from the user's settings and the system."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

import platformdirs

from jett.app.history import history_file, recordings_folder
from jett.app.needs import store
from jett.app.record import audit_folder
from jett.app.servers import policy_path
from jett.app.sockets import OpenSocket, open_sockets
from jett.app.voice_identity import voices_folder
from jett.app.voices import voice_cache_path
from jett.core.errors import PolicyError
from jett.guard import Policy, load_policy, redact
from jett.server.rest.shapes.privacy import PrivacyPage, Socket
from jett.server.rest.shapes.settings import PolicyText
from jett.settings import Settings

OtherJetts = Callable[[], Iterable[tuple[int, bool]]]
"""Processes of the user's that are Jett as well, and whether each may fetch models."""
_LONGEST_CHARS = 200_000


def policy_page(settings: Settings, in_force: Policy) -> PolicyText:
    """The file as it is now, without what looks like a secret, and whether it is what counts."""
    path = policy_path(settings)
    try:
        text = path.read_text(encoding="utf-8", errors="replace")[:_LONGEST_CHARS]
    except FileNotFoundError:
        trouble = "there is no policy, so nothing is allowed; copy examples/policy.toml there"
        return PolicyText(path=str(path), text="", trouble=trouble)
    except OSError as error:
        return PolicyText(path=str(path), text="", trouble=f"it cannot be read ({error.strerror}); correct its mode")
    try:
        trouble = (
            ""
            if load_policy(path) == in_force
            else "it was changed a moment ago; it is in force once it has stood still for a second"
        )
    except PolicyError as error:
        trouble = redact(str(error))
    return PolicyText(path=str(path), text=redact(text), trouble=trouble)


def privacy_page(settings: Settings, others: OtherJetts = tuple) -> PrivacyPage:
    """What is kept, where, and every open socket of this process, its children and other Jetts. Takes its time."""
    found = open_sockets(os.getpid(), settings)
    for pid, fetches in others():
        found += [one for one in open_sockets(pid, settings, fetches=fetches) if one not in found]
    return PrivacyPage(
        keeps_recordings=settings.privacy.keep_recordings,
        keeps_history=settings.history.keep,
        history_days=settings.history.days,
        places={what: str(place) for what, place in _places(settings) if place},
        sockets=[_shape(one) for one in found],
    )


def _places(settings: Settings) -> Iterable[tuple[str, Path | str]]:
    data = platformdirs.user_data_path("jett", appauthor=False)
    yield "settings", settings.path or ""
    yield "policy", policy_path(settings)
    yield "audit log", audit_folder(settings)
    if settings.history.keep:
        yield "history", _server(settings.history.database) or history_file(settings)
    if settings.memory.keep:
        yield "memory", _server(settings.memory.url) or (settings.memory.dir or data) / "memory"
    if settings.speaker.enabled:
        yield "enrolled voices", voices_folder(settings)
    if settings.privacy.keep_recordings:
        yield "recordings", recordings_folder(settings)
    yield "models", store(settings).root
    yield "how fast voices are here", voice_cache_path()


def _server(address: str) -> str:
    """A server's address, without the name that is used there."""
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}" if rest else ""


def _shape(one: OpenSocket) -> Socket:
    return Socket(
        process=f"process {one.pid}",
        protocol=one.kind,
        local=one.local,
        remote=one.remote,
        state=one.status,
        why=redact(one.purpose),
    )
