"""Where a PostgreSQL is, as a setting says it, and how private the way there must be. Connects to nothing.

Read by `ops.postgres_table` for the audit log's anchor, and by `history`.
"""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from jett.core.errors import ConfigError

PORT = 5432
_SHAPE = "postgresql://USER@HOST:PORT/DATABASE, with ?sslmode=require or ?sslmode=verify-full if you like"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the database is, and as whom. `sslmode` as libpq has it: empty, require or verify-full."""

    user: str
    host: str
    port: int
    database: str
    sslmode: str = ""

    def __str__(self) -> str:
        return f"{self.host}:{self.port}/{self.database}"

    def tls(self) -> ssl.SSLContext | bool:
        """What pg8000 takes as `ssl_context`."""
        if not self.sslmode:
            return False
        context = ssl.create_default_context()
        if (
            self.sslmode == "require"
        ):  # encrypted, whoever it is, as libpq means it; SCRAM still proves that it knows the password
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def parse_place(address: str, setting: str, password_setting: str) -> Place:
    """The place of an address. Raises ConfigError; a password is refused and not repeated.

    `setting` and `password_setting` are `section.name`. Outside loopback and private addresses the connection must be
    encrypted: only a tunnel makes plain text private.
    """
    section, _, name = setting.partition(".")
    try:
        parts = urlsplit(address)
        port, host = parts.port or PORT, parts.hostname
    except ValueError:
        parts, port, host = urlsplit(""), 0, None
    if parts.password is not None:
        raise ConfigError(f"{section}: {name} has a password in it; put it into a file: {password_setting}")
    database = parts.path.removeprefix("/")
    sslmode = parts.query.removeprefix("sslmode=") if parts.query else ""
    well = parts.scheme in ("postgresql", "postgres") and parts.username and host and database and not parts.fragment
    if not (well and "/" not in database and sslmode in ("", "require", "verify-full")):
        raise ConfigError(f"{section}: {name} is not understood, need {_SHAPE}")
    if not sslmode and not _is_private(str(host)):
        raise ConfigError(
            f"{section}: {name} names '{host}', which is neither this machine nor a private address; "
            "use the tunnel's address, or add ?sslmode=require"
        )
    return Place(unquote(str(parts.username)), str(host), port, unquote(database), sslmode)


def _is_private(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:  # a name may become any address
        return False
    return address.is_private or address.is_loopback
