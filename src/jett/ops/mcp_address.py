"""Where an MCP server is: a command of this machine, or an address. From the settings, by `app`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class McpAddress:
    """Either `command` with the names of variables it may see, or `url` with the file of its token."""

    name: str
    command: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    url: str = ""
    token_file: Path | None = None
    timeout_s: float = 10.0
