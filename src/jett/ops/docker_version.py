"""Which version of Docker's API is spoken with an engine: the newest that both know. Pure; `docker_engine` asks.

Between OLDEST and NEWEST nothing that Jett sends or reads has changed, by the engine's own list:
https://docs.docker.com/reference/api/engine/version-history/.
Docker 20.10, Debian 12's, knows 1.41 at most; Docker 29 nothing older than 1.44; so no single version does for both.
"""

from __future__ import annotations

import json
import re

from jett.core.errors import OperationError

OLDEST, NEWEST = 41, 51
"""Of 1.x. The socket proxy's patterns permit these and no others (deploy/compose.yaml)."""
SPOKEN = f"1.{OLDEST} to 1.{NEWEST}"
PING = "/_ping"
"""The one path without a version; its answer says the newest that the engine knows."""
_VERSION = re.compile(r"1\.(\d{1,3})")


class OtherVersion(OperationError):
    """The engine refused the version before it looked at what was asked: it was replaced by another since the ping."""


def api_of(header: str | None) -> str:
    """The beginning of each path, such as `/v1.41`, for an engine that names its newest so. Raises OperationError."""
    named = _VERSION.fullmatch(header or "")
    if named is None:
        raise OperationError("docker: /_ping: the answer names no version of the API; is this an engine?")
    newest = int(named[1])
    if newest < OLDEST:
        raise OperationError(
            f"docker: the engine speaks the API up to 1.{newest}, need 1.{OLDEST}; update it to Docker 20.10 or newer"
        )
    return f"/v1.{min(newest, NEWEST)}"


def refuses_version(status: int, content: bytes) -> bool:
    """Whether an answer is the engine's "client version 1.41 is too old" (or "too new")."""
    if status != 400:
        return False
    try:
        told = json.loads(content)["message"]
    except (ValueError, KeyError, TypeError):
        return False
    return isinstance(told, str) and told.startswith("client version ")
