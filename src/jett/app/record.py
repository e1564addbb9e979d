"""The audit log of the user's settings, and the places that know its newest record: for `servers` and `jett audit`."""

from __future__ import annotations

from pathlib import Path

import platformdirs

from jett.core.errors import ConfigError
from jett.guard import Anchor, AuditLog, FileAnchor
from jett.settings import Settings


def audit_log(settings: Settings) -> AuditLog:
    """The log and its anchors, which lie elsewhere. Raises ConfigError. Whoever wrote to it closes it."""
    folder = audit_folder(settings)
    file = settings.ops.anchor or platformdirs.user_data_path("jett", appauthor=False) / "audit-anchor.json"
    anchors: list[Anchor] = [FileAnchor(file)]
    if settings.ops.anchor_database:
        anchors.append(_database(settings))
    return AuditLog(folder, anchors=anchors)


def audit_folder(settings: Settings) -> Path:
    """Where the log is."""
    return settings.ops.audit_dir or platformdirs.user_state_path("jett", appauthor=False) / "audit"


def _database(settings: Settings) -> Anchor:
    from jett.ops.postgres_anchor import PostgresAnchor
    from jett.ops.postgres_table import parse_place
    from jett.ops.secret_file import read_secret

    file = settings.ops.anchor_password_file
    if file is None:
        raise ConfigError(
            "ops: anchor_database is set, ops.anchor_password_file is not; name the file with the role's password"
        )

    def read_password() -> str:
        try:
            lines = read_secret(file, "ops.anchor_password_file").splitlines()
        except OSError as error:
            raise OSError(f"the password's file {error}") from None
        return lines[0].strip() if lines else ""

    return PostgresAnchor(parse_place(settings.ops.anchor_database), read_password)
