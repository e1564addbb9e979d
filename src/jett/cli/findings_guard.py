"""What `jett doctor` says of the guard's files: the policy, and the record with the room it has. Looks, never mends."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from jett.app.record import audit_folder
from jett.app.servers import policy_path
from jett.cli.findings import Finding
from jett.core.errors import PolicyError
from jett.guard import load_policy
from jett.settings import Settings

LEAST_FREE_BYTES = 2**30
LARGEST_LOG_BYTES = 2**30


def guard(settings: Settings) -> Iterator[Finding]:
    """Neither keeps Jett from talking, so none of them stops it; a warning has a fix."""
    yield _policy(policy_path(settings))
    yield _record(audit_folder(settings))


def _policy(path: Path) -> Finding:
    if not path.exists():
        return Finding("guard", "policy", f"{path} is not there, so nothing may be done on servers")
    try:
        load_policy(path)
    except PolicyError as error:
        what = f"{error}; nothing of the file is in force, a Jett that runs keeps what it read before"
        return Finding("guard", "policy", what, fix="correct the policy, then: jett guard check")
    return Finding("guard", "policy", str(path))


def _record(folder: Path) -> Finding:
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        free_bytes = shutil.disk_usage(place).free
        log_bytes = sum(path.stat().st_size for path in folder.glob("audit-*"))
    except OSError as error:
        fix = "correct ops.audit_dir, or its mode"
        return Finding("guard", "record", f"{folder} cannot be looked at ({error.strerror})", fix=fix)
    told = f"{_gib(log_bytes)} at {folder}, {_gib(free_bytes)} free"
    if free_bytes < LEAST_FREE_BYTES:
        told = f"{told}, need {_gib(LEAST_FREE_BYTES)}: on a full disk nothing is done on servers"
        return Finding("guard", "record", told, fix=f"make room on the disk of {place}")
    if log_bytes > LARGEST_LOG_BYTES:
        told = f"{told}; more than {_gib(LARGEST_LOG_BYTES)}, and nothing deletes it by itself"
        return Finding(
            "guard", "record", told, fix="see who fills it with jett audit tail; docs/failures.md begins a new one"
        )
    return Finding("guard", "record", told)


def _gib(n_bytes: int) -> str:
    return f"{n_bytes / 2**30:.1f} GiB"
