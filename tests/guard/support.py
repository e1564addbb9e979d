"""A policy, some people and a clock for the guard's tests; how many cases the properties try."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings

from jett.guard import AuditLog, Gate, Identity, Kind, Scope, Verb, parse_policy

START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

OWNER = Identity(Kind.VOICE, "owner")
DESK = Identity(Kind.DASHBOARD, "desk")
SHELL = Identity(Kind.TERMINAL, "shell")
PHONE = Identity(Kind.TOKEN, "phone", Scope(frozenset({Verb.LIST, Verb.STATUS, Verb.RESTART}), frozenset({"n8n"})))

LIVE = frozenset({"n8n", "postgres", "socket-proxy", "portainer"})

POLICY_TEXT = """
version = 1
place = "on the VPS"

[containers.n8n]
actions = ["status", "logs", "stats", "start", "stop", "restart"]
[containers.postgres]
actions = ["status", "logs"]
[containers.qdrant]
actions = ["status", "restart"]
[containers.socket-proxy]
actions = ["status", "restart"]
status_only = true

[workflows.backup]
[workflows.backup.arguments.database]
type = "enum"
values = ["n8n", "postgres"]
[workflows.backup.arguments.keep_days]
type = "int"
minimum = 1
maximum = 30
required = false
[workflows.ping]

[tools.home.get_state]
definition = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
description = "How a room is."
[tools.home.get_state.arguments.room]
type = "string"
max_chars = 20
[tools.home.setLight]
definition = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
changes = true
[tools.home.setLight.arguments.isOn]
type = "bool"


[identities.voice]
verbs = ["list", "status", "logs", "stats", "start", "stop", "restart", "run_workflow", "read_tool", "change_tool"]
[identities.dashboard]
verbs = ["list", "status", "restart"]
containers = ["n8n", "postgres"]
[identities.token]
verbs = ["list", "status", "restart", "announce", "read_tool"]
tools = ["home.get_state"]
[tokens.guest]
verbs = ["status"]
containers = ["n8n"]
"""
POLICY = parse_policy(POLICY_TEXT)

CASES = int(os.environ.get("JETT_GUARD_CASES", "0"))


def cases(modest: int, share: float = 1.0) -> Callable[[Any], Any]:
    """Cases of one property: `modest`, or its share of JETT_GUARD_CASES."""
    return settings(
        max_examples=max(modest, int(CASES * share)),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
    )


def at(seconds: float) -> datetime:
    """So many seconds after the start of the test."""
    return START + timedelta(seconds=seconds)


def gate(folder: Path, text: str = POLICY_TEXT) -> Gate:
    """A gate whose log is in the folder."""
    return Gate(parse_policy(text), AuditLog(folder))
