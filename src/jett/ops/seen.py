"""What can be seen of a container, out of the engine's JSON. Pure; called by `docker_engine`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from jett.ops.plain_text import plain

Health = Literal["healthy", "unhealthy", "starting", "none"]

_FRACTION = re.compile(r"\.(\d{1,6})\d*")
_ENDED = re.compile(r"(?:Exited|Restarting) \((-?\d{1,10})\)")
_HEALTHS: tuple[Health, ...] = ("healthy", "unhealthy", "starting")
_NEVER_YEAR = 1
"""Docker writes year 1 for what has not happened."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One container as the engine tells of it. `state`: running, exited, restarting, paused, created, dead."""

    name: str
    state: str
    health: Health = "none"
    """`none` where the container has no health check."""
    started_at: datetime | None = None
    exit_code: int | None = None
    memory_limit_bytes: int = 0

    @property
    def running(self) -> bool:
        """Whether it runs; a container that restarts again and again does not."""
        return self.state == "running"

    @property
    def well(self) -> bool:
        """Running, and healthy if anybody checks."""
        return self.running and self.health in ("healthy", "none")


@dataclass(frozen=True, slots=True)
class Usage:
    """What a container takes now. `cpu_percent` is of one core, so two busy cores are 200."""

    cpu_percent: float
    memory_bytes: int
    memory_limit_bytes: int


def seen_in_list(entry: Mapping[str, Any]) -> Seen:
    """From an entry of `GET /containers/json`, whose health and exit code stand in a text.

    Such as "Up 2 hours (healthy)", "Exited (1) 3 hours ago".
    """
    status = str(entry.get("Status", ""))
    health: Health = next(
        (known for known in _HEALTHS if f"({known})" in status or f"(health: {known})" in status), "none"
    )
    name = _plain_name((entry.get("Names") or [""])[0])
    ended = _ENDED.match(status)
    return Seen(name, str(entry.get("State", "unknown")), health, exit_code=int(ended[1]) if ended else None)


def seen_in_inspection(entry: Mapping[str, Any]) -> Seen:
    """From `GET /containers/{name}/json`."""
    state = entry.get("State") or {}
    status = (state.get("Health") or {}).get("Status", "none")
    return Seen(
        _plain_name(entry.get("Name", "")),
        str(state.get("Status", "unknown")),
        status if status in _HEALTHS else "none",
        _time(state.get("StartedAt")),
        state.get("ExitCode"),
        int((entry.get("HostConfig") or {}).get("Memory") or 0),
    )


def usage_of(entry: Mapping[str, Any]) -> Usage:
    """From `GET /containers/{name}/stats?stream=false`, by the formulas of Docker's API reference."""
    now, before = entry.get("cpu_stats") or {}, entry.get("precpu_stats") or {}
    used = _total(now) - _total(before)
    system = int(now.get("system_cpu_usage") or 0) - int(before.get("system_cpu_usage") or 0)
    cores = int(now.get("online_cpus") or 1)
    memory = entry.get("memory_stats") or {}
    kept = memory.get("stats") or {}
    cache = int(kept.get("inactive_file") or kept.get("total_inactive_file") or 0)
    return Usage(
        round(100 * cores * used / system, 1) if system > 0 and used > 0 else 0.0,
        max(0, int(memory.get("usage") or 0) - cache),
        int(memory.get("limit") or 0),
    )


def tells_usage(entry: Mapping[str, Any]) -> bool:
    """Whether an entry of `…/stats?stream=true` says something: the first has nothing to compare with, and of a
    container that has ended there is nothing.
    """
    before = entry.get("precpu_stats") or {}
    return bool(before.get("system_cpu_usage")) and "usage" in (entry.get("memory_stats") or {})


def log_text(raw: bytes) -> str:
    """The lines of `GET /containers/{name}/logs`, as plain text."""
    return plain(_unframed(raw))


def _unframed(raw: bytes) -> str:
    """Without the 8-byte headers that a container without a TTY has."""
    if raw[:1] not in (b"\x00", b"\x01", b"\x02") or raw[1:4] != b"\x00\x00\x00":
        return raw.decode("utf-8", "replace")
    parts: list[bytes] = []
    while len(raw) >= 8:
        size = int.from_bytes(raw[4:8], "big")
        parts.append(raw[8 : 8 + size])
        raw = raw[8 + size :]
    return b"".join(parts).decode("utf-8", "replace")


def _total(cpu: Mapping[str, Any]) -> int:
    return int((cpu.get("cpu_usage") or {}).get("total_usage") or 0)


def _plain_name(name: str) -> str:
    return name.removeprefix("/")


def _time(text: str | None) -> datetime | None:
    """RFC 3339 with nanoseconds, as Go writes it."""
    try:
        at = datetime.fromisoformat(_FRACTION.sub(r".\1", text or "").replace("Z", "+00:00"))
    except ValueError:
        return None
    return at if at.year > _NEVER_YEAR else None
