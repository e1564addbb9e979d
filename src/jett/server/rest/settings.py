"""Settings on the dashboard: all of them with their limits, and changes of those that are open to a browser.

Which are, and what a change is checked against, is the port's to know; here is the way in and out. A token neither
reads nor changes them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from fastapi import APIRouter

from jett.guard import Identity
from jett.server.refusal import Refusal, wait_for
from jett.server.rest.failures import Person, failures
from jett.server.rest.shapes.settings import ChangeSettings, Settings, SettingsChanged
from jett.server.window import Window

MOST_CHANGES = 30
"""A minute; each is a line of the record."""


class SettingsPort(Protocol):
    """The user's settings file. Both raise Refusal."""

    async def read(self) -> Settings:
        """All settings, as the file has them now."""

    async def change(self, values: Mapping[str, Any], identity: Identity) -> SettingsChanged:
        """All of these or none; None takes a key back to its default. Raises AuditError where it is not on record."""


def router(port: SettingsPort, *, now_s: Callable[[], float]) -> APIRouter:
    """`now_s` is monotonic."""
    routes = APIRouter(prefix="/api/settings", tags=["settings"])
    changed = Window(MOST_CHANGES, 60.0, now_s)

    @routes.get("", operation_id="getSettings", responses=failures(409))
    async def read(_: Person) -> Settings:
        """Every setting, in the order of the file."""
        return await port.read()

    @routes.patch("", operation_id="changeSettings", responses=failures(409))
    async def change(visitor: Person, asked: ChangeSettings) -> SettingsChanged:
        """All of the values or none."""
        if not changed.admits():
            raise wait_for(429, f"settings are changed at most {MOST_CHANGES} times a minute", "wait a minute", 60)
        if not all(_is_plain(value) for value in asked.values.values()):
            raise Refusal(422, "a value is of no kind that a setting has", "send what GET /api/settings shows")
        return await port.change(asked.values, visitor)

    return routes


def _is_plain(value: Any) -> bool:
    """None, or what TOML writes in one line: true, a number, a text, a list of texts."""
    if isinstance(value, list):
        return all(isinstance(one, str) for one in value)
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or (isinstance(value, bool | str | int) and (not isinstance(value, int) or abs(value) < 2**53))
